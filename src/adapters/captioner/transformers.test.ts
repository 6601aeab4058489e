import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCaptioner } from "../../../test/conformance/captioner.ts";
import { drawPicture } from "../../../test/conformance/embedder.ts";
import { writeTinyVitGpt2 } from "../../../test/fixtures/tiny-vit-gpt2.ts";
import { openTransformersCaptioner, transformersCaptionerId } from "./transformers.ts";

let folder: string;
const options = (more: { offline?: boolean; signal?: AbortSignal } = {}) => ({
  cacheDir: join(folder, "cache"),
  offline: true,
  signal: new AbortController().signal,
  onEvent: () => {},
  threads: 1,
  ...more,
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "albumen-transformers-"));
  await writeTinyVitGpt2(join(folder, "vit-gpt2"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

testCaptioner("transformers", {
  create: () => openTransformersCaptioner(join(folder, "vit-gpt2"), options()),
});

describe("the captioner over transformers.js", () => {
  it("looks at the picture: other pictures, other words", async () => {
    const captioner = await openTransformersCaptioner(join(folder, "vit-gpt2"), options());
    const pictures = [1, 2, 3, 4, 5, 6].map((seed) => drawPicture(captioner.input.side, seed));
    const captions = await captioner.caption(pictures, { signal: new AbortController().signal });
    expect(new Set(captions.map((caption) => JSON.stringify(caption))).size).toBeGreaterThan(1);
    expect(captioner.id).toBe(transformersCaptionerId(join(folder, "vit-gpt2")));
    await captioner.dispose();
  });

  it("stops while it writes when the signal fires", async () => {
    const captioner = await openTransformersCaptioner(join(folder, "vit-gpt2"), options());
    const controller = new AbortController();
    const pictures = [1, 2, 3].map((seed) => drawPicture(captioner.input.side, seed));
    const captions = captioner.caption(pictures, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(captions).rejects.toMatchObject({ code: "ABORTED" });
    await captioner.dispose();
  });

  it("fetches nothing while offline, and says so", async () => {
    await expect(openTransformersCaptioner("toys/absent", options())).rejects.toMatchObject({
      code: "MODEL_NOT_INSTALLED",
      hint: expect.stringContaining("--offline"),
    });
  });

  it("refuses families that it does not ask for captions", async () => {
    const other = join(folder, "other");
    await writeTinyVitGpt2(other);
    await writeFile(join(other, "config.json"), JSON.stringify({ model_type: "bert" }));
    await expect(openTransformersCaptioner(other, options())).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("is a bert"),
    });
  });

  it("says which model it is whose graph cannot be loaded", async () => {
    const broken = join(folder, "broken");
    await writeTinyVitGpt2(broken);
    await writeFile(join(broken, "onnx", "encoder_model_quantized.onnx"), "half a graph");
    await expect(openTransformersCaptioner(broken, options())).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
      message: expect.stringContaining(broken),
    });
  });

  it("leaves the library's own folders alone", async () => {
    const library = join(import.meta.dirname, "../../../node_modules/@huggingface/transformers");
    expect(await readdir(library)).not.toContain(".cache");
  });
});
