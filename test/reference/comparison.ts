/** How a number of ours is compared with one that an original implementation recorded. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** One number that must not be above what is allowed. */
export interface Comparison {
  readonly group: string;
  /** what was compared, for whoever has to find out why it failed */
  readonly what: string;
  /** NaN counts as too much */
  readonly deviation: number;
  readonly allowed: number;
}

export function hasPassed({ deviation, allowed }: Comparison): boolean {
  return deviation <= allowed;
}

/** 0 or 1, and none is allowed. */
export function compareEqual(group: string, what: string, actual: unknown, expected: unknown): Comparison {
  const isEqual = JSON.stringify(actual) === JSON.stringify(expected);
  return { group, what, deviation: isEqual ? 0 : 1, allowed: 0 };
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function largestDifference(actual: Float32Array, expected: readonly number[]): number {
  if (actual.length !== expected.length) return NaN;
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - actual[i]!)), 0);
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN;
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    ofA += a[i]! ** 2;
    ofB += b[i]! ** 2;
  }
  return product / Math.sqrt(ofA * ofB);
}
