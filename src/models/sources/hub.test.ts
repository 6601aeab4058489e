import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serve, startFakeHub, type FakeHub, type Handler } from "../../../test/fixtures/fake-hub.ts";
import { sha256Of } from "../cache.ts";
import type { HubSpec } from "../manifest.ts";
import { hubSource } from "./hub.ts";

const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
const CONFIG = new TextEncoder().encode('{"a":1}');
const signal = new AbortController().signal;
const silent = () => {};

let partsDir: string;
let hubs: FakeHub[];
beforeEach(async () => {
  partsDir = await mkdtemp(join(tmpdir(), "albumen-test-"));
  hubs = [];
});
afterEach(async () => {
  for (const hub of hubs) await hub.close();
  await rm(partsDir, { recursive: true });
});

const hubThat = async (handler: Handler) => {
  const hub = await startFakeHub(handler);
  hubs.push(hub);
  return hub;
};

const specOf = (sha256: string | null = null): HubSpec => ({
  kind: "hub",
  repo: "owner/model",
  revision: "main",
  files: { checkpoint: { path: "model.safetensors", bytes: null, sha256 } },
});

const sourceAt = (hub: FakeHub, spec: HubSpec = specOf(), more: Record<string, string> = {}) =>
  hubSource(spec, {
    partsDir,
    env: { HF_ENDPOINT: hub.url, ...more },
    openTimeoutMs: 300,
    stallTimeoutMs: 300,
  });

async function fetchAll(source: ReturnType<typeof hubSource>, onProgress: (done: number) => void = silent) {
  const opened = await source.open(signal);
  try {
    return await opened.download(onProgress);
  } finally {
    await opened.close();
  }
}

