import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import {
  call,
  dict,
  global,
  int,
  legacyFile,
  no,
  none,
  pickle,
  tensor,
  text,
  tuple,
  yes,
  zipFile,
  type Fragment,
} from "../../../test/fixtures/pytorch-file.ts";
import { sharedPath, whyNotShared } from "../../../test/fixtures/shared.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { toFloat32 } from "./tensor.ts";

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "CHECKPOINT_INVALID", message: expect.stringMatching(message) });
const refused = (message: RegExp) =>
  expect.objectContaining({ code: "CHECKPOINT_REFUSED", message: expect.stringMatching(message) });

const six = Float32Array.of(0, 1, 2, 3, 4, 5);
const sixBytes = new Uint8Array(six.buffer);
const whole = tensor({ length: 6, shape: [6], strides: [1] });
const zipOf = (root: Fragment) => readCheckpoint(zipFile(root, { "data/0": sixBytes }));

describe("readCheckpoint of a PyTorch file", () => {
  it("reads both formats", () => {
    for (const bytes of [
      zipFile(dict({ w: whole }), { "data/0": sixBytes }),
      legacyFile(dict({ w: whole }), { "0": six }),
    ])
      expect(readCheckpoint(bytes)).toEqual(new Map([["w", { dtype: "f32", shape: [6], data: six }]]));
  });

  it("walks strides: a transposed matrix, every other element, a row", () => {
    const tensors = zipOf(
      dict({
        transposed: tensor({ length: 6, shape: [3, 2], strides: [1, 3] }),
        sparse: tensor({ length: 6, offset: 1, shape: [3], strides: [2] }),
        row: tensor({ length: 6, offset: 3, shape: [1, 3], strides: [99, 1] }),
        scalar: tensor({ length: 6, offset: 4, shape: [], strides: [] }),
        empty: tensor({ length: 6, offset: 6, shape: [0, 2], strides: [2, 1] }),
      }),
    );
    const values = Object.fromEntries([...tensors].map(([name, t]) => [name, [...toFloat32(t)]]));
    expect(values).toEqual({
      transposed: [0, 3, 1, 4, 2, 5],
      sparse: [1, 3, 5],
      row: [3, 4, 5],
      scalar: [4],
      empty: [],
    });
  });

  it("lets tensors of one storage share its memory", () => {
    const tensors = zipOf(dict({ a: whole, b: tensor({ length: 6, offset: 2, shape: [2], strides: [1] }) }));
    expect(tensors.get("b")?.data.buffer).toBe(tensors.get("a")?.data.buffer);
  });

  it("reads parameters as tensors", () => {
    const parameter = call(global("torch._utils", "_rebuild_parameter"), whole, yes, none);
    expect([...zipOf(dict({ w: parameter })).keys()]).toEqual(["w"]);
  });

  it("finds the dictionary inside a training checkpoint, by its usual key or as the only one", () => {
    const optimizer = dict({ state: whole });
    expect([...zipOf(dict({ optimizer, state_dict: dict({ w: whole }), epoch: int(3) })).keys()]).toEqual([
      "w",
    ]);
    expect([...zipOf(dict({ loss: whole, model: dict({ v: whole, epoch: int(3) }) })).keys()]).toEqual(["v"]);
    expect([...zipOf(dict({ weights: dict({ u: whole }), epoch: int(3) })).keys()]).toEqual(["u"]);
    expect(() => zipOf(dict({ a: dict({ u: whole }), b: dict({ u: whole }) }))).toThrow(
      invalid(/2 tensor dictionaries/),
    );
    expect(() => zipOf(dict({ epoch: int(3) }))).toThrow(invalid(/no tensors/));
    expect(() => zipOf(int(3))).toThrow(invalid(/no dictionary/));
  });

  it.each([
    [
      "leaves its storage",
      tensor({ length: 6, offset: 1, shape: [6], strides: [1] }),
      /leaves its storage "0"/,
    ],
    [
      "repeats its storage",
      tensor({ length: 6, shape: [1000000, 1000000], strides: [0, 0] }),
      /repeats its storage/,
    ],
    ["has more strides than dimensions", tensor({ length: 6, shape: [6], strides: [1, 1] }), /wrong|strides/],
    ["has a negative stride", tensor({ length: 6, offset: 5, shape: [6], strides: [-1] }), /wrong arguments/],
    [
      "has nine dimensions",
      tensor({
        length: 6,
        shape: Array.from({ length: 9 }, () => 1),
        strides: Array.from({ length: 9 }, () => 1),
      }),
      /wrong arguments/,
    ],
    [
      "has no storage behind it",
      tensor({ key: "7", length: 6, shape: [6], strides: [1] }),
      /storage "7" is missing/,
    ],
    ["claims a longer storage", tensor({ length: 7, shape: [6], strides: [1] }), /24 bytes instead of 28/],
    [
      "is of an unknown type",
      tensor({ type: "ComplexFloatStorage", length: 6, shape: [6], strides: [1] }),
      /torch.ComplexFloatStorage/,
    ],
  ])("refuses a tensor that %s", (_, fragment, message) => {
    expect(() => zipOf(dict({ w: fragment }))).toThrow(message);
  });

  it("refuses one storage described in two ways", () => {
    const other = tensor({ type: "IntStorage", length: 6, shape: [6], strides: [1] });
    expect(() => zipOf(dict({ a: whole, b: other }))).toThrow(invalid(/two ways/));
  });

  it("refuses views that would unfold to far more than the file", () => {
    const transposed = tensor({ length: 3000, shape: [3, 1000], strides: [1, 3] });
    // Slot 0 holds the tensor; recalling it costs the file two bytes.
    const many = Array.from({ length: 40 }, (_, i) => [...text(String(i)), 0x68, 0]).flat();
    const root = [0x7d, 0x28, ...text("w"), ...transposed, 0x71, 0, ...many, 0x75];
    const file = zipFile(root, { "data/0": new Uint8Array(12000) });
    expect(() => readCheckpoint(file)).toThrow(invalid(/unfold to far more/));
  });

  it("reads a file that names one large dictionary very often in reasonable time", () => {
    const large = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, none]));
    const often = Array.from({ length: 20_000 }, (_, i) => [...text(`r${i}`), 0x68, 0]).flat();
    const root = [
      0x7d,
      0x28,
      ...text("d"),
      ...dict(large),
      0x71,
      0,
      ...often,
      ...text("sd"),
      ...dict({ w: whole }),
      0x75,
    ];
    const before = performance.now();
    expect([...zipOf(root).keys()]).toEqual(["w"]);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it("refuses globals that no tensor dictionary needs, wherever they stand", () => {
    const hostile = call(global("builtins", "eval"), text("1"));
    const root = dict({ w: whole, x: hostile });
    expect(() => zipOf(root)).toThrow(refused(/global "builtins.eval"/));
    expect(() => readCheckpoint(legacyFile(root, { "0": six }))).toThrow(refused(/global "builtins.eval"/));
    expect(() => readCheckpoint(legacyFile(dict({ w: whole }), { "0": six }, hostile))).toThrow(
      refused(/builtins.eval/),
    );
  });
});

