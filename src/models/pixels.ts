/** From decoded pictures to the tensor that a graph reads. */
import { Tensor } from "onnxruntime-node";
import type { DecodedImage, InputSpec } from "../core/resample.ts";
import { AlbumenError } from "../errors.ts";
import { memoryErrorOf } from "./graph.ts";
import type { Manifest } from "./manifest.ts";

/** The geometry alone: what the decoder is asked for. */
export function geometryOf({ side, fit, resizeTo, filter }: Manifest["input"]): InputSpec {
  return { side, fit, resizeTo, filter };
}

/** A function from pictures of exactly the input's size to float32 [n, 3, side, side], normalised. */
export function pixelWriter(input: Manifest["input"]): (images: readonly DecodedImage[]) => Tensor {
  const { side, mean, deviation } = input;
  const area = side * side;
  // 256 levels have 256 values: looking them up is twice as fast as computing them, and exact.
  const tables = mean.map((m, c) => Float32Array.from({ length: 256 }, (_, level) => (level - m) / deviation[c]!));
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  return (images) => {
    const data = allocate(images.length * 3 * area);
    images.forEach((image, i) => {
      if (image.width !== side || image.height !== side || image.data.length !== 3 * area)
        throw new AlbumenError(
          "INTERNAL",
          `A picture of ${image.width} × ${image.height} came where the model takes ${side} × ${side}.`,
        );
      const levels = image.data;
      let to = i * 3 * area;
      for (let from = 0; from < levels.length; from += 3, to++) {
        data[to] = red[levels[from]!]!;
        data[to + area] = green[levels[from + 1]!]!;
        data[to + 2 * area] = blue[levels[from + 2]!]!;
      }
    });
    return new Tensor("float32", data, [images.length, 3, side, side]);
  };
}

function allocate(length: number): Float32Array {
  try {
    return new Float32Array(length);
  } catch (error) {
    throw memoryErrorOf(error) ?? error;
  }
}
