import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  commitOf,
  filesIn,
  startFakeModelHub,
  type FakeModelHub,
  type FakeModelHubOptions,
  type FakeRepository,
} from "../../test/fixtures/fake-model-hub.ts";
import { PUBLISHED_DIMS, publishedModel } from "../../test/fixtures/published-model.ts";
import { sharedOrSkip } from "../../test/support/packs.ts";
import { titleOf, valueOf } from "../../test/support/skip.ts";
import { serve } from "../../test/fixtures/fake-hub.ts";
import { dot, rowOf } from "../core/vectors.ts";
import { readConcepts } from "./concepts.ts";
import type { ModelEvent } from "./events.ts";
import { parseModelId, type PublishedId } from "./model-id.ts";
import { openModel } from "./model.ts";
import { offerModel, type PullOptions } from "./pull.ts";
import { listPulled } from "./pulled.ts";
import { openTextTower } from "./text-tower.ts";

const shared = sharedOrSkip("reference/models");

let cacheDir: string;
let events: ModelEvent[];
let hub: FakeModelHub;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "albumen-test-"));
  events = [];
});
afterEach(async () => {
  await hub?.close();
  await rm(cacheDir, { recursive: true });
});

async function hubWith(repository: FakeRepository, options?: FakeModelHubOptions): Promise<void> {
  hub = await startFakeModelHub({ "acme/toy": repository }, { largeFrom: 2_000, ...options });
}

const optionsOf = (more: Partial<PullOptions> = {}): PullOptions => ({
  cacheDir,
  offline: false,
  signal: new AbortController().signal,
  onEvent: (event) => events.push(event),
  dtype: "fp32",
  env: { HF_ENDPOINT: hub?.url },
  ...more,
});

async function pull(id: string, more: Partial<PullOptions> = {}) {
  return (await offerModel(parseModelId(id) as PublishedId, optionsOf(more))).accept();
}

const inCache = async (folder: string) => (await readdir(join(cacheDir, folder)).catch(() => [])).sort();

