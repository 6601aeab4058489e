import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "exifreader";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planDemo } from "../../demo/plan.ts";
import { DEMO_SEED, drawDemo, writeDemo } from "./sharp.ts";
import type { DemoImage } from "./sharp.ts";

const plan = planDemo(DEMO_SEED);
let parent: string;
let names: string[];
const images = new Map<string, DemoImage>();
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "albumen-demo-"));
  names = await writeDemo(join(parent, "demo"));
  for await (const image of drawDemo()) images.set(image.name, image);
});
afterAll(() => rm(parent, { recursive: true, force: true }));

describe("the whole demo", () => {
  it("writes every planned file, with the bytes that drawing again gives", async () => {
    expect(names).toEqual(plan.map((file) => file.name));
    for (const name of names) {
      const written = await readFile(join(parent, "demo", name));
      expect(written.equals(images.get(name)!.bytes), name).toBe(true);
    }
  });

  it("decodes but for the two files that are broken on purpose", async () => {
    const broken: string[] = [];
    for (const { name, bytes } of images.values())
      await sharp(bytes)
        .raw()
        .toBuffer()
        .catch(() => broken.push(name));
    expect(broken).toEqual(plan.filter((file) => !("kind" in file)).map((file) => file.name));
  });

  it("has the sizes, dates and orientations that were planned", async () => {
    for (const file of plan) {
      if (file.content !== "picture") continue;
      const { bytes } = images.get(file.name)!;
      const { format, orientation, autoOrient } = await sharp(bytes).metadata();
      expect(format).toBe(file.encoding.format);
      expect(orientation ?? 1, file.name).toBe(file.encoding.isSideways ? 6 : 1);
      const drawn = file.draw();
      if (file.encoding.longestSide === null)
        expect([autoOrient.width, autoOrient.height]).toEqual([drawn.width, drawn.height]);
      else expect(Math.max(autoOrient.width, autoOrient.height)).toBe(file.encoding.longestSide);
      const taken = file.encoding.takenAt === null ? undefined : load(Uint8Array.from(bytes).buffer);
      if (taken) expect(taken["DateTimeOriginal"]?.description, file.name).toBe(file.encoding.takenAt);
    }
  });
});
