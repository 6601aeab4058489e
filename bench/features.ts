/** Reads the labelled image vectors of ../shared/reference/features. */
import { existsSync, readFileSync } from "node:fs";
import { makeVectors, normalizeRows, type Vectors } from "../src/core/vectors.ts";

const FEATURES = new URL("../../shared/reference/features/", import.meta.url);

export type Encoder = "starter" | "mobilenet-v2";

export interface Labelled {
  readonly name: string;
  readonly vectors: Vectors;
  /** "" where a picture has no label */
  readonly labels: readonly string[];
}

export function hasFeatures(): boolean {
  return existsSync(FEATURES);
}

export function readFeatures(encoder: Encoder, pack: string): Labelled {
  const meta = JSON.parse(readFileSync(new URL(`${encoder}/${pack}.json`, FEATURES), "utf8")) as {
    dims: number;
    labels?: string[];
    label?: (string | null)[];
    class?: (string | null)[];
  };
  const halves = readFileSync(new URL(`${encoder}/${pack}.f16`, FEATURES));
  const data = new Float32Array(halves.length / 2);
  for (let i = 0; i < data.length; i++) data[i] = fromHalf(halves.readUInt16LE(2 * i));
  const labels = meta.labels ?? meta.class ?? meta.label ?? [];
  return {
    name: pack,
    vectors: normalizeRows(makeVectors(data, meta.dims)),
    labels: labels.map((label) => label ?? ""),
  };
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
