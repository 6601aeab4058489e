import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { createMemoryBlobStore } from "../blob-store/memory.ts";
import { makeAtlas, makePreviews } from "./sharp.ts";

const call = () => ({ signal: new AbortController().signal });

/** One plain thumbnail a colour; the key says which. */
async function thumbnails(colors: Readonly<Record<string, string>>) {
  const store = createMemoryBlobStore();
  for (const [key, background] of Object.entries(colors)) {
    const picture = sharp({ create: { width: 256, height: 128, channels: 3, background } });
    await store.put(key, await picture.webp().toBuffer());
  }
  return store;
}

async function pixelAt(dataUri: string, left: number, top: number): Promise<number[]> {
  const { data, info } = await sharp(Buffer.from(dataUri.split(",")[1]!, "base64"))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (top * info.width + left) * info.channels;
  return [...data.subarray(at, at + 3)];
}

describe("makeAtlas", () => {
  it("puts tile i at column i mod columns, and leaves a missing thumbnail grey", async () => {
    const store = await thumbnails({ red0: "#f00", blue: "#00f" });
    const keys = Array.from({ length: 50 }, (_, i) =>
      i === 43 ? "blue" : i === 44 ? "gone" : i === 45 ? null : "red0",
    );
    const atlas = (await makeAtlas(keys, store, { budgetBytes: 1e6 }, call()))!;
    expect(atlas).toMatchObject({ tilePx: 48, columns: 42, rowsPerSheet: 42 });
    const at = (i: number) => pixelAt(atlas.sheets[0]!, (i % 42) * 48 + 24, Math.floor(i / 42) * 48 + 24);
    const [red, blue, gone, absent] = await Promise.all([at(42), at(43), at(44), at(45)]);
    expect(red[0]! - red[2]!).toBeGreaterThan(180);
    expect(blue[2]! - blue[0]!).toBeGreaterThan(180);
    for (const grey of [gone, absent])
      expect(Math.max(...grey.map((value) => Math.abs(value - 128)))).toBeLessThan(12);
  });

  it("takes smaller tiles, then none, as the budget shrinks", async () => {
    const store = await thumbnails({ red0: "#f00" });
    const keys = Array.from({ length: 100 }, () => "red0");
    expect((await makeAtlas(keys, store, { budgetBytes: 70_000 }, call()))!.tilePx).toBe(32);
    expect((await makeAtlas(keys, store, { budgetBytes: 25_000 }, call()))!.tilePx).toBe(16);
    expect(await makeAtlas(keys, store, { budgetBytes: 10_000 }, call())).toBeNull();
    expect(await makeAtlas([], store, { budgetBytes: 10_000 }, call())).toBeNull();
  });

  it("begins a new sheet when one is full", async () => {
    const store = await thumbnails({ red0: "#f00" });
    const keys = Array.from({ length: 42 * 42 + 1 }, () => "red0");
    const atlas = (await makeAtlas(keys, store, { budgetBytes: 3e6 }, call()))!;
    expect(atlas.sheets).toHaveLength(2);
    const last = await sharp(Buffer.from(atlas.sheets[1]!.split(",")[1]!, "base64")).metadata();
    expect([last.width, last.height]).toEqual([42 * 48, 48]);
  });

  it("stops when told to", async () => {
    const store = await thumbnails({ red0: "#f00" });
    await expect(
      makeAtlas(["red0"], store, { budgetBytes: 1e6 }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});

describe("makePreviews", () => {
  it("keeps the first wanted that fit the budget, at most 176 pixels wide", async () => {
    const store = await thumbnails({ red0: "#f00", blue: "#00f" });
    const all = await makePreviews([[7, "red0"], [3, "gone"], [2, "blue"]], store, { budgetBytes: 1e5 }, call()); // prettier-ignore
    expect([...all.keys()]).toEqual([7, 2]);
    const { width, height } = await sharp(Buffer.from(all.get(7)!.split(",")[1]!, "base64")).metadata();
    expect([width, height]).toEqual([176, 88]);
    const one = await makePreviews([[7, "red0"], [2, "blue"]], store, { budgetBytes: all.get(7)!.length }, call()); // prettier-ignore
    expect([...one.keys()]).toEqual([7]);
  });
});
