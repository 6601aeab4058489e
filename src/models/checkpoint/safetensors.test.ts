import { describe, expect, it } from "vitest";
import { safetensorsFile } from "../../../test/fixtures/safetensors-file.ts";
import { readSafetensors } from "./safetensors.ts";

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "CHECKPOINT_INVALID", message: expect.stringMatching(message) });
const entry = (dtype: string, shape: readonly number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("readSafetensors", () => {
  it("reads every dtype, a scalar and an empty tensor, and leaves the metadata out", () => {
    const data = Uint8Array.of(
      0,
      0,
      0x80,
      0x3f,
      0x80,
      0x3f,
      0,
      0x3c,
      1,
      255,
      7,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0xfe,
      0xff,
      0xff,
      0xff,
    );
    const tensors = readSafetensors(
      safetensorsFile(
        {
          __metadata__: { format: "pt" },
          steps: entry("I64", [], 10, 18),
          w: entry("F32", [1, 1], 0, 4),
          b: entry("BF16", [1], 4, 6),
          h: entry("F16", [1], 6, 8),
          flag: entry("BOOL", [1], 8, 9),
          byte: entry("U8", [1], 9, 10),
          none: entry("F64", [0, 3], 10, 10),
          int: entry("I32", [1], 18, 22),
        },
        data,
      ),
    );
    expect([...tensors.keys()]).toEqual(["w", "b", "h", "flag", "byte", "none", "steps", "int"]);
    expect(tensors.get("w")).toEqual({ dtype: "f32", shape: [1, 1], data: Float32Array.of(1) });
    expect(tensors.get("b")).toEqual({ dtype: "bf16", shape: [1], data: Uint16Array.of(0x3f80) });
    expect(tensors.get("h")).toEqual({ dtype: "f16", shape: [1], data: Uint16Array.of(0x3c00) });
    expect(tensors.get("flag")).toEqual({ dtype: "bool", shape: [1], data: Uint8Array.of(1) });
    expect(tensors.get("byte")).toEqual({ dtype: "u8", shape: [1], data: Uint8Array.of(255) });
    expect(tensors.get("none")).toEqual({ dtype: "f64", shape: [0, 3], data: new Float64Array(0) });
    expect(tensors.get("steps")).toEqual({ dtype: "i64", shape: [], data: BigInt64Array.of(7n) });
    expect(tensors.get("int")).toEqual({ dtype: "i32", shape: [1], data: Int32Array.of(-2) });
  });

  it.each([
    [
      "ends within its header",
      safetensorsFile({ w: entry("F32", [1], 0, 4) }).slice(0, 20),
      /ends too early/,
    ],
    [
      "claims a header above the limit",
      Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0x7b, 0x7d),
      /header claims 4294967296/,
    ],
    ["has a header that is not JSON", safetensorsFile('{"w": '), /not JSON/],
    ["has a list for a header", safetensorsFile("[]"), /not an object/],
    ["describes a tensor by a number", safetensorsFile({ w: 3 }), /"w" is not described/],
    ["has a negative dimension", safetensorsFile({ w: entry("F32", [-1], 0, 4) }, new Uint8Array(4)), /"w"/],
    [
      "has an unknown dtype",
      safetensorsFile({ w: entry("F8_E5M2", [1], 0, 1) }, new Uint8Array(1)),
      /"w".*"F8_E5M2"/,
    ],
    [
      "has fewer bytes than the shape needs",
      safetensorsFile({ w: entry("F32", [2], 0, 4) }, new Uint8Array(4)),
      /"w" needs 8 bytes.*has 4/,
    ],
    ["is truncated", safetensorsFile({ w: entry("F32", [2], 0, 8) }, new Uint8Array(7)), /"w" ends outside/],
    [
      "has bytes behind the last tensor",
      safetensorsFile({ w: entry("F32", [1], 0, 4) }, new Uint8Array(5)),
      /last 1 bytes/,
    ],
    [
      "has a hole",
      safetensorsFile({ w: entry("U8", [1], 2, 3) }, new Uint8Array(3)),
      /2 bytes before tensor "w"/,
    ],
    [
      "has tensors that overlap",
      safetensorsFile({ a: entry("U8", [2], 0, 2), b: entry("U8", [2], 1, 3) }, new Uint8Array(3)),
      /"b" overlaps/,
    ],
    [
      "gives a name twice",
      safetensorsFile(
        '{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        new Uint8Array(2),
      ),
      /1 bytes before tensor "w"/,
    ],
  ])("refuses a file that %s", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(invalid(message));
  });

  it("keeps a name like __proto__ an ordinary name", () => {
    const file = safetensorsFile(
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      Uint8Array.of(5),
    );
    expect(readSafetensors(file).get("__proto__")).toEqual({
      dtype: "u8",
      shape: [1],
      data: Uint8Array.of(5),
    });
  });
});
