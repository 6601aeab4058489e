/** From a published preprocessor_config.json to the manifest's `input`: what becomes of a picture before a network sees it. */
import { z } from "zod";
import { AlbumenError } from "../../errors.ts";
import type { ConvertedEncoder, PublishedFiles } from "../convert.ts";
import { count, parseConfig } from "./parse-config.ts";

export type ModelInput = ConvertedEncoder["input"];

/** Best first; the second holds the first's fields among others, as transformers 5 writes them. */
export const PREPROCESSOR_FILES = ["preprocessor_config.json", "processor_config.json"] as const;

const sizeSchema = z.union([
  count,
  z.object({ shortest_edge: count }),
  z.object({ height: count, width: count }),
]);
const rgbSchema = z.union([z.tuple([z.number(), z.number(), z.number()]), z.tuple([z.number()])]);
const optional = <T>(schema: z.ZodType<T>) => schema.nullish().transform((value) => value ?? null);

// What a file leaves out, or has as null, is the default of the processor's class: `defaults` below.
const preprocessorSchema = z.object({
  image_processor_type: optional(z.string()),
  feature_extractor_type: optional(z.string()),
  do_resize: optional(z.boolean()),
  size: optional(sizeSchema),
  resample: optional(z.int()),
  crop_pct: optional(z.number().positive().max(1)),
  do_center_crop: optional(z.boolean()),
  crop_size: optional(sizeSchema),
  do_rescale: optional(z.boolean()),
  rescale_factor: optional(z.number().positive()),
  do_normalize: optional(z.boolean()),
  image_mean: optional(rgbSchema),
  image_std: optional(rgbSchema),
});

type Rgb = readonly [number, number, number];

/** What a class of processors does where its file says nothing. */
interface ProcessorDefaults {
  /** how a bare number as size is meant */
  readonly bareSize: "shortest-edge" | "square";
  readonly size: number;
  readonly crop: boolean;
  readonly resample: number;
  readonly mean: Rgb;
  readonly deviation: Rgb;
}

const OPENAI_MEAN: Rgb = [0.48145466, 0.4578275, 0.40821073];
const OPENAI_STD: Rgb = [0.26862954, 0.26130258, 0.27577711];
const IMAGENET_MEAN: Rgb = [0.485, 0.456, 0.406];
const IMAGENET_STD: Rgb = [0.229, 0.224, 0.225];
const HALF: Rgb = [0.5, 0.5, 0.5];

const BILINEAR = 2; // PIL.Image.Resampling
const BICUBIC = 3;
const FILTERS = new Map<number, ModelInput["filter"]>([
  [1, "lanczos"],
  [BILINEAR, "bilinear"],
  [BICUBIC, "bicubic"],
]);

const CLIP: ProcessorDefaults = {
  bareSize: "shortest-edge",
  size: 224,
  crop: true,
  resample: BICUBIC,
  mean: OPENAI_MEAN,
  deviation: OPENAI_STD,
};
const SQUARE: ProcessorDefaults = { ...CLIP, bareSize: "square", crop: false, mean: HALF, deviation: HALF };

/** By class, as transformers' own signatures have them; `Fast` and the older `FeatureExtractor` are the same. */
const DEFAULTS: Readonly<Record<string, ProcessorDefaults>> = {
  CLIP,
  Bit: CLIP,
  ViT: { ...SQUARE, resample: BILINEAR },
  Siglip: SQUARE,
  Blip: { ...SQUARE, size: 384, mean: OPENAI_MEAN, deviation: OPENAI_STD },
  DINOv3ViT: { ...SQUARE, resample: BILINEAR, mean: IMAGENET_MEAN, deviation: IMAGENET_STD },
  ConvNext: {
    ...CLIP,
    size: 384,
    crop: false,
    resample: BILINEAR,
    mean: IMAGENET_MEAN,
    deviation: IMAGENET_STD,
  },
};

/** Below this a ConvNext processor resizes by `crop_pct` and crops; from it on it squashes. */
const CONVNEXT_CROP_BELOW = 384;
const CONVNEXT_CROP_PCT = 224 / 256;

