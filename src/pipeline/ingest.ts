/** From places to rows: list, skip what is known, read, hash, decode, embed, record; one batch at a time. */
import { createHash } from "node:crypto";
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../errors.ts";
import { concatVectors } from "../core/vectors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { spaceKey, type Embedder } from "../ports/embedder.ts";
import type { Decoded, ImageDecoder } from "../ports/image-decoder.ts";
import type { ImageSource, Location } from "../ports/image-source.ts";
import type { FailureRow, ImageRow, LocationRow, Store } from "../ports/store.ts";
import { embedBatch } from "./embed.ts";
import { quietCall, type Watch } from "./events.ts";
import { prefetch } from "./prefetch.ts";

export interface IngestPorts {
  readonly source: ImageSource;
  readonly store: Store;
  readonly decoder: ImageDecoder;
  readonly embedder: Embedder;
  readonly thumbs: BlobStore;
  /** ISO 8601, UTC */
  readonly now: () => string;
}

export interface IngestCounts {
  /** places listed as images */
  readonly listed: number;
  /** files that are no images by name and content */
  readonly skipped: number;
  /** places that were known and unchanged */
  readonly unchanged: number;
  /** places that were new or had changed, failed ones included */
  readonly looked: number;
  /** images new to the catalog */
  readonly added: number;
  /** places whose image the catalog already had */
  readonly duplicates: number;
  readonly failed: number;
  /** images that the listed places hold, new or known */
  readonly images: ReadonlySet<string>;
}

/** What reading one place gave. */
type Reading =
  | {
      readonly kind: "decoded";
      readonly location: Location;
      readonly image: string;
      readonly decoded: Decoded;
    }
  | { readonly kind: "known"; readonly location: Location; readonly image: string }
  | { readonly kind: "failed"; readonly location: Location; readonly error: AlbumenError };

/**
 * Records everything that the source lists. Every batch is written whole or not at all, so a run that dies is
 * resumed by running it again. Equal bytes are decoded and embedded once.
 */
export async function ingest(ports: IngestPorts, watch: Watch): Promise<IngestCounts> {
  const { source, store, decoder, embedder, thumbs, now } = ports;
  const space = spaceKey(embedder.space);
  const known = await store.knownPlaces();
  const embedded = await store.embedded(space);
  const images = new Set<string>();
  const counts = { listed: 0, skipped: 0, unchanged: 0, looked: 0, added: 0, duplicates: 0, failed: 0 };

  const pending: Location[] = [];
  const unlisted: FailureRow[] = [];
  for await (const item of source.list(watch.signal)) {
    throwIfAborted(watch.signal);
    if (item.kind === "skipped") counts.skipped++;
    else if (item.kind === "failed") unlisted.push(failureRow(item.source, "", item.error, now()));
    else {
      counts.listed++;
      const before = known.get(item.location.source);
      if (before?.stamp !== item.location.stamp) pending.push(item.location);
      else if (before.image === null) counts.failed++;
      else if (!embedded.has(before.image)) pending.push(item.location);
      else {
        counts.unchanged++;
        images.add(before.image);
      }
      if (counts.listed % 1000 === 0)
        watch.report({ kind: "progress", stage: "list", done: counts.listed, total: null });
    }
  }
  watch.report({ kind: "progress", stage: "list", done: counts.listed, total: counts.listed });
  counts.looked = pending.length + unlisted.length;
  const fail = (row: FailureRow): void => {
    counts.failed++;
    watch.report({ kind: "failure", source: row.source, code: row.code, reason: row.reason });
  };
  unlisted.forEach(fail);
  if (unlisted.length > 0)
    await store.record({ images: [], locations: [], failures: unlisted, vectors: null });

  // The first place of each content decodes it; the others wait for its outcome.
  const claimed = new Map<string, Promise<AlbumenError | null>>();
  const read = async (location: Location): Promise<Reading> => {
    try {
      throwIfAborted(watch.signal);
      const bytes = await source.read(location, watch.signal);
      const image = createHash("sha256").update(bytes).digest("hex");
      if (embedded.has(image)) return { kind: "known", location, image };
      const claim = claimed.get(image);
      if (claim) {
        const error = await claim;
        return error ? { kind: "failed", location, error } : { kind: "known", location, image };
      }
      const decoding = decoder.decode(bytes, { input: embedder.input, thumbnail: true }, quietCall(watch));
      claimed.set(
        image,
        decoding.then(
          () => null,
          (error: unknown) => asImageError(error),
        ),
      );
      return { kind: "decoded", location, image, decoded: await decoding };
    } catch (error) {
      const known = asImageError(error);
      if (known.code === "ABORTED") throw known;
      return { kind: "failed", location, error: known };
    }
  };

  const failedImages = new Map<string, AlbumenError>();
  let batch: Reading[] = [];
  let done = 0;
  const flush = async (): Promise<void> => {
    const fresh = batch.filter((reading) => reading.kind === "decoded");
    const outcomes = await embedBatch(
      embedder,
      fresh.map((reading) => reading.decoded.image),
      quietCall(watch),
    );
    const rows: ImageRow[] = [];
    const vectors: { image: string; vector: Float32Array }[] = [];
    for (const [i, reading] of fresh.entries()) {
      const outcome = outcomes[i]!;
      if (outcome instanceof AlbumenError) failedImages.set(reading.image, outcome);
      else {
        const { facts, thumbnail } = reading.decoded;
        rows.push({ image: reading.image, sizeBytes: reading.location.sizeBytes, facts });
        vectors.push({ image: reading.image, vector: outcome });
        if (thumbnail) await thumbs.put(reading.image, thumbnail);
      }
    }
    const locations: LocationRow[] = [];
    const failures: FailureRow[] = [];
    for (const reading of batch) {
      const { source, name, user, stamp } = reading.location;
      const error = reading.kind === "failed" ? reading.error : failedImages.get(reading.image);
      if (error) failures.push(failureRow(source, stamp, error, now()));
      else if (reading.kind !== "failed") {
        locations.push({ source, name, user, stamp, image: reading.image });
        images.add(reading.image);
        if (reading.kind === "known") counts.duplicates++;
      }
    }
    await store.record({
      images: rows,
      locations,
      failures,
      vectors: {
        space,
        images: vectors.map((entry) => entry.image),
        vectors: concatVectors(
          vectors.map(({ vector }) => ({ data: vector, rows: 1, dims: vector.length })),
          embedder.space.dims,
        ),
      },
    });
    counts.added += rows.length;
    failures.forEach(fail);
    done += batch.length;
    watch.report({ kind: "progress", stage: "embed", done, total: pending.length });
    batch = [];
  };

  // Decoding runs a full batch ahead of the model, and no further: that bounds memory.
  const ahead = embedder.maxBatch + 2 * decoder.parallelism;
  let decoded = 0;
  for await (const reading of prefetch(pending, ahead, read)) {
    throwIfAborted(watch.signal);
    batch.push(reading);
    if (reading.kind === "decoded") decoded++;
    if (decoded === embedder.maxBatch || batch.length >= 1000) {
      decoded = 0;
      await flush();
    }
  }
  if (batch.length > 0) await flush();
  return { ...counts, images };
}

function failureRow(source: string, stamp: string, error: AlbumenError, at: string): FailureRow {
  const reason = error.hint ? `${error.message} ${error.hint}` : error.message;
  return { source, stamp, code: error.code, reason, attempts: 1, at };
}

function asImageError(error: unknown): AlbumenError {
  return isAlbumenError(error) ? error : new AlbumenError("INTERNAL", messageOf(error), { cause: error });
}
