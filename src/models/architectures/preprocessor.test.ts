import { describe, expect, it } from "vitest";
import { isAlbumenError } from "../../errors.ts";
import type { PublishedFiles } from "../convert.ts";
import { parsePreprocessor, readPreprocessor } from "./preprocessor.ts";

const geometry = (json: unknown) => {
  const { side, fit, resizeTo, filter } = parsePreprocessor(json);
  return [side, fit, resizeTo, filter];
};

describe("parsePreprocessor", () => {
  it("reads a bare number as the processor's class means it", () => {
    expect(geometry({ feature_extractor_type: "CLIPFeatureExtractor", size: 224, crop_size: 224 })).toEqual([
      224,
      "shortest-edge",
      224,
      "bicubic",
    ]);
    expect(geometry({ feature_extractor_type: "ViTFeatureExtractor", size: 224 })).toEqual([
      224,
      "squash",
      224,
      "bilinear",
    ]);
    expect(geometry({ image_processor_type: "BlipImageProcessor", size: 384 })).toEqual([
      384,
      "squash",
      384,
      "bicubic",
    ]);
  });

  it("reads sizes that say what they mean, whatever the class", () => {
    expect(
      geometry({
        image_processor_type: "BitImageProcessor",
        size: { shortest_edge: 256 },
        crop_size: { height: 224, width: 224 },
        resample: 3,
      }),
    ).toEqual([224, "shortest-edge", 256, "bicubic"]);
    expect(
      geometry({
        image_processor_type: "SiglipImageProcessor",
        size: { height: 256, width: 256 },
        resample: 2,
      }),
    ).toEqual([256, "squash", 256, "bilinear"]);
  });

  it("takes the square of a resize to it and a crop of all of it", () => {
    const square = { height: 224, width: 224 };
    expect(
      geometry({
        image_processor_type: "CLIPImageProcessor",
        size: square,
        do_center_crop: true,
        crop_size: 224,
      }),
    ).toEqual([224, "squash", 224, "bicubic"]);
  });

  it("takes null for what was left out", () => {
    expect(
      geometry({
        image_processor_type: "DINOv3ViTImageProcessorFast",
        size: { height: 224, width: 224 },
        do_center_crop: null,
        crop_size: null,
      }),
    ).toEqual([224, "squash", 224, "bilinear"]);
  });

  it("resizes ConvNext's pictures by crop_pct below 384 px and squashes them from there on", () => {
    const convnext = { image_processor_type: "ConvNextImageProcessor", crop_pct: 0.875, resample: 3 };
    expect(geometry({ ...convnext, size: { shortest_edge: 224 } })).toEqual([
      224,
      "shortest-edge",
      256,
      "bicubic",
    ]);
    expect(geometry({ ...convnext, size: { shortest_edge: 384 } })).toEqual([384, "squash", 384, "bicubic"]);
  });

  it("gives mean and deviation in levels", () => {
    const half = {
      image_processor_type: "ViTImageProcessor",
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.25, 1],
    };
    const { mean, deviation } = parsePreprocessor(half);
    expect(mean).toEqual([127.5, 127.5, 127.5]);
    expect(deviation).toEqual([127.5, 63.75, 255]);
  });

  it("only rescales where it is told not to normalise, as MobileCLIP's pictures are", () => {
    const { mean, deviation } = parsePreprocessor({
      image_processor_type: "CLIPImageProcessor",
      do_normalize: false,
    });
    expect([...mean, ...deviation]).toEqual([0, 0, 0, 255, 255, 255]);
  });

  it("leaves levels as they are where it is told not to rescale either", () => {
    const raw = { image_processor_type: "CLIPImageProcessor", do_normalize: false, do_rescale: false };
    expect(parsePreprocessor(raw).deviation).toEqual([1, 1, 1]);
  });

  it.each([
    ["another resampler", { resample: 0 }, "resample: 0"],
    ["pictures as they come", { do_resize: false }, "do_resize: false"],
    ["an unknown class", { image_processor_type: "OwlViTImageProcessor" }, "OwlViTImageProcessor"],
    ["an input that is not square", { size: { height: 224, width: 448 } }, "224 x 448"],
    ["no crop", { size: { shortest_edge: 224 }, do_center_crop: false }, "do_center_crop"],
    ["a crop that is larger than the picture", { size: { shortest_edge: 224 }, crop_size: 256 }, "256"],
    ["a mean that is a word", { image_mean: "imagenet" }, "image_mean"],
  ])("says that it cannot do %s", (_what, fields, named) => {
    const json = { image_processor_type: "CLIPImageProcessor", ...fields };
    expect(() => parsePreprocessor(json)).toThrow(named);
    try {
      parsePreprocessor(json);
    } catch (error) {
      expect(isAlbumenError(error) && error.code).toBe("MODEL_INCOMPATIBLE");
    }
  });
});

describe("readPreprocessor", () => {
  const holding = (json: Readonly<Record<string, unknown>>): PublishedFiles => ({
    names: Object.keys(json),
    read: () => Promise.reject(new Error("not asked for")),
    json: (name) => Promise.resolve(json[name] ?? null),
  });
  const vit = { image_processor_type: "ViTImageProcessor" };

  it("reads the file of its own, or its part of the newer one", async () => {
    const own = await readPreprocessor(holding({ "preprocessor_config.json": vit }));
    expect(await readPreprocessor(holding({ "processor_config.json": { image_processor: vit } }))).toEqual(
      own,
    );
  });

  it("does not guess where there is none", async () => {
    await expect(readPreprocessor(holding({ "config.json": {} }))).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("preprocessor_config.json"),
    });
  });
});
