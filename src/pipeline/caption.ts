/** Captions for the images that stand for albums; each is written once and kept. */
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted, type ErrorCode } from "../errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Caption, Captioner, CaptionerSource } from "../ports/captioner.ts";
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
  readonly originals: BlobStore;
}

/** Errors after which no further image is worth asking about: the captioner is not there, or not for us. */
const GONE: ReadonlySet<ErrorCode> = new Set(["LLM_UNREACHABLE", "LLM_REFUSED"]);

/**
 * Returns the captions of `images` by image, kept ones included. An image that cannot be read any more, or that the
 * captioner fails on, has none; a notice says how many those are. The captioner is opened only when there is
 * something to write.
 */
export async function captionImages(
  images: readonly string[],
  recipe: string,
  { open, sendsTo }: Pick<CaptionerSource, "open" | "sendsTo">,
  { store, decoder, source, placesOf, originals }: CaptionPorts,
  watch: Watch,
): Promise<Map<string, AnnotationRow>> {
  const kept = await store.annotations(recipe);
  const missing = images.filter((image) => !kept.has(image));
  if (missing.length === 0) return kept;
  if (sendsTo !== null)
    watch.report({
      kind: "notice",
      text: `Sending ${counted(missing.length, "small picture")} to ${sendsTo} for captions.`,
    });

  const captioner = await open();
  try {
    const decode = async (image: string): Promise<DecodedImage | null> => {
      try {
        const bytes = await readImage(image, { placesOf, originals, source }, watch.signal);
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
    const failures: AlbumenError[] = [];
    const flush = async (): Promise<void> => {
      const outcomes = await captionHalving(captioner, batch, watch);
      const rows = batch.flatMap(({ image }, i): AnnotationRow[] => {
        const outcome = outcomes[i]!;
        if (!isAlbumenError(outcome) && outcome.text !== "") return [{ image, ...outcome }];
        failures.push(
          isAlbumenError(outcome) ? outcome : new AlbumenError("CAPTION_FAILED", "The caption is empty."),
        );
        return [];
      });
      await store.annotate(recipe, rows);
      for (const row of rows) kept.set(row.image, row);
      done += batch.length;
      watch.report({ kind: "progress", stage: "caption", done, total: missing.length });
      batch = [];
    };
    let seen = 0;
    const ahead = captioner.maxBatch + 2 * decoder.parallelism;
    try {
      for await (const pixels of prefetch(missing, ahead, decode)) {
        throwIfAborted(watch.signal);
        if (pixels) batch.push({ image: missing[seen]!, pixels });
        else done++;
        seen++;
        if (batch.length === captioner.maxBatch) await flush();
      }
      if (batch.length > 0) await flush();
    } catch (error) {
      if (!isAlbumenError(error) || !GONE.has(error.code)) throw error;
      const rest = missing.length - done;
      watch.report({ kind: "notice", text: `${counted(rest, "picture")} without a caption: ${told(error)}` });
    }
    if (failures.length > 0)
      watch.report({
        kind: "notice",
        text: `${counted(failures.length, "picture")} without a caption: ${told(failures[0]!)}`,
      });
    return kept;
  } finally {
    await captioner.dispose();
  }
}

/** One outcome an image, input order. Out of memory halves the batch; an image that fails alone has its error. */
async function captionHalving(
  captioner: Captioner,
  batch: readonly { readonly pixels: DecodedImage }[],
  watch: Watch,
): Promise<(Caption | AlbumenError)[]> {
  throwIfAborted(watch.signal);
  try {
    return await captioner.caption(
      batch.map(({ pixels }) => pixels),
      quietCall(watch),
    );
  } catch (error) {
    if (isAlbumenError(error) && (error.code === "ABORTED" || GONE.has(error.code))) throw error;
    if (batch.length === 1)
      return [
        isAlbumenError(error)
          ? error
          : new AlbumenError("CAPTION_FAILED", messageOf(error), { cause: error }),
      ];
    const half = batch.length >> 1;
    return [
      ...(await captionHalving(captioner, batch.slice(0, half), watch)),
      ...(await captionHalving(captioner, batch.slice(half), watch)),
    ];
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function told({ message, hint }: AlbumenError): string {
  return hint === undefined ? message : `${message} ${hint}`;
}
