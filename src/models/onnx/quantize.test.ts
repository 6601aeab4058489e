import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeTensor, toFloat32 } from "../checkpoint/tensor.ts";
import { quantizeRows, toHalves } from "./quantize.ts";

describe("quantizeRows", () => {
  it("gives the largest magnitude of each row 127 steps, worked by hand", () => {
    // Row 0: step 2 / 127; 1 is 63.5 steps. Row 1: step 1.
    const { data, scales } = quantizeRows(Float32Array.of(-2, 1, 0, 127, 1.4, -1.6), 3);
    expect([...data]).toEqual([-127, 64, 0, 127, 1, -2]);
    expect([...scales]).toEqual([Math.fround(2 / 127), 1]);
  });

  it("keeps a row of zeros zero", () => {
    const { data, scales } = quantizeRows(new Float32Array(4), 4);
    expect([...data, ...scales]).toEqual([0, 0, 0, 0, 1]);
  });

  it("is never off by more than half a step", () => {
    const value = fc.float({ noNaN: true, min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (row) => {
        const { data, scales } = quantizeRows(Float32Array.from(row), row.length);
        row.forEach((wanted, i) =>
          expect(Math.abs(data[i]! * scales[0]! - wanted)).toBeLessThanOrEqual(0.5001 * scales[0]! + 1e-30),
        );
      }),
    );
  });
});

describe("toHalves", () => {
  const widen = (bits: number) => toFloat32(makeTensor("f16", [1], Uint16Array.of(bits)))[0]!;

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_519, 0x7bff],
    [65_520, 0x7c00], // half way to 2^16, which no half is
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000], // a tie goes to the even one
    [3 * 2 ** -25, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [Infinity, 0x7c00],
    [-0, 0x8000],
  ])("writes %d as its bits", (value, bits) => {
    expect(toHalves(Float32Array.of(value))[0]).toBe(bits);
  });

  it("keeps NaN", () => {
    expect(widen(toHalves(Float32Array.of(NaN))[0]!)).toBeNaN();
  });

  it("gives every half back as it was", () => {
    const all = Uint16Array.from({ length: 0x7c01 }, (_, i) => i);
    expect(toHalves(toFloat32(makeTensor("f16", [all.length], all)))).toEqual(all);
  });

  it("takes the nearest half of any number", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -65_000, max: 65_000 }), (value) => {
        const bits = toHalves(Float32Array.of(value))[0]!;
        const magnitude = bits & 0x7fff;
        const distance = (other: number) => Math.abs(Math.abs(value) - widen(other));
        expect(distance(magnitude)).toBeLessThanOrEqual(distance(magnitude + 1));
        if (magnitude > 0) expect(distance(magnitude)).toBeLessThanOrEqual(distance(magnitude - 1));
      }),
    );
  });
});
