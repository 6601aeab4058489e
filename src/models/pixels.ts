/** From decoded pictures to the tensor that a graph reads. */
import { Tensor } from "./onnxruntime.ts";
import type { DecodedImage, InputSpec } from "../core/resample.ts";
import { AlbumenError } from "../errors.ts";
import { memoryErrorOf } from "./graph.ts";
import type { Manifest } from "./manifest.ts";

/** The geometry alone: what the decoder is asked for. */
export function geometryOf({ side, fit, resizeTo, filter }: Manifest["input"]): InputSpec {
  return { side, fit, resizeTo, filter };
}

/** Lends pictures of exactly the input's size to `use`, as float32 [n, 3, side, side], normalised. */
export type PixelLender = <T>(
  images: readonly DecodedImage[],
  use: (pixels: Tensor) => Promise<T>,
) => Promise<T>;

/**
 * The tensor is only valid until `use` has ended: its memory is then used again, because touching 600 kB of fresh
 * memory a picture costs more than computing what to write there.
 * Errors: `OUT_OF_MEMORY`, and `INTERNAL` for a picture of another size.
 */
export function createPixelLender(input: Manifest["input"]): PixelLender {
  const { side, mean } = input;
  const size = 3 * side * side;
  const scale: Rgb = [1 / input.deviation[0], 1 / input.deviation[1], 1 / input.deviation[2]];
  // A second call meanwhile gets memory of its own.
  let spare: Float32Array | null = null;

  return async (images, use) => {
    const length = images.length * size;
    const memory: Float32Array = spare !== null && spare.length >= length ? spare : allocate(length);
    spare = null;
    try {
      images.forEach((image, i) => {
        if (image.width !== side || image.height !== side || image.data.length !== size)
          throw new AlbumenError(
            "INTERNAL",
            `A picture of ${image.width} × ${image.height} came where the model takes ${side} × ${side}.`,
          );
        writePlanes(image.data, memory, i * size, mean, scale);
      });
      return await use(new Tensor("float32", memory.subarray(0, length), [images.length, 3, side, side]));
    } finally {
      spare = memory;
    }
  };
}

type Rgb = readonly [number, number, number];

/** Interleaved levels to three planes of `(level - mean) * scale`. On its own: in a closure it takes three times as long. */
function writePlanes(levels: Uint8Array, to: Float32Array, at: number, mean: Rgb, scale: Rgb): void {
  const [redMean, greenMean, blueMean] = mean;
  const [redScale, greenScale, blueScale] = scale;
  const area = levels.length / 3;
  const green = at + area;
  const blue = green + area;
  for (let pixel = 0, from = 0; pixel < area; pixel++, from += 3) {
    to[at + pixel] = (levels[from]! - redMean) * redScale;
    to[green + pixel] = (levels[from + 1]! - greenMean) * greenScale;
    to[blue + pixel] = (levels[from + 2]! - blueMean) * blueScale;
  }
}

function allocate(length: number): Float32Array {
  try {
    return new Float32Array(length);
  } catch (error) {
    throw memoryErrorOf(error) ?? error;
  }
}
