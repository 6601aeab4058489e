/** What a catalog is put together from; compose.ts fills it in, tests fill in fakes. */
import type { Settings } from "../config.ts";
import type { GalleryData } from "../gallery/data.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Captioner } from "../ports/captioner.ts";
import type { Clusterer } from "../ports/clusterer.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { ImageDecoder } from "../ports/image-decoder.ts";
import type { ImageSource } from "../ports/image-source.ts";
import type { Journal } from "../ports/journal.ts";
import type { Matrix } from "../ports/matrix.ts";
import type { Namer } from "../ports/namer.ts";
import type { Output } from "../ports/output.ts";
import type { Store } from "../ports/store.ts";
import type { Watch } from "./events.ts";

export interface OpenEncoder {
  /** disposed by who opened it */
  readonly embedder: Embedder;
  /** one sentence: why this model */
  readonly why: string;
  /** the encoder's own captioner, loaded when called; null when it has none */
  readonly openCaptioner: (() => Promise<Captioner>) | null;
}

export interface CatalogParts {
  readonly version: string;
  /** output folder, absolute */
  readonly out: string;
  readonly galleryPath: string;
  readonly settings: Settings;
  readonly watch: Watch;
  /** ISO 8601, UTC */
  readonly now: () => string;
  /** milliseconds; only differences count */
  readonly clock: () => number;

  readonly store: Store;
  readonly journal: Journal;
  readonly output: Output;
  readonly thumbs: BlobStore;
  readonly namer: Namer;

  /** Makes this process the only one that writes; once. Errors: `CATALOG_LOCKED`, `OUTPUT_UNWRITABLE`. */
  lock(): Promise<void>;
  /** Heavy parts are made on first use and live until `close`. */
  decoder(): ImageDecoder;
  matrix(): Promise<Matrix>;
  clusterer(): Promise<Clusterer>;
  /** The encoder that the settings or the catalog mean. A new one each time: its memory is freed in between. */
  openEncoder(): Promise<OpenEncoder>;
  /** `mayBeGone`: what is missing becomes a failure row. Errors: `SOURCE_NOT_FOUND` otherwise, `OUTPUT_OVERLAP`. */
  openSource(sources: readonly string[], options?: { readonly mayBeGone?: boolean }): Promise<ImageSource>;
  /** Small pictures for the gallery's map and representatives. */
  galleryPictures(
    images: GalleryData["images"],
    signal: AbortSignal,
  ): Promise<Pick<GalleryData, "atlas" | "previews">>;

  /** A path as the user meant it, from the working directory. */
  absolute(path: string): string;
  /** Forward slashes; null when it is not inside the output folder. */
  relativeToOutput(path: string): string | null;
  /** Where a thumbnail lies as seen from the gallery page; null when it has no place. */
  thumbPath(image: string): string | null;
  close(): Promise<void>;
}