describe("readCheckpoint of the zip format", () => {
  it("refuses big-endian files", () => {
    const byteorder = new TextEncoder().encode("big");
    expect(() => readCheckpoint(zipFile(dict({ w: whole }), { "data/0": sixBytes, byteorder }))).toThrow(
      invalid(/big-endian/),
    );
  });

  it("refuses compressed members before anything is unfolded", () => {
    const file = zipSync(
      { "archive/data.pkl": pickle(dict({ w: whole })), "archive/data/0": new Uint8Array(100_000) },
      { level: 9 },
    );
    expect(() => readCheckpoint(file)).toThrow(invalid(/"archive\/data\.?.*compressed/));
  });

  it("refuses an archive without data.pkl", () => {
    expect(() => readCheckpoint(zipSync({ "a.txt": [sixBytes, { level: 0 }] }))).toThrow(
      invalid(/no data.pkl/),
    );
  });

  it("notices a changed byte by its checksum", () => {
    const file = zipFile(dict({ w: whole }), { "data/0": sixBytes });
    const at = Buffer.from(file).indexOf(sixBytes);
    file[at + 5] ^= 1;
    expect(() => readCheckpoint(file)).toThrow(invalid(/"archive\/data\/0" does not have its checksum/));
  });

  it("names a file that was cut off", () => {
    const file = zipFile(dict({ w: whole }), { "data/0": sixBytes });
    expect(() => readCheckpoint(file.subarray(0, file.length - 10))).toThrow(invalid(/incomplete/));
  });
});

describe("readCheckpoint of the old format", () => {
  it("refuses big-endian files", () => {
    const machine = dict({ protocol_version: int(1001), little_endian: no });
    expect(() => readCheckpoint(legacyFile(dict({ w: whole }), { "0": six }, machine))).toThrow(
      invalid(/big-endian/),
    );
  });

  it("refuses a storage that is too short, unknown, missing or followed by more", () => {
    const root = dict({ w: whole });
    expect(() => readCheckpoint(legacyFile(root, { "0": six.subarray(1) }))).toThrow(
      invalid(/"0" has 5 elements instead of 6/),
    );
    expect(() => readCheckpoint(legacyFile(root, { "1": six }))).toThrow(invalid(/"1" belongs to no tensor/));
    expect(() => readCheckpoint(legacyFile(root, {}))).toThrow(invalid(/"0" is missing/));
    const more = Uint8Array.of(...legacyFile(root, { "0": six }), 0);
    expect(() => readCheckpoint(more)).toThrow(invalid(/1 bytes follow/));
  });

  it("refuses storages that are views of others", () => {
    const view = tuple(text("1"), int(0), int(6));
    const id = tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), int(6), view);
    const root = call(
      global("torch._utils", "_rebuild_tensor_v2"),
      [...id, 0x51],
      int(0),
      tuple(int(6)),
      tuple(int(1)),
    );
    expect(() => readCheckpoint(legacyFile(dict({ w: root }), { "0": six }))).toThrow(
      invalid(/view of another/),
    );
  });
});

