/** What a catalog is put together from; compose.ts fills it in, tests fill in fakes. */
import type { Settings } from "../config.ts";
import type { GalleryData } from "../gallery/data.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { CaptionerSource } from "../ports/captioner.ts";
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
import type { UserCatalog } from "./per-user.ts";

export interface OpenEncoder {
  /** disposed by who opened it */
  readonly embedder: Embedder;
  /** one sentence: why this model */
  readonly why: string;
  /** who writes the captions, loaded when there is one to write; null: nobody */
  readonly captioner: CaptionerSource | null;
}

/** A namer that is not loaded yet: it may be as heavy as any other model. */
export interface LanguageNamerSource {
  /** Says what is missing before any work is done. Errors: `CONFIG_INVALID`, `MODEL_NOT_INSTALLED`. */
  check(): void;
  /** Errors: as `check`, `MODEL_CORRUPT`, `OUT_OF_MEMORY`, `ABORTED`. */
  open(): Promise<Namer>;
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
  /** the bytes of images that lie in no file of this machine, by hash */
  readonly originals: BlobStore;
  /** Where they lie: absolute. */
  originalPath(image: string): string;
  /** the encoder's own words: names every album by itself */
  readonly namer: Namer;
  /** a language model that is asked for better names; null: nobody is */
  readonly languageNamer: LanguageNamerSource | null;

  /** Makes this process the only one that writes; once. Errors: `CATALOG_LOCKED`, `OUTPUT_UNWRITABLE`. */
  lock(): Promise<void>;
  /** What this command was told, later commands on this catalog follow. */
  rememberSettings(): Promise<void>;
  /** Heavy parts are made on first use and live until `close`. */
  decoder(): ImageDecoder;
  matrix(): Promise<Matrix>;
  clusterer(id: Settings["clusterer"]): Promise<Clusterer>;
  /** The encoder that the settings or the catalog mean. A new one each time: its memory is freed in between. */
  openEncoder(): Promise<OpenEncoder>;
  /** The catalog of one user in a folder of the output, made when it is not there; it uses what this one has open. */
  openUser(folder: string, encoder: () => Promise<OpenEncoder>): Promise<UserCatalog>;
  /** `mayBeGone`: what is missing becomes a failure row. Errors: `SOURCE_NOT_FOUND` otherwise, `OUTPUT_OVERLAP`. */
  openSource(sources: readonly string[], options?: { readonly mayBeGone?: boolean }): Promise<ImageSource>;
  /** Small pictures for the gallery's map and representatives. */
  galleryPictures(
    images: GalleryData["images"],
    signal: AbortSignal,
  ): Promise<Pick<GalleryData, "atlas" | "previews">>;

  /** Removes a user's catalog, and their folder when nothing else is in it. */
  removeUser(folder: string): Promise<void>;
  /** The kept small pictures of the gallery go; they are made again when needed. */
  clearGalleryPictures(): Promise<void>;
  /** Looks for byte strings in every file of the catalog and in the exports. */
  scanForTraces(
    traces: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<{ readonly files: number; readonly bytes: number; readonly found: readonly string[] }>;
  /** A path as the user meant it, from the working directory. */
  absolute(path: string): string;
  /** Forward slashes; null when it is not inside the output folder. */
  relativeToOutput(path: string): string | null;
  /** Where a thumbnail lies as seen from the gallery page; null when it has no place. */
  thumbPath(image: string): string | null;
  close(): Promise<void>;
}
