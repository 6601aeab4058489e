/** Captions for the images that stand for albums; each is written once and kept. */
import { AlbumenError, isAlbumenError, throwIfAborted } from "../errors.ts";
import type { Captioner } from "../ports/captioner.ts";
import type { DecodedImage, ImageDecoder } from "../ports/image-decoder.ts";
import type { ImageSource } from "../ports/image-source.ts";
import type { AnnotationRow, Store } from "../ports/store.ts";
import { quietCall, type Watch } from "./events.ts";
import { prefetch } from "./prefetch.ts";
import { readImage, type PlacesOf } from "./read-image.ts";

export interface CaptionPorts {
  readonly store: Store;
  readonly decoder: ImageDecoder;
  readonly source: ImageSource;
  readonly placesOf: PlacesOf;
}

/**
 * Returns the captions of `images` by image, kept ones included. An image that cannot be read any more has none.
 * `open` is called only when there is something to write: a captioner is heavy.
 */
export async function captionImages(
  images: readonly string[],
  recipe: string,
  open: () => Promise<Captioner>,
  { store, decoder, source, placesOf }: CaptionPorts,
  watch: Watch,
): Promise<Map<string, AnnotationRow>> {
  const kept = await store.annotations(recipe);
  const missing = images.filter((image) => !kept.has(image));
  if (missing.length === 0) return kept;

  const captioner = await open();
  try {
    const decode = async (image: string): Promise<DecodedImage | null> => {
      try {
        const bytes = await readImage(image, placesOf, source, watch.signal);
        const { image: pixels } = await decoder.decode(
          bytes,
          { input: captioner.input, thumbnail: false },
          quietCall(watch),
        );
        return pixels;
      } catch (error) {
        if (error instanceof AlbumenError && error.code !== "ABORTED") return null;
        throw error;
      }
    };
    let batch: { image: string; pixels: DecodedImage }[] = [];
    let done = 0;
    const flush = async (): Promise<void> => {
      const captions = await captionHalving(captioner, batch, watch);
      const rows = batch.flatMap(({ image }, i) => (captions[i] ? [{ image, ...captions[i] }] : []));
      await store.annotate(recipe, rows);
      for (const row of rows) kept.set(row.image, row);
      done += batch.length;
      watch.report({ kind: "progress", stage: "caption", done, total: missing.length });
      batch = [];
    };
    let seen = 0;
    const ahead = captioner.maxBatch + 2 * decoder.parallelism;
    for await (const pixels of prefetch(missing, ahead, decode)) {
      throwIfAborted(watch.signal);
      if (pixels) batch.push({ image: missing[seen]!, pixels });
      else done++;
      seen++;
      if (batch.length === captioner.maxBatch) await flush();
    }
    if (batch.length > 0) await flush();
    return kept;
  } finally {
    await captioner.dispose();
  }
}

/** Out of memory halves the batch; an image that fails alone has no caption. */
async function captionHalving(
  captioner: Captioner,
  batch: readonly { readonly pixels: DecodedImage }[],
  watch: Watch,
): Promise<({ text: string; score: number } | null)[]> {
  throwIfAborted(watch.signal);
  try {
    return await captioner.caption(
      batch.map(({ pixels }) => pixels),
      quietCall(watch),
    );
  } catch (error) {
    if (isAlbumenError(error) && error.code === "ABORTED") throw error;
    if (batch.length === 1) return [null];
    const half = batch.length >> 1;
    return [
      ...(await captionHalving(captioner, batch.slice(0, half), watch)),
      ...(await captionHalving(captioner, batch.slice(half), watch)),
    ];
  }
}
