import { expect, it } from "vitest";
import type { Manifest } from "./manifest.ts";
import { geometryOf, pixelWriter } from "./pixels.ts";

const input: Manifest["input"] = {
  side: 2,
  fit: "shortest-edge",
  resizeTo: 3,
  filter: "bicubic",
  mean: [0, 100, 200],
  deviation: [1, 10, 100],
};

it("pixels become planes of normalised values, picture after picture", () => {
  const levels = Uint8Array.of(0, 100, 200, 1, 110, 255, 2, 90, 0, 255, 0, 100);
  const picture = { data: levels, width: 2, height: 2 };
  const tensor = pixelWriter(input)([picture, { ...picture, data: new Uint8Array(12) }]);
  expect(tensor.dims).toEqual([2, 3, 2, 2]);
  expect([...(tensor.data as Float32Array)]).toEqual(
    [
      // red: level; green: (level − 100) / 10; blue: (level − 200) / 100
      [0, 1, 2, 255, 0, 1, -1, -10, 0, 0.55, -2, -1],
      [0, 0, 0, 0, -10, -10, -10, -10, -2, -2, -2, -2],
    ]
      .flat()
      .map(Math.fround),
  );
});

it("the geometry leaves the normalisation out", () => {
  expect(geometryOf(input)).toEqual({ side: 2, fit: "shortest-edge", resizeTo: 3, filter: "bicubic" });
});
