import { expect, it } from "vitest";
import type { Manifest } from "./manifest.ts";
import { createPixelLender, geometryOf } from "./pixels.ts";

const input: Manifest["input"] = {
  side: 2,
  fit: "shortest-edge",
  resizeTo: 3,
  filter: "bicubic",
  mean: [0, 100, 200],
  deviation: [1, 10, 100],
};

const levels = Uint8Array.of(0, 100, 200, 1, 110, 255, 2, 90, 0, 255, 0, 100);
const picture = { data: levels, width: 2, height: 2 };
const black = { ...picture, data: new Uint8Array(12) };
// red: level; green: (level − 100) / 10; blue: (level − 200) / 100
const PICTURE = [0, 1, 2, 255, 0, 1, -1, -10, 0, 0.55, -2, -1];
const BLACK = [0, 0, 0, 0, -10, -10, -10, -10, -2, -2, -2, -2];
const rounded = (...rows: number[][]) => rows.flat().map(Math.fround);

it("pixels become planes of normalised values, picture after picture", async () => {
  await createPixelLender(input)([picture, black], async (pixels) => {
    expect(pixels.dims).toEqual([2, 3, 2, 2]);
    expect([...(pixels.data as Float32Array)]).toEqual(rounded(PICTURE, BLACK));
  });
});

it("memory is used again, but never by two calls at once", async () => {
  const lend = createPixelLender(input);
  const seen = async (images: (typeof picture)[], wait: Promise<void>) =>
    lend(images, async ({ data, dims }) => {
      await wait;
      return { values: [...(data as Float32Array)], memory: (data as Float32Array).buffer, dims };
    });
  const large = await seen([black, black], Promise.resolve());
  let release = () => {};
  const first = seen([picture], new Promise((resolve) => (release = resolve)));
  const second = await seen([black], Promise.resolve());
  release();
  expect((await first).values).toEqual(rounded(PICTURE));
  expect((await first).dims).toEqual([1, 3, 2, 2]);
  expect(second.values).toEqual(rounded(BLACK));
  expect((await first).memory).toBe(large.memory);
  expect(second.memory).not.toBe(large.memory);
});

it("memory comes back when its use fails", async () => {
  const lend = createPixelLender(input);
  const failed = lend([picture], () => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  await lend([black], async ({ data }) => expect([...(data as Float32Array)]).toEqual(rounded(BLACK)));
});

it("the geometry leaves the normalisation out", () => {
  expect(geometryOf(input)).toEqual({ side: 2, fit: "shortest-edge", resizeTo: 3, filter: "bicubic" });
});
