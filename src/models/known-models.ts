/**
 * The published models that Albumen knows something about: which of those on a machine is taken when nobody names one, what
 * `albumen models pull recommended` brings, and what a person is told before a pull. Any other id works as well; it is
 * then used when it is named.
 */

export interface KnownModel {
  /** in a model hub */
  readonly id: string;
  readonly kind: "encoder" | "captioner";
  /** of the weights, as their makers state it */
  readonly licence: string;
  /** published quality; encoders: zero-shot ImageNet-1k accuracy, in [0, 1]; null: not of that kind */
  readonly zeroShot: number | null;
  /** where `zeroShot` is from, or what is known instead */
  readonly source: string;
}

const OPEN_CLIP = "OpenCLIP's docs/openclip_results.csv";

/**
 * Encoders with a text tower, best first: by zero-shot accuracy on ImageNet-1k, because it measures what albums need,
 * pictures of a kind near each other and near its name. Encoders without one (DINOv2, ViT) group as well or better
 * but can name nothing, so that they are used when named, never by themselves.
 */
export const KNOWN_ENCODERS: readonly KnownModel[] = [
  encoder("google/siglip-so400m-patch14-384", "Apache-2.0", 0.831, OPEN_CLIP),
  encoder("laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K", "MIT", 0.792, OPEN_CLIP),
  encoder("google/siglip2-base-patch16-224", "Apache-2.0", 0.782, "Tschannen et al. 2025, SigLIP 2, Table 1"),
  encoder("openai/clip-vit-large-patch14-336", "MIT", 0.766, OPEN_CLIP),
  encoder("google/siglip-base-patch16-224", "Apache-2.0", 0.76, OPEN_CLIP),
  encoder("openai/clip-vit-large-patch14", "MIT", 0.755, OPEN_CLIP),
  encoder("laion/CLIP-ViT-L-14-laion2B-s32B-b82K", "MIT", 0.753, OPEN_CLIP),
  encoder("laion/CLIP-ViT-B-16-laion2B-s34B-b88K", "MIT", 0.702, OPEN_CLIP),
  encoder("openai/clip-vit-base-patch16", "MIT", 0.683, OPEN_CLIP),
  encoder("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "MIT", 0.666, OPEN_CLIP),
  encoder("openai/clip-vit-base-patch32", "MIT", 0.633, OPEN_CLIP),
];

/** Captioners, best first: the large one makes fewer mistakes and takes three times as long. */
export const KNOWN_CAPTIONERS: readonly KnownModel[] = [
  captioner("Salesforce/blip-image-captioning-large"),
  captioner("Salesforce/blip-image-captioning-base"),
];

/** What `albumen models pull recommended` brings, at this size of weights. */
export const RECOMMENDED = {
  ids: ["openai/clip-vit-base-patch32", "Salesforce/blip-image-captioning-base"],
  dtype: "q8",
} as const;

/** Null for a model that we know nothing about. */
export function knownModel(id: string): KnownModel | null {
  return [...KNOWN_ENCODERS, ...KNOWN_CAPTIONERS].find((model) => model.id === id) ?? null;
}

/** Place among `known`, best 0; null for a model that is not listed. */
export function rankOf(id: string, known: readonly KnownModel[]): number | null {
  const at = known.findIndex((model) => model.id === id);
  return at < 0 ? null : at;
}

function encoder(id: string, licence: string, zeroShot: number, source: string): KnownModel {
  return { id, kind: "encoder", licence, zeroShot, source };
}

function captioner(id: string): KnownModel {
  const source = "Li et al. 2022 (BLIP), Table 7: COCO captions, CIDEr 133.3 (base), 136.7 (large)";
  return { id, kind: "captioner", licence: "BSD-3-Clause", zeroShot: null, source };
}
