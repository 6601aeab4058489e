import { expect, it } from "vitest";
import { gramOf } from "../../../test/conformance/gram.ts";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { straysOf } from "./strays.ts";

it("names the one row that resembles no other", async () => {
  const vectors = blobs(3, 12, { dims: 24, spread: 0.25, seed: 2 });
  const odd = blobs(1, 1, { dims: 24, spread: 0, seed: 99 });
  vectors.data.set(odd.data, 7 * 24);
  const strays = straysOf(await gramOf(vectors), new Float64Array(36).fill(1));
  expect([...strays.keys()].filter((i) => strays[i] === 1)).toEqual([7]);
});

it("keeps a set whole in which everything is equally far from everything", () => {
  const n = 6;
  const gram = Float32Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0.1));
  expect([...straysOf(gram, new Float64Array(n).fill(1))]).toEqual([0, 0, 0, 0, 0, 0]);
});

it("takes one row and two", () => {
  expect([...straysOf(Float32Array.of(1), Float64Array.of(1))]).toEqual([0]);
  expect([...straysOf(Float32Array.of(1, 0, 0, 1), Float64Array.of(1, 1))]).toEqual([0, 0]);
});
