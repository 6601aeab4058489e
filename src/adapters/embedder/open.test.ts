import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startFakeModelHub, type FakeModelHub } from "../../../test/fixtures/fake-model-hub.ts";
import { PUBLISHED_DIMS, publishedModel } from "../../../test/fixtures/published-model.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import { starterOrSkip } from "../../../test/support/starter.ts";
import { AlbumenError } from "../../errors.ts";
import { partFolder } from "../../models/cache.ts";
import type { ModelEvent } from "../../models/events.ts";
import type { ModelOptions } from "../../models/model.ts";
import { offerModel } from "../../models/pull.ts";
import { pulledFolder } from "../../models/pulled.ts";
import { openEmbedder, type EmbedderChoice } from "./open.ts";

const starter = await starterOrSkip();

let cacheDir: string;
let events: ModelEvent[];
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "albumen-test-"));
  events = [];
});
afterEach(() => rm(cacheDir, { recursive: true }));

/** A machine on which no source answers. */
const options = (more: Partial<ModelOptions> = {}): ModelOptions => ({
  cacheDir,
  offline: false,
  signal: new AbortController().signal,
  onEvent: (event) => events.push(event),
  from: "",
  sources: () => [
    {
      place: "nowhere",
      open: () => Promise.reject(new AlbumenError("MODEL_FETCH_FAILED", "no route to host")),
    },
  ],
  ...more,
});

async function openAndClose(choice: EmbedderChoice, more: Partial<ModelOptions> = {}) {
  const opened = await openEmbedder(choice, options(more));
  await opened.embedder.dispose();
  return opened;
}