describe("pulling from a hub", () => {
  it("makes a model folder, pinned to the commit that the hub named", async () => {
    const files = publishedModel();
    await hubWith({ files, licence: "apache-2.0" });
    const { folder, manifest } = await pull("acme/toy");
    const commit = commitOf(files);
    expect(manifest).toMatchObject({
      id: "acme/toy",
      revision: `${commit}-fp32.1`,
      kind: "encoder",
      dims: PUBLISHED_DIMS,
      licence: "apache-2.0",
      origin: { source: "acme/toy", revision: commit, dtype: "fp32" },
    });
    // What was read is written down; the card was not needed.
    expect(Object.keys(manifest.origin.fetched).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
    ]);
    expect(await inCache("pulled")).toEqual([`acme--toy@${commit.slice(0, 12)}-fp32.1`]);
    expect(await inCache("downloads")).toEqual([]);
    const model = await openModel(folder, { ...optionsOf(), offline: true });
    expect((await model.read("vision.onnx")).length).toBeGreaterThan(1_000);
    expect(hub.requests.filter(({ path }) => path.includes("/resolve/main/"))).toEqual([]);
  });

  it("says what travels, from where, under which licence, before it does", async () => {
    const files = publishedModel();
    await hubWith({ files });
    const offer = await offerModel(parseModelId("acme/toy") as PublishedId, optionsOf());
    const needed = ["config.json", "preprocessor_config.json", "model.safetensors"];
    const bytes = needed.reduce((sum, name) => sum + files.get(name)!.length, 0);
    expect(offer).toMatchObject({
      id: "acme/toy",
      revision: commitOf(files),
      licence: "licence not stated",
      downloadBytes: bytes,
      isHere: false,
    });
    await offer.decline();
    expect(hub.cdnRequests).toEqual([]);
  });

  it("asks for the commit alone when the model is here already", async () => {
    await hubWith({ files: publishedModel() });
    const first = await pull("acme/toy");
    const asked = hub.cdnRequests.length;
    const again = await pull("acme/toy");
    expect(again.folder).toBe(first.folder);
    expect(hub.cdnRequests).toHaveLength(asked);
  });

  it("takes a branch that has moved on for another model, and keeps the old one", async () => {
    const repository = { files: publishedModel() };
    await hubWith(repository);
    await pull("acme/toy");
    repository.files = publishedModel({ seed: 2 });
    await pull("acme/toy");
    expect((await listPulled(cacheDir)).models).toHaveLength(2);
  });

  it("keeps each way of storing weights in a space of its own", async () => {
    await hubWith({ files: publishedModel() });
    for (const dtype of ["fp32", "fp16", "q8"] as const) await pull("acme/toy", { dtype });
    const { models } = await listPulled(cacheDir);
    expect(models.map(({ manifest }) => manifest.revision.split("-")[1]).sort()).toEqual([
      "fp16.1",
      "fp32.1",
      "q8.1",
    ]);
  });

  it("can be done twice at once", async () => {
    await hubWith({ files: publishedModel({ ballastBytes: 300_000 }) });
    const both = await Promise.all([pull("acme/toy"), pull("acme/toy")]);
    expect(both[0]!.folder).toBe(both[1]!.folder);
    expect(await inCache("pulled")).toHaveLength(1);
    expect(await inCache("downloads")).toEqual([]);
  });

  it("goes on where a broken connection stopped", async () => {
    const weights = publishedModel({ ballastBytes: 300_000 });
    const bytes = weights.get("model.safetensors")!;
    await hubWith(
      { files: weights },
      {
        beforeCdn: (request, response, attempt) => {
          if (attempt > 1) return false;
          serve(request, response, bytes, 100_000);
          return true;
        },
      },
    );
    await pull("acme/toy");
    expect(hub.cdnRequests.map(({ range }) => range)).toEqual([undefined, "bytes=100000-"]);
  });

  it("refuses bytes that are not what the hub said, keeps none of them, and makes no model", async () => {
    const flip = (bytes: Uint8Array) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1);
    await hubWith({ files: publishedModel() }, { tamper: flip });
    await expect(pull("acme/toy")).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
      message: expect.stringContaining("model.safetensors"),
    });
    expect(await inCache("pulled")).toEqual([]);
    // config.json was right and is kept for the next time.
    expect(await inCache("downloads")).toHaveLength(1);
  });

  it("says that there is no such model, or no such revision", async () => {
    await hubWith({ files: publishedModel() });
    await expect(pull("acme/other")).rejects.toMatchObject({
      code: "MODEL_UNKNOWN",
      message: expect.stringContaining("acme/other"),
    });
    await expect(pull("acme/toy@v9")).rejects.toMatchObject({
      message: expect.stringContaining("acme/toy@v9"),
    });
  });

  it("says what a refusal may mean, and never repeats the token", async () => {
    await hubWith(
      { files: publishedModel() },
      { before: (_, response) => Boolean(response.writeHead(401).end()) },
    );
    const failure: unknown = await pull("acme/toy", {
      env: { HF_ENDPOINT: hub.url, HF_TOKEN: "hf_secret" },
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "MODEL_FETCH_FAILED",
      hint: expect.stringMatching(/no such model, or it is private.*HF_TOKEN/),
    });
    expect(JSON.stringify([failure, events]) + String(failure)).not.toContain("hf_secret");
  });

  it("sends the token to the hub and not along to its CDN", async () => {
    await hubWith({ files: publishedModel() });
    await pull("acme/toy", { env: { HF_ENDPOINT: hub.url, HF_TOKEN: "hf_secret" } });
    expect(new Set(hub.requests.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer hf_secret"]),
    );
    expect(hub.cdnRequests.length).toBeGreaterThan(0);
    for (const { authorization } of hub.cdnRequests) expect(authorization).toBeUndefined();
  });

  it("waits as long as a busy hub asks, and tries again", async () => {
    await hubWith(
      { files: publishedModel() },
      {
        before: (_, response, attempt) =>
          attempt === 1 && Boolean(response.writeHead(429, { "retry-after": "0" }).end()),
      },
    );
    await pull("acme/toy");
    expect(hub.requests[0]!.path).toBe(hub.requests[1]!.path);
  });

  it("does not wait for an hour, but says so", async () => {
    await hubWith(
      { files: publishedModel() },
      { before: (_, response) => Boolean(response.writeHead(429, { "retry-after": "3600" }).end()) },
    );
    await expect(pull("acme/toy")).rejects.toMatchObject({
      code: "MODEL_FETCH_FAILED",
      message: expect.stringContaining("429"),
      hint: expect.stringContaining("3600 s"),
      isRetryable: true,
    });
  });

  it("stops at once when it is cancelled, and keeps what it has", async () => {
    await hubWith(
      { files: publishedModel({ ballastBytes: 300_000 }) },
      {
        beforeCdn: (_, response) => {
          response.writeHead(200, { "content-length": 300_000, etag: '"a"' });
          return response.write(new Uint8Array(50_000)) || true;
        },
      },
    );
    const control = new AbortController();
    const onEvent = (event: ModelEvent) => {
      if (event.kind === "progress" && event.doneBytes > 50_000) control.abort();
    };
    await expect(pull("acme/toy", { signal: control.signal, onEvent })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect((await inCache("downloads")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    // config.json, whole, and half of the weights
    expect(await inCache("downloads")).toHaveLength(2);
  });

  it("fetches nothing large when the disk has no room for it", async () => {
    await hubWith({ files: publishedModel({ ballastBytes: 300_000 }) });
    await expect(pull("acme/toy", { freeBytes: () => Promise.resolve(350_000) })).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringMatching(/needs 0\.6 MB.*has 0\.3 MB|needs 0\.6 MB.*has 0\.4 MB/),
      hint: expect.stringContaining("ALBUMEN_CACHE"),
    });
    expect(hub.cdnRequests).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)(
    "says that the cache cannot be written (skipped as root, who may write anywhere)",
    async () => {
      await hubWith({ files: publishedModel() });
      await chmod(cacheDir, 0o500);
      await expect(pull("acme/toy")).rejects.toMatchObject({ code: "CACHE_UNWRITABLE" });
      await chmod(cacheDir, 0o700);
    },
  );

  it("says that the cache is a file", async () => {
    await hubWith({ files: publishedModel() });
    const file = join(cacheDir, "file");
    await writeFile(file, "");
    await expect(pull("acme/toy", { cacheDir: file })).rejects.toMatchObject({ code: "CACHE_UNWRITABLE" });
  });

  it("takes the owners' branch that has weights where the main one has none", async () => {
    const { "model.safetensors": _, ...rest } = Object.fromEntries(publishedModel());
    await hubWith({
      files: new Map([...Object.entries(rest), ["flax_model.msgpack", new Uint8Array(9)]]),
      branches: { old: new Map(Object.entries(rest)), safetensors: publishedModel() },
    });
    const { manifest } = await pull("acme/toy");
    expect(manifest.origin.revision).toBe(commitOf(publishedModel()));
    // A revision that a person named is that one or an error.
    await expect(pull("acme/toy@main")).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE" });
  });

  it("touches no network when offline", async () => {
    await hubWith({ files: publishedModel() });
    await expect(pull("acme/toy", { offline: true })).rejects.toMatchObject({
      code: "MODEL_NOT_INSTALLED",
      hint: "Run albumen models pull acme/toy once without --offline.",
    });
    expect(hub.requests).toEqual([]);
  });

  it("goes through the proxy that the environment names, and past it where that says so", async () => {
    await hubWith({ files: publishedModel() });
    const tunnels: string[] = [];
    const proxy: Server = createServer().on("connect", (request, socket) => {
      tunnels.push(request.url!);
      const [host, port] = request.url!.split(":");
      const through = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        through.pipe(socket).pipe(through);
      });
      for (const end of [socket, through]) end.on("error", () => end.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await pull("acme/toy", { env: { HF_ENDPOINT: hub.url, HTTP_PROXY: address } });
    expect(tunnels).toContain(new URL(hub.url).host);
    const seen = tunnels.length;
    await pull("acme/toy", {
      env: { HF_ENDPOINT: hub.url, HTTP_PROXY: address, NO_PROXY: "127.0.0.1" },
      dtype: "q8",
    });
    expect(tunnels).toHaveLength(seen);
    await new Promise((resolve) => proxy.close(resolve));
  });
});

describe("pulling from a folder", () => {
  async function folderWith(files: ReadonlyMap<string, Uint8Array>): Promise<string> {
    const folder = join(cacheDir, "published", "toy");
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    return folder;
  }

  it("works offline, and pins the model by what the files hold", async () => {
    const folder = await folderWith(publishedModel());
    const first = await pull(folder, { offline: true });
    expect(first.manifest.id).toBe("folder:toy");
    expect((await pull(folder, { offline: true })).folder).toBe(first.folder);
    await folderWith(publishedModel({ seed: 2 }));
    expect((await pull(folder, { offline: true })).folder).not.toBe(first.folder);
  });

  it.each([
    [
      "has no config.json",
      new Map([["model.safetensors", publishedModel().get("model.safetensors")!]]),
      "MODEL_INCOMPATIBLE",
      /no config\.json/,
    ],
    [
      "is of a type that nobody knows",
      publishedModel({ config: { model_type: "wav2vec2" } }),
      "MODEL_INCOMPATIBLE",
      /type wav2vec2/,
    ],
    [
      "names a tensor otherwise",
      publishedModel({ rename: { "layernorm.weight": "norm.weight" } }),
      "MODEL_INCOMPATIBLE",
      /no tensor layernorm\.weight/,
    ],
    [
      "says another width than its weights have",
      publishedModel({ config: { hidden_size: 16 } }),
      "MODEL_INCOMPATIBLE",
      /has shape \[.*8.*\] instead of \[.*16.*\]/,
    ],
    [
      "has no weights",
      new Map([...publishedModel()].filter(([name]) => name !== "model.safetensors")),
      "MODEL_INCOMPATIBLE",
      /weights|model\.safetensors/,
    ],
    [
      "has weights that were cut off",
      new Map(
        [...publishedModel()].map(([name, bytes]) => [
          name,
          name === "model.safetensors" ? bytes.subarray(0, -100) : bytes,
        ]),
      ),
      "CHECKPOINT_INVALID",
      /./,
    ],
    [
      "has a config.json that is none",
      new Map([...publishedModel(), ["config.json", new TextEncoder().encode("{")]]),
      "MODEL_CORRUPT",
      /config\.json/,
    ],
    [
      "has weights that are not numbers",
      publishedModel({ weights: Number.NaN }),
      "MODEL_CORRUPT",
      /numbers that are none/,
    ],
  ])("says what is wrong when the model %s", async (_, files, code, message) => {
    const folder = await folderWith(files);
    await expect(pull(folder)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await inCache("pulled")).toEqual([]);
  });

  it("says that a finished graph was cut off", async () => {
    const first = await pull(await folderWith(publishedModel()));
    const model = await openModel(first.folder, { ...optionsOf(), offline: true });
    const files = publishedModel();
    files.delete("model.safetensors");
    const folder = await folderWith(files);
    await rm(join(folder, "model.safetensors"));
    await mkdir(join(folder, "onnx"));
    await writeFile(
      join(folder, "onnx", "model.onnx"),
      (await model.read("vision.onnx")).subarray(0, -2_000),
    );
    await expect(pull(folder)).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
      message: expect.stringContaining("model.onnx"),
    });
  });

  describe.skipIf(!shared.isAvailable)(titleOf("with towers for texts", shared), () => {
    const tiny = (name: string) => filesIn(join(valueOf(shared), name));

    it.each([
      ["too few words", "tiny-siglip"],
      ["too few words, of another kind", "tiny-blip"],
    ])("finds a tokenizer of another model (%s)", async (_, other) => {
      const files = tiny("tiny-clip");
      const foreign = tiny(other);
      for (const name of ["tokenizer.json", "tokenizer_config.json"]) files.set(name, foreign.get(name)!);
      await expect(pull(await folderWith(files))).rejects.toMatchObject({
        code: "MODEL_INCOMPATIBLE",
        hint: "tokenizer.json belongs to another model than the weights.",
      });
    });

    it("finds it for a captioner too", async () => {
      const files = tiny("tiny-blip");
      const foreign = tiny("tiny-clip");
      for (const name of ["tokenizer.json", "tokenizer_config.json"]) files.set(name, foreign.get(name)!);
      await expect(pull(await folderWith(files))).rejects.toMatchObject({
        message: "The tokenizer has 824 words, and the captioner knows 497.",
      });
    });

    it("finds a tokenizer with words that the network has no room for", async () => {
      const files = tiny("tiny-siglip");
      const foreign = tiny("tiny-clip");
      for (const name of ["tokenizer.json", "tokenizer_config.json"]) files.set(name, foreign.get(name)!);
      await expect(pull(await folderWith(files))).rejects.toMatchObject({
        code: "MODEL_INCOMPATIBLE",
        hint: "tokenizer.json belongs to another model than the weights.",
      });
    });

    it("says that the tokenizer is missing", async () => {
      const files = tiny("tiny-clip");
      files.delete("tokenizer.json");
      await expect(pull(await folderWith(files))).rejects.toMatchObject({
        code: "MODEL_INCOMPATIBLE",
        message: expect.stringContaining("tokenizer.json"),
      });
    });

    it("gives a model that reads texts the words to name albums with, and says that nothing is known of them", async () => {
      const { folder, manifest } = await pull(await folderWith(tiny("tiny-clip")));
      expect(events.map(({ kind }) => kind)).toContain("teach");
      const model = await openModel(folder, { ...optionsOf(), offline: true });
      const table = (await readConcepts(model))!;
      expect(table.isUnmeasured).toBe(true);
      expect(table.vectors.dims).toBe(manifest.kind === "encoder" ? manifest.dims : 0);
      expect(table.concepts.map(({ text }) => text)).toContain("dog");
      // A word stands where the tower itself puts it.
      const tower = await openTextTower(model);
      const [dog, row] = ["dog", table.concepts.findIndex(({ text }) => text === "dog")];
      const read = await tower.encode([`a photo of ${dog}`], { signal: new AbortController().signal });
      await tower.dispose();
      expect(dot(rowOf(read, 0), rowOf(table.vectors, row))).toBeGreaterThan(0.99999);
    });

    it("takes the same weights from pytorch_model.bin as from model.safetensors", async () => {
      const files = tiny("tiny-blip");
      const { "pytorch_model.bin": bin, "model.safetensors": safe, ...rest } = Object.fromEntries(files);
      const graphs: string[] = [];
      for (const [name, bytes] of [
        ["pytorch_model.bin", bin],
        ["model.safetensors", safe],
      ] as const) {
        const folder = await folderWith(new Map([...Object.entries(rest), [name, bytes!]]));
        const { manifest } = await pull(folder);
        graphs.push(JSON.stringify(manifest.files));
        await rm(folder, { recursive: true });
      }
      expect(graphs[0]).toBe(graphs[1]);
    });
  });

  it("says that a folder is not there", async () => {
    await expect(pull(join(cacheDir, "nowhere"))).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  });
});
