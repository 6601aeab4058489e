/** Damages checkpoints at random: whatever the bytes, reading ends soon, in tensors or in an AlbumenError. */
import { existsSync, readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { dict, legacyFile, none, tensor, zipFile } from "../../../test/fixtures/pytorch-file.ts";
import { safetensorsFile } from "../../../test/fixtures/safetensors-file.ts";
import { sharedPath } from "../../../test/fixtures/shared.ts";
import { createRandom, type Random } from "../../core/random.ts";
import { AlbumenError } from "../../errors.ts";
import { readCheckpoint } from "./checkpoint.ts";

const MUTANTS = 3000;
const MAX_MS = 2000; // far above what a file of some kilobytes takes, far below a hang

const root = dict({
  w: tensor({ length: 6, shape: [3, 2], strides: [1, 3] }),
  state: dict({ v: tensor({ key: "1", length: 4, shape: [4], strides: [1] }), step: none }),
});
const w = Float32Array.of(0, 1, 2, 3, 4, 5);
const v = Float32Array.of(6, 7, 8, 9);

const files: Record<string, Uint8Array> = {
  "an old PyTorch file": legacyFile(root, { "0": w, "1": v }),
  "a zip PyTorch file": zipFile(root, {
    "data/0": new Uint8Array(w.buffer),
    "data/1": new Uint8Array(v.buffer),
  }),
  "a safetensors file": safetensorsFile(
    {
      a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      b: { dtype: "F32", shape: [4], data_offsets: [24, 40] },
    },
    new Uint8Array([...w, ...v].flatMap((value) => [...new Uint8Array(Float32Array.of(value).buffer)])),
  ),
};
for (const name of ["legacy.pth", "zip.pth", "nested.pth"]) {
  const path = sharedPath(`reference/starter/${name}`);
  if (existsSync(path)) files[`PyTorch's ${name}`] = readFileSync(path);
}

type Fate = "read" | "CHECKPOINT_INVALID" | "CHECKPOINT_REFUSED";

function fateOf(bytes: Uint8Array): Fate {
  const before = performance.now();
  try {
    readCheckpoint(bytes);
    return "read";
  } catch (error) {
    if (!(error instanceof AlbumenError)) throw error;
    return error.code as Fate;
  } finally {
    expect(performance.now() - before).toBeLessThan(MAX_MS);
  }
}

/** One to four changes: a bit, a byte, a run copied elsewhere, a cut. */
function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes = Uint8Array.from(original);
  const pick = (below: number) => Math.floor(random.next() * below);
  for (let changes = 1 + pick(4); changes > 0 && bytes.length > 1; changes--) {
    const at = pick(bytes.length);
    const kind = pick(8);
    if (kind < 3) bytes[at] ^= 1 << pick(8);
    else if (kind < 6) bytes[at] = pick(256);
    else if (kind < 7) bytes.copyWithin(at, pick(bytes.length), pick(bytes.length));
    else
      bytes =
        pick(4) === 0
          ? bytes.slice(0, at)
          : Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(at + 1 + pick(4)));
  }
  return bytes;
}

const allowed: readonly Fate[] = ["read", "CHECKPOINT_INVALID", "CHECKPOINT_REFUSED"];

describe.each(Object.entries(files))("a damaged checkpoint: %s", (_, original) => {
  it("is read when whole", () => {
    expect(fateOf(original)).toBe("read");
  });

  it("is never read when cut, at any length", () => {
    for (let length = 0; length < original.length; length++)
      expect([length, fateOf(original.subarray(0, length))]).toEqual([length, "CHECKPOINT_INVALID"]);
  });

  it("gives tensors or an error for any change", () => {
    const random = createRandom(7);
    const fates = Array.from({ length: MUTANTS }, () => fateOf(mutate(original, random)));
    for (const fate of fates) expect(allowed).toContain(fate);
    expect(fates).toContain("CHECKPOINT_INVALID"); // else the changes did not bite
  });
});

it("gives tensors or an error when the pickle inside a sound zip file is changed", () => {
  const members = unzipSync(files["a zip PyTorch file"]);
  const random = createRandom(11);
  const fates = Array.from({ length: MUTANTS }, () => {
    const changed = { ...members, "archive/data.pkl": mutate(members["archive/data.pkl"], random) };
    return fateOf(zipSync(changed, { level: 0 }));
  });
  for (const fate of fates) expect(allowed).toContain(fate);
  expect(new Set(fates)).toEqual(new Set(allowed));
});