describe("openEmbedder", () => {
  it("goes on with mini when nothing is reached, and says why and how to do better", async () => {
    const { embedder, why, captioner } = await openAndClose({ kind: "best" });
    expect(embedder.space.model).toBe("mini");
    expect(why).toBe("starter could not be had.");
    expect(captioner).toBeNull();
    expect(events).toEqual([
      {
        kind: "step-down",
        from: "starter",
        to: "mini",
        reason: "EfficientNet-Lite0 trunk could not be fetched. nowhere: no route to host.",
        hint: expect.stringContaining("Check the network"),
      },
    ]);
  });

  it("goes on with mini when offline, without asking anyone", async () => {
    let asked = false;
    const { embedder } = await openAndClose(
      { kind: "best" },
      { offline: true, sources: () => ((asked = true), []) },
    );
    expect(embedder.space.model).toBe("mini");
    expect(asked).toBe(false);
    expect(events).toMatchObject([
      { kind: "step-down", reason: "EfficientNet-Lite0 trunk is not on this machine." },
    ]);
  });

  it("never gives another model than the one that was named", async () => {
    await expect(openAndClose({ kind: "named", model: "starter" })).rejects.toMatchObject({
      code: "MODEL_FETCH_FAILED",
    });
    await expect(openAndClose({ kind: "named", model: "maxi" })).rejects.toMatchObject({
      code: "MODEL_UNKNOWN",
    });
    expect((await openAndClose({ kind: "named", model: "mini" })).embedder.space.model).toBe("mini");
    expect(events).toEqual([]);
  });

  it("keeps a catalog's space, or stops when this version has another", async () => {
    const space = { model: "mini", revision: "1", dims: 256 };
    expect((await openAndClose({ kind: "remembered", space, named: null })).embedder.space).toEqual(space);
    await expect(
      openAndClose({ kind: "remembered", space: { ...space, revision: "0" }, named: null }),
    ).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: "The catalog's vectors are of mini@0:256, and there is only mini@1:256.",
    });
  });

  describe("with pulled models", () => {
    const CLIP = "openai/clip-vit-base-patch32";
    const LARGE = "openai/clip-vit-large-patch14";
    let hub: FakeModelHub;
    beforeAll(async () => {
      hub = await startFakeModelHub({
        [CLIP]: { files: publishedModel({ seed: 1 }) },
        [LARGE]: { files: publishedModel({ seed: 2 }) },
        "acme/toy": { files: publishedModel({ seed: 3 }) },
      });
    });
    afterAll(() => hub.close());
    beforeEach(() => vi.stubEnv("HF_ENDPOINT", hub.url));
    afterEach(() => vi.unstubAllEnvs());

    const pull = async (repo: string) => {
      const offer = await offerModel({ kind: "hub", repo, revision: null }, { ...options(), dtype: "fp32" });
      return (await offer.accept()).manifest;
    };

    it("takes the best one that is known, and says so", async () => {
      await pull(LARGE);
      await pull(CLIP);
      const { embedder, why } = await openAndClose({ kind: "best" }, { offline: true });
      expect(embedder.space.model).toBe(LARGE);
      expect(why).toBe("It is the best encoder that was pulled.");
    });

    it("passes over one that lost a file, and says so", async () => {
      await pull(CLIP);
      const folder = pulledFolder(cacheDir, await pull(LARGE));
      await rm(join(folder, "vision.onnx"));
      events = [];
      const { embedder } = await openAndClose({ kind: "best" }, { offline: true });
      expect(events).toEqual([{ kind: "passed-over", folder, reason: "vision.onnx is missing." }]);
      expect(embedder.space.model).toBe(CLIP);
    });

    it("steps down, and says why, from one whose bytes were changed", async () => {
      const graph = join(pulledFolder(cacheDir, await pull(CLIP)), "vision.onnx");
      const bytes = Uint8Array.from(await readFile(graph));
      await writeFile(graph, bytes.with(99, bytes[99]! ^ 1));
      events = [];
      const { embedder } = await openAndClose({ kind: "best" }, { offline: true });
      expect(embedder.space.model).toBe("mini");
      expect(events[0]).toMatchObject({
        kind: "step-down",
        from: CLIP,
        to: "starter",
        reason: expect.stringContaining("is not what it should be"),
      });
    });

    it("never takes one by itself that nothing is known about", async () => {
      await pull("acme/toy");
      expect((await openAndClose({ kind: "best" }, { offline: true })).embedder.space.model).toBe("mini");
      const named = await openAndClose({ kind: "named", model: "acme/toy" }, { offline: true });
      expect(named.embedder.space.model).toBe("acme/toy");
    });

    it("fetches one that was named and is not here, unless offline", async () => {
      await expect(
        openAndClose({ kind: "named", model: "acme/toy" }, { offline: true }),
      ).rejects.toMatchObject({ code: "MODEL_NOT_INSTALLED" });
      await openAndClose({ kind: "named", model: "acme/toy" });
      expect(events[0]).toMatchObject({ kind: "fetch", title: "acme/toy" });
    });

    it("fetches a catalog's model again at the very commit that it was of", async () => {
      const manifest = await pull("acme/toy");
      const space = { model: manifest.id, revision: manifest.revision, dims: PUBLISHED_DIMS };
      await rm(pulledFolder(cacheDir, manifest), { recursive: true });
      await expect(
        openAndClose({ kind: "remembered", space, named: null }, { offline: true }),
      ).rejects.toMatchObject({
        code: "MODEL_NOT_INSTALLED",
        hint: `Run albumen models pull acme/toy@${manifest.origin.revision} --dtype fp32 once without --offline.`,
      });
      expect((await openAndClose({ kind: "remembered", space, named: null })).embedder.space).toEqual(space);
    });

    it("opens a model folder by its path", async () => {
      const model = pulledFolder(cacheDir, await pull("acme/toy"));
      const { embedder } = await openAndClose({ kind: "named", model }, { offline: true });
      expect(embedder.space.model).toBe("acme/toy");
    });
  });

  it("does not take a cancelled fetch for a reason to step down", async () => {
    await expect(openAndClose({ kind: "best" }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("steps down from a damaged trunk that may not be fetched again", async () => {
    const folder = partFolder(cacheDir, { id: "starter", revision: "1" }, "trunk");
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, "trunk.onnx"), "half a graph");
    const { embedder } = await openAndClose({ kind: "best" }, { offline: true });
    expect(embedder.space.model).toBe("mini");
    expect(events).toMatchObject([{ kind: "step-down", reason: expect.stringContaining("is damaged") }]);
  });

  it.skipIf(!starter.isAvailable)(titleOf("takes the starter when it is there", starter), async () => {
    const opened = await openAndClose({ kind: "best" }, valueOf(starter));
    expect(opened.embedder.space).toEqual({ model: "starter", revision: "1", dims: 768 });
    expect(opened.why).toBe("It is the best model that comes with Albumen.");
    const captioner = await opened.captioner!.open();
    expect(captioner.id).toBe("starter-captioner@1");
    await captioner.dispose();
  });
});
