import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { acceptedNamesOrSkip, packOrSkip } from "./packs.ts";
import type { PackName } from "./packs.ts";
import { titleOf, valueOf } from "./skip.ts";

/** pictures, true groups, broad groups and captions, as the packs' own description gives them */
const EXPECTED: Readonly<Record<PackName, readonly [number, number, number, number]>> = {
  heap: [681, 29, 0, 0],
  caltech_a: [1530, 51, 0, 0],
  dreambooth: [158, 30, 15, 0],
  tinyval2000: [2000, 200, 0, 0],
  flickr8k300: [300, 0, 0, 1500],
};

for (const [name, expected] of Object.entries(EXPECTED) as [PackName, (typeof EXPECTED)[PackName]][]) {
  const pack = await packOrSkip(name);
  describe.skipIf(!pack.isAvailable)(titleOf(`the pack ${name}`, pack), () => {
    it("holds as many pictures, groups and captions as its description says", () => {
      const { images } = valueOf(pack);
      const distinct = (values: readonly (string | null)[]) => new Set(values.filter((v) => v !== null)).size;
      expect([
        images.length,
        distinct(images.map((image) => image.label)),
        distinct(images.map((image) => image.broadLabel)),
        images.flatMap((image) => image.captions).length,
      ]).toEqual(expected);
    });

    it("has every picture on disk", () => {
      expect(valueOf(pack).images.filter((image) => !existsSync(image.path))).toEqual([]);
    });

    it("is found where it was unpacked the first time", async () => {
      expect(valueOf(await packOrSkip(name)).dir).toBe(valueOf(pack).dir);
    });
  });
}

const names = await acceptedNamesOrSkip();
const caltech = await packOrSkip("caltech_a");
describe.skipIf(!names.isAvailable || !caltech.isAvailable)(titleOf("accepted names", names, caltech), () => {
  it("exist for every true folder of caltech_a", () => {
    const accepted = valueOf(names)["caltech_a"]!;
    const labels = new Set(valueOf(caltech).images.map((image) => image.label!));
    expect([...labels].filter((label) => !accepted[label]?.length)).toEqual([]);
  });
});
