/** A stand-in for tests: says the mean colour of a picture, the surer the purer it is. */
import { throwIfAborted } from "../../errors.ts";
import type { Captioner } from "../../ports/captioner.ts";
import type { DecodedImage } from "../../ports/image-decoder.ts";

/** "a red picture": the strongest channel, or grey; the score is 0 for a pure colour and −1 for none. */
export function createFakeCaptioner(options: { readonly maxBatch?: number } = {}): Captioner {
  return {
    id: "fake-captioner@1",
    maxBatch: options.maxBatch ?? 4,
    input: { side: 16, fit: "centre-square", resizeTo: 16, filter: "bicubic" },
    async caption(images, call) {
      throwIfAborted(call.signal);
      call.onProgress?.(images.length, images.length);
      return images.map(captionOf);
    },
    dispose: () => Promise.resolve(),
  };
}

function captionOf({ data }: DecodedImage): { text: string; score: number } {
  const sums = [0, 0, 0];
  data.forEach((level, i) => (sums[i % 3]! += level));
  const pixels = data.length / 3;
  const [red, green, blue] = sums.map((sum) => sum / pixels) as [number, number, number];
  const purity = (Math.max(red, green, blue) - Math.min(red, green, blue)) / 255;
  const strongest = red >= green && red >= blue ? "red" : green >= blue ? "green" : "blue";
  return { text: `a ${purity < 0.1 ? "grey" : strongest} picture`, score: purity - 1 };
}
