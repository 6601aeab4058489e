import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishedModel } from "../../test/fixtures/published-model.ts";
import { findPart, partFolder, storePart } from "./cache.ts";
import { listModels, removeModel, verifyModel } from "./inventory.ts";
import type { ModelOptions } from "./model.ts";
import { offerModel } from "./pull.ts";

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
      (await listModels(options)).models.map(({ manifest, parts }) => [
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

  describe("with pulled models", () => {
    const pullToy = async (name: string) => {
      const folder = join(options.cacheDir, "published", name);
      await mkdir(folder, { recursive: true });
      for (const [file, bytes] of publishedModel()) await writeFile(join(folder, file), bytes);
      const offer = await offerModel({ kind: "folder", path: folder }, { ...options, dtype: "fp32" });
      return (await offer.accept()).folder;
    };

    it("lists them behind the bundled ones", async () => {
      await pullToy("toy");
      const { models } = await listModels(options);
      expect(models.map(({ manifest }) => manifest.id)).toEqual(["starter", "mini", "folder:toy"]);
    });

    it("finds a byte that was changed", async () => {
      const folder = await pullToy("toy");
      expect(await verifyModel("folder:toy", options)).toEqual([]);
      const graph = join(folder, "vision.onnx");
      const bytes = Uint8Array.from(await readFile(graph));
      await writeFile(graph, bytes.with(100, bytes[100]! ^ 1));
      expect(await verifyModel("folder:toy", options)).toEqual([
        expect.stringMatching(/vision\.onnx is not what it should be/),
      ]);
    });

    it("removes the one that is meant, and no other", async () => {
      await pullToy("toy");
      await pullToy("other");
      expect(await removeModel("folder:toy", options)).toBe(1);
      const { models } = await listModels(options);
      expect(models.map(({ manifest }) => manifest.id)).toEqual(["starter", "mini", "folder:other"]);
      await expect(removeModel("folder:toy", options)).rejects.toMatchObject({ code: "MODEL_NOT_INSTALLED" });
    });

    it("tells of one that lost a file, and lets it be removed", async () => {
      const folder = await pullToy("toy");
      await rm(join(folder, "vision.onnx"));
      const { models, damaged } = await listModels(options);
      expect(models).toHaveLength(2);
      expect(damaged).toEqual([{ folder, reason: "vision.onnx is missing.", kind: "encoder" }]);
      expect(await verifyModel("folder:toy", options)).toEqual(["vision.onnx is missing."]);
      expect(await removeModel("folder:toy", options)).toBe(1);
    });

    it("says that a model is not here", async () => {
      for (const work of [verifyModel, removeModel])
        await expect(work("acme/nothing", options)).rejects.toMatchObject({ code: "MODEL_NOT_INSTALLED" });
    });
  });
});
