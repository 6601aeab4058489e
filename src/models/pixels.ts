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
  const [redMean, greenMean, blueMean] = mean;
  // Multiplying is faster than dividing, and twice as fast here as a table of the 256 results.
  const [redScale, greenScale, blueScale] = deviation.map((value) => 1 / value) as [number, number, number];
  return (images) => {
    const data = allocate(images.length * 3 * area);
    images.forEach((image, i) => {
      if (image.width !== side || image.height !== side || image.data.length !== 3 * area)
        throw new AlbumenError(
          "INTERNAL",
          `A picture of ${image.width} × ${image.height} came where the model takes ${side} × ${side}.`,
        );
      const levels = image.data;
      const red = i * 3 * area;
      const green = red + area;
      const blue = green + area;
      for (let pixel = 0, from = 0; pixel < area; pixel++, from += 3) {
        data[red + pixel] = (levels[from]! - redMean) * redScale;
        data[green + pixel] = (levels[from + 1]! - greenMean) * greenScale;
        data[blue + pixel] = (levels[from + 2]! - blueMean) * blueScale;
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
