import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCaptioner } from "../../../test/conformance/captioner.ts";
import { drawPicture } from "../../../test/conformance/embedder.ts";
import { publishedFiles, TOY_BLIP, toyBlipFiles } from "../../../test/fixtures/random-blip.ts";
import { openConverted, type OpenedModel } from "../../../test/support/converted-model.ts";
import { blip } from "../../models/architectures/blip.ts";
import type { Graph } from "../../models/graph.ts";
import { asCaptioner } from "../../models/manifest.ts";
import { openBundledModel } from "../../models/model.ts";
import { Tensor } from "../../models/onnxruntime.ts";
import { blipStep, rememberPictures } from "./blip-step.ts";
import { blipCaptionerId, createBlipCaptioner } from "./blip.ts";

const signal = new AbortController().signal;
let model: OpenedModel;
beforeAll(async () => {
  const files = publishedFiles(toyBlipFiles());
  model = await openConverted(await blip.convert(TOY_BLIP, files, { dtype: "fp32", signal }), "toys/blip");
});
afterAll(() => model?.remove());

testCaptioner("blip", { create: () => createBlipCaptioner(model) });

describe("the BLIP captioner", () => {
  it("is called after its model, revision and prompt", async () => {
    const manifest = asCaptioner(model.manifest);
    expect(blipCaptionerId(manifest)).toBe("toys/blip@1");
    const captioner = await createBlipCaptioner(model, { prompt: "a photo of" });
    expect(captioner.id).toBe("toys/blip@1:a%20photo%20of");
    await captioner.dispose();
  });

  it("goes on from the words it is given", async () => {
    const captioner = await createBlipCaptioner(model, { prompt: "A photo of" });
    const [caption] = await captioner.caption([drawPicture(32, 1)], { signal });
    expect(caption).toMatchObject({ text: expect.stringMatching(/^a photo of /) });
    await captioner.dispose();
  });

  it("refuses a model that writes no captions", async () => {
    const mini = await openBundledModel("mini", {
      cacheDir: "/nonexistent",
      offline: true,
      signal,
      onEvent: () => {},
    });
    await expect(createBlipCaptioner(mini)).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE" });
  });
});

describe("what the decoder remembers", () => {
  /** Its keys of a picture are the pixel of it. */
  const echo = (seen: Record<string, Tensor>[]): Graph => ({
    inputs: ["pixel_values"],
    outputs: ["image_states", "cross.0.key", "cross.0.value"],
    async run(feeds) {
      seen.push(feeds);
      const key = feeds["pixel_values"] ?? pixel(0);
      return { image_states: key, "cross.0.key": key, "cross.0.value": key, logits: pixel(0) };
    },
    dispose: () => Promise.resolve(),
  });
  const pixel = (value: number) => new Tensor("float32", Float32Array.of(value), [1, 1, 1, 1]);
  const shape = { layers: 1, heads: 1, headDims: 1 };

  it("holds the keys of the pictures that are not done, and of no others", async () => {
    const memory = await rememberPictures(echo([]), [1, 2, 3, 4].map(pixel), signal);
    const keys = (pictures: number[]) => [...(memory.of(pictures)["cross.0.key"]!.data as Float32Array)];
    expect(keys([0, 1, 2, 3])).toEqual([1, 2, 3, 4]);
    expect(keys([1, 3])).toEqual([2, 4]);
    expect(keys([1, 3])).toEqual([2, 4]);
    expect(keys([3])).toEqual([4]);
  });

  it("asks for whole prefixes once, then for the last token of each and the row it goes on from", async () => {
    const seen: Record<string, Tensor>[] = [];
    const memory = await rememberPictures(echo([]), [pixel(1)], signal);
    const step = blipStep(echo(seen), memory, shape, signal);
    await step([{ item: 0, tokens: [7, 8], parent: null }]);
    await step([
      { item: 0, tokens: [7, 8, 5], parent: 0 },
      { item: 0, tokens: [7, 8, 6], parent: 0 },
    ]);
    await step([
      { item: 0, tokens: [7, 8, 6, 1], parent: 1 },
      { item: 0, tokens: [7, 8, 5, 2], parent: 0 },
    ]);
    const fed = (name: string) =>
      seen.map((feeds) => Array.from(feeds[name]!.data as BigInt64Array, Number).join());
    expect(fed("input_ids")).toEqual(["7,8", "5,6", "1,2"]);
    expect(fed("parents")).toEqual(["0", "0,0", "1,0"]);
    expect(seen[0]!["past.0.key"]!.dims).toEqual([1, 1, 0, 1]);
  });

  it("stops between two pictures and between two tokens when the signal fires", async () => {
    const seen: Record<string, Tensor>[] = [];
    const controller = new AbortController();
    const graph = echo(seen);
    const firing: Graph = {
      ...graph,
      run: (feeds) => {
        controller.abort();
        return graph.run(feeds);
      },
    };
    await expect(rememberPictures(firing, [1, 2, 3].map(pixel), controller.signal)).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(seen.length).toBe(1);

    const again = new AbortController();
    const memory = await rememberPictures(graph, [pixel(1)], again.signal);
    const step = blipStep(graph, memory, shape, again.signal);
    await step([{ item: 0, tokens: [7], parent: null }]);
    again.abort();
    await expect(step([{ item: 0, tokens: [7, 1], parent: 0 }])).rejects.toMatchObject({ code: "ABORTED" });
  });
});