/** Of the repository's file. Errors: `MODEL_INCOMPATIBLE` when there is none, else as `parsePreprocessor`. */
export async function readPreprocessor(files: PublishedFiles): Promise<ModelInput> {
  const own = await files.json(PREPROCESSOR_FILES[0]);
  if (own !== null) return parsePreprocessor(own);
  const joint = await files.json(PREPROCESSOR_FILES[1]);
  if (typeof joint === "object" && joint !== null && "image_processor" in joint)
    return parsePreprocessor(joint.image_processor);
  throw new AlbumenError("MODEL_INCOMPATIBLE", "The repository has no preprocessor_config.json.", {
    hint: "Without it nobody knows how the model wants its pictures. Take a repository that has it.",
  });
}

/**
 * Of a parsed preprocessor_config.json. Errors: `MODEL_INCOMPATIBLE`, naming the field, also for what Albumen does not do:
 * other resamplers, inputs that are not square, sizes that are left to the picture.
 */
export function parsePreprocessor(json: unknown): ModelInput {
  const config = parseConfig(preprocessorSchema, json, "an image processor");
  const name = config.image_processor_type ?? config.feature_extractor_type ?? "CLIPImageProcessor";
  const family = name.replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, "");
  const defaults = DEFAULTS[family];
  if (defaults === undefined) throw unsupported(`the processor ${name}`);
  if (config.do_resize === false) throw unsupported("do_resize: false");
  const resample = config.resample ?? defaults.resample;
  const filter = FILTERS.get(resample);
  if (filter === undefined) throw unsupported(`resample: ${resample}`);
  return { ...geometry(config, family, defaults), filter, ...levels(config, defaults) };
}

type Preprocessor = z.infer<typeof preprocessorSchema>;

function geometry(
  config: Preprocessor,
  family: string,
  defaults: ProcessorDefaults,
): Pick<ModelInput, "side" | "fit" | "resizeTo"> {
  const stated = config.size ?? defaults.size;
  const isSquare = typeof stated === "number" ? defaults.bareSize === "square" : "height" in stated;
  const size = isSquare || typeof stated !== "number" ? sideOf(stated) : stated;
  if (family === "ConvNext") {
    if (size >= CONVNEXT_CROP_BELOW) return { side: size, fit: "squash", resizeTo: size };
    const resizeTo = Math.trunc(size / (config.crop_pct ?? CONVNEXT_CROP_PCT));
    return { side: size, fit: "shortest-edge", resizeTo };
  }
  const crops = config.do_center_crop ?? defaults.crop;
  const crop = crops ? sideOf(config.crop_size ?? size) : null;
  if (isSquare) {
    // A crop of another size than the resized square would be a third geometry; no published model has it.
    if (crop !== null && crop !== size)
      throw unsupported(`a crop of ${crop} px out of a square of ${size} px`);
    return { side: size, fit: "squash", resizeTo: size };
  }
  if (crop === null) throw unsupported("shortest_edge without do_center_crop: the input would not be square");
  if (crop > size) throw unsupported(`a crop of ${crop} px out of ${size} px`);
  return { side: crop, fit: "shortest-edge", resizeTo: size };
}

function sideOf(size: z.infer<typeof sizeSchema>): number {
  if (typeof size === "number") return size;
  if ("shortest_edge" in size) return size.shortest_edge;
  if (size.height !== size.width) throw unsupported(`a picture of ${size.height} x ${size.width} px`);
  return size.height;
}

/** (level x factor - mean) / std is (level - mean / factor) / (std / factor). */
function levels(config: Preprocessor, defaults: ProcessorDefaults): Pick<ModelInput, "mean" | "deviation"> {
  const factor = config.do_rescale === false ? 1 : (config.rescale_factor ?? 1 / 255);
  const normalises = config.do_normalize ?? true;
  const [mean, deviation] = normalises
    ? [config.image_mean ?? defaults.mean, config.image_std ?? defaults.deviation]
    : [[0, 0, 0] as const, [1, 1, 1] as const];
  const scale = (values: readonly number[]): [number, number, number] => {
    const [red, green = red, blue = red] = values;
    return [red! / factor, green! / factor, blue! / factor];
  };
  return { mean: scale(mean), deviation: scale(deviation) };
}

function unsupported(what: string): AlbumenError {
  return new AlbumenError(
    "MODEL_INCOMPATIBLE",
    `The model's preprocessing asks for ${what}, which Albumen does not do.`,
  );
}