describe("hub source", () => {
  it("asks for the file at its revision and says how big it is before it travels", async () => {
    const hub = await hubThat((request, response) => serve(request, response, WEIGHTS));
    const opened = await sourceAt(hub).open(signal);
    expect(opened.sizeBytes).toBe(300_000);
    const files = await opened.download(silent);
    await opened.close();
    expect(hub.requests.map(({ path }) => path)).toEqual(["/owner/model/resolve/main/model.safetensors"]);
    expect(sha256Of(files.get("checkpoint")!)).toBe(sha256Of(WEIGHTS));
    expect(await readdir(partsDir)).toEqual([]);
  });

  it("brings every file and reports bytes up to their sum", async () => {
    const hub = await hubThat((request, response) =>
      serve(request, response, request.url!.endsWith("config.json") ? CONFIG : WEIGHTS),
    );
    const spec = specOf();
    spec.files["config.json"] = { path: "config.json", bytes: 7, sha256: sha256Of(CONFIG) };
    const seen: number[] = [];
    const files = await fetchAll(sourceAt(hub, spec), (done) => seen.push(done));
    expect([...files.keys()].sort()).toEqual(["checkpoint", "config.json"]);
    expect(seen.at(-1)).toBe(300_007);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("goes on where a broken connection stopped", async () => {
    const hub = await hubThat((request, response, attempt) =>
      serve(request, response, WEIGHTS, attempt === 1 ? 100_000 : Infinity),
    );
    const files = await fetchAll(sourceAt(hub, specOf(sha256Of(WEIGHTS))));
    expect(files.get("checkpoint")!.length).toBe(300_000);
    expect(hub.requests.map(({ range }) => range)).toEqual([undefined, "bytes=100000-"]);
  });

  it("keeps what it has for the next run, when the connection breaks again and again", async () => {
    let breakAfter = 50_000;
    const hub = await hubThat((request, response) => serve(request, response, WEIGHTS, breakAfter));
    await expect(fetchAll(sourceAt(hub))).rejects.toMatchObject({ code: "MODEL_FETCH_FAILED" });
    expect(await readdir(partsDir)).toHaveLength(1);
    breakAfter = Infinity;
    const asked = hub.requests.length;
    const files = await fetchAll(sourceAt(hub));
    expect(sha256Of(files.get("checkpoint")!)).toBe(sha256Of(WEIGHTS));
    // The first request asks for all, to learn the size and tag; the second for the rest alone.
    expect(hub.requests.slice(asked).map(({ range }) => range)).toEqual([undefined, "bytes=200000-"]);
    expect(await readdir(partsDir)).toEqual([]);
  });

  it("starts over when the file has changed in between", async () => {
    const changed = WEIGHTS.map((byte) => byte ^ 255);
    const hub = await hubThat((request, response, attempt) =>
      serve(request, response, attempt === 1 ? WEIGHTS : changed, attempt === 1 ? 100_000 : Infinity),
    );
    const files = await fetchAll(sourceAt(hub, specOf(sha256Of(changed))));
    expect(sha256Of(files.get("checkpoint")!)).toBe(sha256Of(changed));
  });

  it("refuses bytes with another hash and keeps nothing of them", async () => {
    const hub = await hubThat((request, response) => serve(request, response, WEIGHTS));
    await expect(fetchAll(sourceAt(hub, specOf(sha256Of(CONFIG))))).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
    });
    expect(await readdir(partsDir)).toEqual([]);
  });

  it("checks the hash that the hub states for a large file in its redirect", async () => {
    const storage = await hubThat((request, response) => serve(request, response, WEIGHTS));
    const stating = (hash: string) =>
      hubThat((_, response) =>
        response.writeHead(302, { location: `${storage.url}/blob`, "x-linked-etag": `"${hash}"` }).end(),
      );
    await expect(fetchAll(sourceAt(await stating(sha256Of(CONFIG))))).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
    });
    const files = await fetchAll(sourceAt(await stating(sha256Of(WEIGHTS))));
    expect(files.get("checkpoint")!.length).toBe(300_000);
  });

  it("sends the token to the hub and not along to where it redirects", async () => {
    const storage = await hubThat((request, response) => serve(request, response, WEIGHTS));
    const hub = await hubThat((_, response) =>
      response.writeHead(302, { location: `${storage.url}/blob` }).end(),
    );
    await fetchAll(sourceAt(hub, specOf(), { HF_TOKEN: "hf_secret" }));
    expect(hub.requests[0]!.authorization).toBe("Bearer hf_secret");
    expect(storage.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each([404, 500])("says that the hub answered %i", async (status) => {
    const hub = await hubThat((_, response) => response.writeHead(status).end("no"));
    await expect(sourceAt(hub).open(signal)).rejects.toMatchObject({
      code: "MODEL_FETCH_FAILED",
      message: expect.stringContaining(String(status)),
    });
  });

  it("asks for a token when the hub refuses, and never repeats the one it had", async () => {
    const hub = await hubThat((_, response) => response.writeHead(401).end());
    const failure = await sourceAt(hub, specOf(), { HF_TOKEN: "hf_secret" })
      .open(signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ hint: expect.stringContaining("HF_TOKEN") });
    expect(JSON.stringify(failure) + String(failure)).not.toContain("hf_secret");
  });

  it("does not go round in circles", async () => {
    const hub = await hubThat((request, response) =>
      response.writeHead(302, { location: request.url! }).end(),
    );
    await expect(sourceAt(hub).open(signal)).rejects.toMatchObject({ code: "MODEL_FETCH_FAILED" });
  });

  it("gives up on a hub that takes the connection but never answers", async () => {
    const hub = await hubThat(() => {});
    const start = Date.now();
    await expect(sourceAt(hub).open(signal)).rejects.toThrow();
    expect(Date.now() - start).toBeLessThan(2_000);
  });

  it("gives up on a body that stalls", async () => {
    const hub = await hubThat((_, response) => {
      response.writeHead(200, { "content-length": 1_000 });
      response.write("ten bytes.");
    });
    await expect(fetchAll(sourceAt(hub))).rejects.toMatchObject({ code: "MODEL_FETCH_FAILED" });
  });

  it("stops at once when the signal fires, and keeps what it has", async () => {
    const hub = await hubThat((_, response) => {
      response.writeHead(200, { "content-length": WEIGHTS.length, etag: '"a"' });
      response.write(WEIGHTS.subarray(0, 100_000));
    });
    const control = new AbortController();
    const opened = await sourceAt(hub).open(control.signal);
    const download = opened.download((done) => {
      if (done >= 100_000) control.abort();
    });
    await expect(download).rejects.toMatchObject({ code: "ABORTED" });
    await opened.close();
    expect(await readdir(partsDir)).toHaveLength(1);
  });

  it("refuses an endpoint that is not a URL", async () => {
    const source = hubSource(specOf(), { partsDir, env: { HF_ENDPOINT: "not a url" } });
    await expect(source.open(signal)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("shows the host of an endpoint, not the password in it", () => {
    const source = hubSource(specOf(), { partsDir, env: { HF_ENDPOINT: "https://me:secret@hub.test/x" } });
    expect(source.place).toBe("hub.test (owner/model)");
  });
});
