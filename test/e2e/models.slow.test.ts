/** `albumen models` as a person uses it, against a model hub on the loopback: pull, list, use, verify, remove. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  commitOf,
  filesIn,
  startFakeModelHub,
  type FakeModelHub,
  type FakeModelHubOptions,
  type FakeRepository,
} from "../fixtures/fake-model-hub.ts";
import { publishedModel } from "../fixtures/published-model.ts";
import { jsonLines, openDesk, type Desk } from "../support/cli.ts";
import { sharedOrSkip } from "../support/packs.ts";
import { writePictures } from "../support/pictures.ts";
import { titleOf, valueOf } from "../support/skip.ts";

const shared = sharedOrSkip("reference/models");

const hubs: FakeModelHub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

/** A desk that may ask the hub, and no model is named. */
async function deskAt(
  repositories: Readonly<Record<string, FakeRepository>>,
  options?: FakeModelHubOptions,
): Promise<{ desk: Desk; hub: FakeModelHub }> {
  const hub = await startFakeModelHub(repositories, options);
  hubs.push(hub);
  const desk = openDesk();
  Object.assign(desk.env, { HF_ENDPOINT: hub.url, ALBUMEN_OFFLINE: "0" });
  delete desk.env["ALBUMEN_MODEL"];
  return { desk, hub };
}

describe.skipIf(!shared.isAvailable)(titleOf("with the small models of the reference", shared), () => {
  let clip: FakeRepository;
  let blip: FakeRepository;
  beforeAll(() => {
    clip = { files: filesIn(join(valueOf(shared), "tiny-clip")), licence: "mit" };
    blip = { files: filesIn(join(valueOf(shared), "tiny-blip")), licence: "bsd-3-clause" };
  });

  it("pulls an encoder, organises with it and goes on with it, offline from then on", async () => {
    const { desk, hub } = await deskAt({ "acme/tiny-clip": clip });
    await writePictures(desk.path("photos"));
    const said = await desk.run(["models", "pull", "acme/tiny-clip"]);
    expect(said.stderr).toMatch(/^Fetching once: acme\/tiny-clip, 1\.3 MB, mit, from 127\.0\.0\.1/m);
    expect(said.stdout).toMatch(/^acme\/tiny-clip@[0-9a-f]{12}-q8\.1 +encoder +by a pull/);

    const asked = hub.requests.length;
    const offline = ["--offline"];
    await desk.albumen(["organize", "photos", "--model", "acme/tiny-clip", "--out", "out", ...offline]);
    const { model } = JSON.parse(readFileSync(desk.path("out", "albums.json"), "utf8")) as { model: object };
    expect(model).toEqual({ model: "acme/tiny-clip", revision: `${commitOf(clip.files)}-q8.1`, dims: 32 });

    await writePictures(desk.path("more"), { kinds: ["night"], each: 3, from: 100 });
    const added = await desk.json(["add", "../more", ...offline], { cwd: desk.path("out") });
    expect(added.at(-1)).toMatchObject({ event: "summary", added: 3 });
    expect(hub.requests).toHaveLength(asked);
  });

  it("asks before it takes the recommended pair, and takes it with --yes", async () => {
    const { desk, hub } = await deskAt({
      "openai/clip-vit-base-patch32": clip,
      "Salesforce/blip-image-captioning-base": blip,
    });
    const unasked = await desk.run(["models", "pull", "recommended"]);
    expect(unasked.code).toBe(2);
    expect(unasked.stdout).toMatch(/openai\/clip-vit-base-patch32 +1\.\d MB to fetch, .* to keep +mit/);
    expect(unasked.stdout).toMatch(/blip-image-captioning-base +0\.\d MB to fetch, .* +bsd-3-clause/);
    expect(unasked.stderr).toContain("--yes");
    expect(hub.cdnRequests).toEqual([]);

    await desk.albumen(["models", "pull", "recommended", "--yes"]);
    await writePictures(desk.path("photos"));
    await desk.albumen(["organize", "photos", "--out", "out", "--offline"]);
    const { model, albums } = JSON.parse(readFileSync(desk.path("out", "albums.json"), "utf8")) as {
      model: { model: string };
      albums: { representatives: { caption: string | null }[] }[];
    };
    // Both are taken by themselves: they are known, and better than what comes with Albumen.
    expect(model.model).toBe("openai/clip-vit-base-patch32");
    const captions = albums.flatMap(({ representatives }) => representatives.map(({ caption }) => caption));
    expect(captions.some((caption) => caption !== null && caption !== "")).toBe(true);
    // Once more, with both here, there is nothing to ask.
    await desk.albumen(["models", "pull", "recommended"]);
  });
});

