/** The original image processors against ours: from the file to the numbers that a network reads. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/adapters/image-decoder/decode.ts";
import { parsePreprocessor, type ModelInput } from "../../src/models/architectures/preprocessor.ts";
import { createPixelLender, geometryOf } from "../../src/models/pixels.ts";
import { compareEqual, readJson, sha256Of, type Comparison } from "./comparison.ts";

const PIXELS = 1e-6; // README-vision.md, "Tolerances"

interface RecordedPixels {
  readonly uint8_sha256_hwc: string;
}
interface PixelStatistics {
  readonly mean: number;
  readonly first8: readonly number[];
}
interface RecordedPicture extends RecordedPixels {
  readonly slow: PixelStatistics;
  readonly png?: string;
  readonly variants?: Readonly<Record<string, RecordedPixels & PixelStatistics>>;
}
interface Preprocessing {
  readonly processors: Readonly<Record<string, { readonly config: string }>>;
  readonly images: Readonly<
    Record<string, { readonly processors: Readonly<Record<string, RecordedPicture>> }>
  >;
}

/** sharp goes through a colour profile where Pillow uses the naive formula. */
export const OTHER_DECODING = new Set(["cmyk.jpg"]);

export function preprocessingOf(reference: string): Preprocessing {
  return readJson<Preprocessing>(join(reference, "preprocess", "expected.json"));
}

export async function* preprocessing(reference: string): AsyncIterable<Comparison> {
  const { processors, images } = preprocessingOf(reference);
  for (const [processor, { config }] of Object.entries(processors)) {
    const input = parsePreprocessor(readJson(join(reference, "preprocess", config)));
    const lend = createPixelLender(input);
    for (const [name, image] of Object.entries(images)) {
      if (OTHER_DECODING.has(name)) continue;
      const recorded = image.processors[processor]!;
      // Albumen composites on white, applies EXIF and scales 16 bits: recorded as variants where that differs.
      const wanted = recorded.variants?.["product"] ?? recorded.variants?.["alpha_on_white"];
      const bytes = Uint8Array.from(readFileSync(join(reference, "images", name)));
      const { image: picture } = await decode(bytes, input);
      const what = `${processor} ${name}`;
      const expected = (wanted ?? recorded).uint8_sha256_hwc;
      yield compareEqual("preprocess: pictures", what, sha256Of(picture.data), expected);
      const { mean, first8 } = wanted ?? recorded.slow;
      const pixels = await lend([picture], (tensor) =>
        Promise.resolve(Float32Array.from(tensor.data as Float32Array)),
      );
      const deviation = Math.max(
        Math.abs(pixels.reduce((sum, value) => sum + value, 0) / pixels.length - mean),
        ...first8.map((value, i) => Math.abs(value - pixels[i]!)),
      );
      yield { group: "preprocess: pixel values", what, deviation, allowed: PIXELS };
    }
  }
}

export function decode(bytes: Uint8Array, input: ModelInput) {
  const request = { input: geometryOf(input), thumbnail: false };
  return decodeImage(bytes, request, { maxPixels: 1e8, timeoutMs: 60_000 });
}
