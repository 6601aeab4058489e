/** Embeds a batch whatever it holds: out of memory halves it, one bad image fails alone. */
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../errors.ts";
import { rowOf } from "../core/vectors.ts";
import type { Call } from "../ports/call.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { DecodedImage } from "../ports/image-decoder.ts";

/** One outcome an image, input order: its unit vector, or why there is none. */
export async function embedBatch(
  embedder: Embedder,
  images: readonly DecodedImage[],
  call: Call,
): Promise<(Float32Array | AlbumenError)[]> {
  throwIfAborted(call.signal);
  if (images.length === 0) return [];
  try {
    const vectors = await embedder.embedImages(images, call);
    return images.map((_, i) => checkedRow(rowOf(vectors, i), i));
  } catch (error) {
    if (isAlbumenError(error) && error.code === "ABORTED") throw error;
    if (images.length === 1)
      return [
        isAlbumenError(error) ? error : new AlbumenError("EMBED_FAILED", messageOf(error), { cause: error }),
      ];
    const half = images.length >> 1;
    return [
      ...(await embedBatch(embedder, images.slice(0, half), call)),
      ...(await embedBatch(embedder, images.slice(half), call)),
    ];
  }
}

function checkedRow(row: Float32Array, i: number): Float32Array | AlbumenError {
  for (const component of row)
    if (!Number.isFinite(component))
      return new AlbumenError(
        "EMBED_FAILED",
        `The model gave a vector that is not finite (image ${i} of its batch).`,
      );
  return row;
}
