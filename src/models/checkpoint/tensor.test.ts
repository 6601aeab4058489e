import { describe, expect, it } from "vitest";
import { elementCount, elementsOf, makeTensor, toFloat32 } from "./tensor.ts";

describe("toFloat32", () => {
  it("widens halves: one, minus two, the largest, the smallest subnormal, zero, infinity, NaN", () => {
    const data = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0xfc00, 0x7e00);
    expect([...toFloat32(makeTensor("f16", [7], data))]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      -0,
      -Infinity,
      NaN,
    ]);
  });

  it("widens bfloat16 as the upper half of a float32", () => {
    const data = Uint16Array.of(0x3f80, 0xc049, 0x0000, 0x7f80);
    expect([...toFloat32(makeTensor("bf16", [4], data))]).toEqual([1, -3.140625, 0, Infinity]);
  });

  it("converts integers and doubles", () => {
    expect([...toFloat32(makeTensor("i64", [2], BigInt64Array.of(-3n, 7n)))]).toEqual([-3, 7]);
    expect([...toFloat32(makeTensor("i8", [1], Int8Array.of(-128)))]).toEqual([-128]);
    expect([...toFloat32(makeTensor("f64", [1], Float64Array.of(0.5)))]).toEqual([0.5]);
  });

  it("hands out the very array of a float32 tensor", () => {
    const data = Float32Array.of(1, 2);
    expect(toFloat32(makeTensor("f32", [2], data))).toBe(data);
  });
});

describe("elementsOf", () => {
  it("reads little-endian numbers at any alignment", () => {
    const bytes = Uint8Array.of(9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
    expect(elementsOf("f32", bytes.subarray(1))).toEqual(Float32Array.of(1, -2));
  });
});

describe("elementCount", () => {
  it("is 1 for a scalar and 0 when any dimension is 0, however large the others", () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([2, 3, 4])).toBe(24);
    expect(elementCount([...Array.from({ length: 40 }, () => Number.MAX_SAFE_INTEGER), 0])).toBe(0);
  });
});
