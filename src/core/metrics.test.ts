import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  accuracy,
  adjustedMutualInformation,
  adjustedRandIndex,
  calinskiHarabasz,
  daviesBouldin,
  fowlkesMallows,
  normalizedMutualInformation,
  purity,
  silhouetteScore,
  spearman,
  vMeasure,
} from "./metrics.ts";

describe("metrics", () => {
  it("accuracy renames found labels the best way, worked by hand", () => {
    expect(accuracy([0, 0, 0, 1, 1], [5, 5, 7, 7, 7])).toBe(0.8);
  });
  it("purity counts the commonest label of each group, worked by hand", () => {
    expect(purity([0, 0, 1, 1, 1], [0, 0, 0, 1, 2])).toBe(0.8);
  });
  it("spearman is 1 for equal order, -1 for reversed, and shares ranks among ties", () => {
    expect(spearman([1, 2, 3], [10, 20, 300])).toBe(1);
    expect(spearman([1, 2, 3], [3, 2, 1])).toBe(-1);
    // ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / sqrt(4.5 * 5)
    expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  });
  it("refuses labels of different length", () => {
    expect(() => accuracy([0], [0, 1])).toThrow("1 true labels meet 2 found ones.");
  });
});

const REFERENCE = new URL("../../../shared/reference/metrics/", import.meta.url);
const isThere = existsSync(REFERENCE);
const read = (name: string): unknown =>
  isThere ? JSON.parse(readFileSync(new URL(name, REFERENCE), "utf8")) : [];

describe.skipIf(!isThere)(
  `metrics equal scikit-learn${isThere ? "" : " (skipped: ../shared/reference is not here)"}`,
  () => {
    type Pair = { name: string; truth: number[]; found: number[] } & Record<
      "acc" | "nmi" | "ami" | "ari" | "homogeneity" | "completeness" | "v" | "fowlkesMallows",
      number
    >;
    it.each((read("pairs.json") as Pair[]).map((p) => [p.name, p] as const))("on %s", (_, p) => {
      expect(accuracy(p.truth, p.found)).toBeCloseTo(p.acc, 9);
      expect(normalizedMutualInformation(p.truth, p.found)).toBeCloseTo(p.nmi, 9);
      expect(adjustedMutualInformation(p.truth, p.found)).toBeCloseTo(p.ami, 9);
      expect(adjustedRandIndex(p.truth, p.found)).toBeCloseTo(p.ari, 9);
      expect(fowlkesMallows(p.truth, p.found)).toBeCloseTo(p.fowlkesMallows, 9);
      const v = vMeasure(p.truth, p.found);
      expect(v.homogeneity).toBeCloseTo(p.homogeneity, 9);
      expect(v.completeness).toBeCloseTo(p.completeness, 9);
      expect(v.v).toBeCloseTo(p.v, 9);
    });

    type Internal = {
      rows: number;
      dims: number;
      points: number[];
      labels: number[];
      silhouette: number;
      calinskiHarabasz: number;
      daviesBouldin: number;
    };
    it.each((read("internal.json") as Internal[]).map((s, i) => [i, s] as const))(
      "on point set %i",
      (_, s) => {
        const points = { data: s.points, rows: s.rows, dims: s.dims };
        expect(silhouetteScore(points, s.labels)).toBeCloseTo(s.silhouette, 9);
        expect(calinskiHarabasz(points, s.labels)).toBeCloseTo(s.calinskiHarabasz, 6);
        expect(daviesBouldin(points, s.labels)).toBeCloseTo(s.daviesBouldin, 9);
      },
    );
  },
);
