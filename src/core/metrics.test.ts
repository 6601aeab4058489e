import { describe, expect, it } from "vitest";
import { accuracy, purity, spearman } from "./metrics.ts";

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