it("tells files apart that are no checkpoints", () => {
  for (const bytes of [new Uint8Array(0), new TextEncoder().encode("version https://git-lfs"), pickle(none)])
    expect(() => readCheckpoint(bytes)).toThrow(invalid(/neither safetensors nor a PyTorch checkpoint/));
});

const REFERENCE = "reference/starter/checkpoint.json";
const whyNot = whyNotShared(REFERENCE);

describe.skipIf(whyNot !== "")(`checkpoints that PyTorch wrote${whyNot}`, () => {
  const read = (name: string) => readCheckpoint(readFileSync(sharedPath(`reference/starter/${name}`)));
  const dtypes: Record<string, string> = {
    float32: "f32",
    float16: "f16",
    bfloat16: "bf16",
    float64: "f64",
    int64: "i64",
    uint8: "u8",
    bool: "bool",
  };

  it.each(["legacy.pth", "zip.pth", "nested.pth"])("gives the recorded values of %s", (name) => {
    type Recorded = Record<string, { dtype: string; shape: number[]; values: number[] }>;
    const recorded = JSON.parse(readFileSync(sharedPath(REFERENCE), "utf8")) as Recorded;
    const tensors = read(name);
    expect([...tensors.keys()]).toEqual(Object.keys(recorded));
    for (const [key, { dtype, shape, values }] of Object.entries(recorded)) {
      const actual = tensors.get(key)!;
      expect([key, actual.dtype, actual.shape]).toEqual([key, dtypes[dtype], shape]);
      const numbers = actual.dtype === "f64" ? [...actual.data] : [...toFloat32(actual)];
      expect(numbers, key).toEqual(values);
    }
  });

  it.each(["hostile.pth", "hostile_legacy.pth"])("refuses %s, naming what it would run", (name) => {
    expect(() => read(name)).toThrow(refused(/global "posix.system"/));
  });
});
