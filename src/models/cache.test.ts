import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  defaultCacheDir,
  findPart,
  partFolder,
  readVerified,
  removePart,
  storePart,
  sweep,
} from "./cache.ts";

const RECORD = {
  part: "trunk",
  converter: "toy@1",
  source: "nowhere",
  licence: "MIT",
  fetched: {},
  installedAt: "2026-01-01T00:00:00.000Z",
};
const FILES = new Map([
  ["a.onnx", Uint8Array.of(1, 2, 3)],
  ["b.json", Uint8Array.of(4)],
]);

describe("default cache folder", () => {
  it("is where ALBUMEN_CACHE says, on every platform", () => {
    for (const platform of ["linux", "darwin", "win32"] as const)
      expect(defaultCacheDir({ ALBUMEN_CACHE: "/c" }, platform, "/home/me")).toBe("/c");
  });

  it("follows the platform's custom otherwise", () => {
    expect(defaultCacheDir({}, "linux", "/home/me")).toBe(join("/home/me", ".cache", "albumen"));
    expect(defaultCacheDir({ XDG_CACHE_HOME: "/x" }, "linux", "/home/me")).toBe(join("/x", "albumen"));
    expect(defaultCacheDir({ XDG_CACHE_HOME: "x" }, "linux", "/home/me")).toBe(
      join("/home/me", ".cache", "albumen"),
    );
    expect(defaultCacheDir({}, "darwin", "/Users/me")).toBe(
      join("/Users/me", "Library", "Caches", "albumen"),
    );
    expect(defaultCacheDir({ LOCALAPPDATA: "L" }, "win32", "H")).toBe(join("L", "albumen", "Cache"));
  });
});

describe("part cache", () => {
  let cacheDir: string;
  let folder: string;
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), "albumen-test-"));
    folder = partFolder(cacheDir, { id: "toy", revision: "1" }, "trunk");
  });
  afterEach(() => rm(cacheDir, { recursive: true }));

  it("finds what was stored, with sizes and hashes written down", async () => {
    expect(await findPart(folder, "toy@1")).toEqual({ kind: "absent" });
    const stored = await storePart(folder, RECORD, FILES);
    expect(stored.record.files["b.json"]!.bytes).toBe(1);
    expect(await findPart(folder, "toy@1", true)).toEqual({ kind: "installed", part: stored });
    const file = stored.record.files["a.onnx"]!;
    expect([...(await readVerified(join(folder, "a.onnx"), file))]).toEqual([1, 2, 3]);
  });

  it("counts a part of another converter as absent and replaces it", async () => {
    await storePart(folder, RECORD, FILES);
    expect(await findPart(folder, "toy@2")).toEqual({ kind: "absent" });
    await storePart(folder, { ...RECORD, converter: "toy@2" }, new Map([["a.onnx", Uint8Array.of(9)]]));
    expect(await findPart(folder, "toy@2", true)).toMatchObject({ kind: "installed" });
    expect((await readdir(folder)).sort()).toEqual(["a.onnx", "record.json"]);
  });

  it("sees a truncated file at once, and a changed one when it looks or reads", async () => {
    const { record } = await storePart(folder, RECORD, FILES);
    await writeFile(join(folder, "a.onnx"), Uint8Array.of(1, 2, 9));
    expect(await findPart(folder, "toy@1", true)).toMatchObject({ kind: "damaged" });
    await expect(readVerified(join(folder, "a.onnx"), record.files["a.onnx"]!)).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
      message: expect.stringContaining("SHA-256"),
    });
    await writeFile(join(folder, "a.onnx"), Uint8Array.of(1, 2));
    expect(await findPart(folder, "toy@1")).toMatchObject({
      kind: "damaged",
      reason: "a.onnx has 2 bytes instead of 3.",
    });
    await rm(join(folder, "a.onnx"));
    expect(await findPart(folder, "toy@1")).toMatchObject({ kind: "damaged", reason: "a.onnx is missing." });
  });

  it("sees a record that is gone or is not one", async () => {
    await storePart(folder, RECORD, FILES);
    await writeFile(join(folder, "record.json"), "{}");
    expect(await findPart(folder, "toy@1")).toMatchObject({ kind: "damaged" });
    await rm(join(folder, "record.json"));
    expect(await findPart(folder, "toy@1")).toMatchObject({ kind: "damaged" });
  });

  it("repairs a damaged part by storing it again", async () => {
    await storePart(folder, RECORD, FILES);
    await rm(join(folder, "a.onnx"));
    await storePart(folder, RECORD, FILES);
    expect(await findPart(folder, "toy@1", true)).toMatchObject({ kind: "installed" });
  });

  it("lets any number store the same part at once: one wins, none fails, nothing is left over", async () => {
    const stored = await Promise.all(Array.from({ length: 12 }, () => storePart(folder, RECORD, FILES)));
    for (const part of stored) expect(part.folder).toBe(folder);
    expect(await findPart(folder, "toy@1", true)).toMatchObject({ kind: "installed" });
    expect(await readdir(join(folder, ".."))).toEqual(["trunk"]);
  });

  it("removes a part", async () => {
    await storePart(folder, RECORD, FILES);
    expect(await removePart(folder)).toBe(true);
    expect(await removePart(folder)).toBe(false);
    expect(await findPart(folder, "toy@1")).toEqual({ kind: "absent" });
  });

  it("sweeps away what a killed process left, once it is a day old, and nothing else", async () => {
    for (const name of ["old.tmp", "old.part", "new.tmp", "trunk"]) await mkdir(join(cacheDir, name));
    await writeFile(join(cacheDir, "trunk", "x"), "kept");
    const now = Date.now();
    const longAgo = new Date(now - 25 * 3_600_000);
    for (const name of ["old.tmp", "old.part", "trunk"]) await utimes(join(cacheDir, name), longAgo, longAgo);
    await sweep(cacheDir, now);
    expect((await readdir(cacheDir)).sort()).toEqual(["new.tmp", "trunk"]);
    expect(await readFile(join(cacheDir, "trunk", "x"), "utf8")).toBe("kept");
  });
});
