import { describe, expect, it } from "vitest";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { makeVectors } from "../vectors.ts";
import { spreadOf } from "./spread.ts";

describe("spreadOf", () => {
  it("measures each member against the others, worked by hand", () => {
    const vectors = makeVectors(Float32Array.of(1, 0, 0.6, 0.8, 0, 1), 2);
    const { leftOut } = spreadOf(vectors, Int32Array.of(0, 0, -1), 1);
    // Of two members each is the other's centre.
    expect(leftOut[0]).toBeCloseTo(0.6, 6);
    expect(leftOut[1]).toBeCloseTo(0.6, 6);
    expect(leftOut[2]).toBeNaN();
  });

  it("gives a small album a radius near the pooled one, not its own accident's", () => {
    // Two near-duplicates beside two loose albums of 20.
    const loose = blobs(2, 20, { dims: 16, spread: 0.4, seed: 1 });
    const data = new Float32Array(42 * 16);
    data.set(loose.data);
    data.set(loose.data.subarray(0, 16), 40 * 16);
    data.set(loose.data.subarray(0, 16), 41 * 16);
    const assignment = Int32Array.from({ length: 42 }, (_, i) => (i < 40 ? i % 2 : 2));
    const { radius, typical } = spreadOf(makeVectors(data, 16), assignment, 3);
    expect(typical[2]).toBeGreaterThan(0.3 * typical[0]);
    expect(radius[2]).toBeLessThan(0.95);
  });

  it("lets a cluster that cannot be measured have a guess", () => {
    const { radius } = spreadOf(makeVectors(Float32Array.of(1, 0), 2), Int32Array.of(0), 1);
    expect(radius[0]).toBeGreaterThan(0);
    expect(radius[0]).toBeLessThan(1);
  });

  it("is narrower for a tight album than for a loose one", () => {
    const tight = blobs(1, 20, { dims: 16, spread: 0.1, seed: 2 });
    const loose = blobs(1, 20, { dims: 16, spread: 0.5, seed: 3 });
    const data = new Float32Array(40 * 16);
    data.set(tight.data);
    data.set(loose.data, 20 * 16);
    const { radius } = spreadOf(
      makeVectors(data, 16),
      Int32Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1)),
      2,
    );
    expect(radius[0]).toBeGreaterThan(radius[1]);
  });
});