describe("albumen models", () => {
  it("lists, says where, verifies and removes what was pulled", async () => {
    const { desk } = await deskAt({ "acme/toy": { files: publishedModel() } });
    await desk.albumen(["models", "pull", "acme/toy", "--dtype", "fp32"]);
    const listed = await desk.json(["models", "list"]);
    expect(listed.filter(({ event }) => event === "model").map(({ id }) => id)).toEqual([
      "starter",
      "mini",
      "acme/toy",
    ]);
    const folder = (await desk.albumen(["models", "where", "acme/toy"])).trim();
    expect(readdirSync(folder).sort()).toEqual(["model.json", "vision.onnx"]);

    expect(await desk.albumen(["models", "verify", "acme/toy"])).toContain("as it should be");
    const graph = join(folder, "vision.onnx");
    const bytes = Uint8Array.from(readFileSync(graph));
    writeFileSync(graph, bytes.with(200, bytes[200]! ^ 1));
    const verified = await desk.run(["models", "verify", "acme/toy"]);
    expect([verified.code, verified.stdout]).toEqual([
      1,
      expect.stringContaining("vision.onnx is not what it should be"),
    ]);
    await writePictures(desk.path("photos"), { each: 2 });
    const used = await desk.run(["organize", "photos", "--model", "acme/toy", "--out", "out"]);
    expect([used.code, used.stderr]).toEqual([1, expect.stringContaining("albumen models remove acme/toy")]);

    expect(await desk.albumen(["models", "remove", "acme/toy"])).toContain("1 folder of acme/toy removed");
    expect((await desk.run(["models", "remove", "acme/toy"])).code).toBe(1);
  });

  it("goes on with a download that was killed, and makes the model", async () => {
    const files = publishedModel({ ballastBytes: 3_000_000 });
    const weights = files.get("model.safetensors")!;
    const { desk, hub } = await deskAt(
      { "acme/toy": { files } },
      {
        // The first time two megabytes come, and then nothing more.
        beforeCdn: (_, response, attempt) => {
          if (attempt > 1) return false;
          response.writeHead(200, { "content-length": weights.length, etag: etagOf(weights) });
          return response.write(weights.subarray(0, 2_000_000)) || true;
        },
      },
    );
    const killed = await desk.run(["models", "pull", "acme/toy", "--json"], {
      interrupt: { when: /"done":2/, signal: "SIGKILL" },
    });
    expect(killed.code).toBeNull();
    await desk.albumen(["models", "pull", "acme/toy"]);
    expect(hub.cdnRequests.at(-1)!.range).toMatch(/^bytes=\d{6,7}-$/);
    expect(await desk.albumen(["models", "verify", "acme/toy"])).toContain("as it should be");
    expect(readdirSync(join(desk.env["ALBUMEN_CACHE"]!, "downloads"))).toEqual([]);
  });

  it("leaves nothing that counts when it is killed while it converts", async () => {
    const { desk } = await deskAt({ "acme/toy": { files: publishedModel() } });
    const killed = await desk.run(["models", "pull", "acme/toy"], {
      interrupt: { when: /Converting/, signal: "SIGKILL" },
    });
    expect(killed.code).toBeNull();
    const listed = await desk.json(["models", "list"]);
    const here = listed.filter(({ event, comes }) => event === "model" && comes === "by a pull");
    // It may have been quicker than the signal; then the model is whole.
    for (const { id } of here) await desk.albumen(["models", "verify", String(id)]);
    expect(listed.filter(({ event }) => event === "damaged")).toEqual([]);
    await desk.albumen(["models", "pull", "acme/toy"]);
    await desk.albumen(["models", "verify", "acme/toy"]);
  });

  it("tells apart what it cannot do: no such model, no such kind, offline, no id", async () => {
    const { desk } = await deskAt({
      "acme/speech": { files: publishedModel({ config: { model_type: "wav2vec2" } }) },
    });
    const ends = async (...args: string[]) => {
      const { code, stdout } = await desk.run([...args, "--json"]);
      return [code, jsonLines(stdout).at(-1)!["code"]];
    };
    expect(await ends("models", "pull", "acme/nothing")).toEqual([1, "MODEL_UNKNOWN"]);
    expect(await ends("models", "pull", "acme/speech")).toEqual([1, "MODEL_INCOMPATIBLE"]);
    expect(await ends("models", "pull", "acme/speech", "--offline")).toEqual([1, "MODEL_NOT_INSTALLED"]);
    expect(await ends("models", "pull", "two words")).toEqual([1, "MODEL_UNKNOWN"]);
    expect(await ends("models", "pull")).toEqual([2, "USAGE"]);
    expect((await desk.run(["models", "pull", "acme/speech", "--dtype", "fp8"])).code).toBe(2);
  });
});

function etagOf(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}
