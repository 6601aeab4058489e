import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findPart, partFolder, storePart } from "./cache.ts";
import { listModels, removeModel, verifyModel } from "./inventory.ts";
import type { ModelOptions } from "./model.ts";

let options: ModelOptions;
let trunk: string;
beforeEach(async () => {
  const cacheDir = await mkdtemp(join(tmpdir(), "albumen-test-"));
  options = { cacheDir, offline: true, signal: new AbortController().signal, onEvent: () => {} };
  trunk = partFolder(cacheDir, { id: "starter", revision: "1" }, "trunk");
});
afterEach(() => rm(options.cacheDir, { recursive: true }));

const storeTrunk = () =>
  storePart(
    trunk,
    {
      part: "trunk",
      converter: "efficientnet-lite@1",
      source: "a test",
      licence: "Apache-2.0",
      fetched: {},
      installedAt: "2026-01-01T00:00:00.000Z",
    },
    new Map([["trunk.onnx", Uint8Array.of(1, 2, 3)]]),
  );

describe("inventory", () => {
  it("lists every model, and which of its parts are here", async () => {
    const states = async () =>
      (await listModels(options)).map(({ manifest, parts }) => [
        manifest.id,
        Object.fromEntries(parts.map(({ id, state }) => [id, state.kind])),
      ]);
    expect(await states()).toEqual([
      ["starter", { trunk: "absent", sentence: "absent" }],
      ["mini", {}],
    ]);
    await storeTrunk();
    expect((await states())[0]).toEqual(["starter", { trunk: "installed", sentence: "absent" }]);
  });

  it("finds a byte that was changed, which a look at the sizes cannot", async () => {
    await storeTrunk();
    expect(await verifyModel("starter", options)).toEqual([]);
    await writeFile(join(trunk, "trunk.onnx"), Uint8Array.of(1, 2, 4));
    expect(await verifyModel("starter", options)).toEqual([
      expect.stringMatching(/^EfficientNet-Lite0 trunk: .*trunk\.onnx is not what it should be/),
    ]);
    expect(await verifyModel("mini", options)).toEqual([]);
  });

  it("removes what was fetched, and says how much that was", async () => {
    await storeTrunk();
    expect(await removeModel("starter", options)).toBe(1);
    expect(await removeModel("starter", options)).toBe(0);
    expect(await findPart(trunk, "efficientnet-lite@1")).toEqual({ kind: "absent" });
  });
});
