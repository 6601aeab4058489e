/**
 * From places to rows: list, skip what is known, read, hash, decode, embed, record; one batch at a time.
 *
 * [Note: bounded ingest] Nothing here grows with the list: places are compared with the catalog in chunks as they are
 * listed, a bounded number of them waits to be read, and what is found leaves with its batch. A list of any length
 * takes the same memory.
 */
import { createHash } from "node:crypto";
import { sniffImageFormat } from "../core/image-format.ts";
import { placeKind, withExtension } from "../core/place.ts";
import { redactUrl } from "../core/url-secrets.ts";
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../errors.ts";
import { concatVectors } from "../core/vectors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { spaceKey, type Embedder } from "../ports/embedder.ts";
import type { Decoded, ImageDecoder } from "../ports/image-decoder.ts";
import type { ImageSource, Location, SourceItem } from "../ports/image-source.ts";
import type { FailureRow, ImageRow, KnownPlace, PlaceRow, Store } from "../ports/store.ts";
import { embedBatch } from "./embed.ts";
import { quietCall, type Watch } from "./events.ts";
import { leaveOutPlaceholders } from "./placeholders.ts";
import { lookAhead, prefetch } from "./prefetch.ts";

export interface IngestPorts {
  readonly source: ImageSource;
  readonly store: Store;
  readonly decoder: ImageDecoder;
  readonly embedder: Embedder;
  readonly thumbs: BlobStore;
  /** the bytes of images that lie in no file of this machine, by hash */
  readonly originals: BlobStore;
  /** ISO 8601, UTC */
  readonly now: () => string;
}

export interface IngestOptions {
  /** URLs that are known are asked again whether they have changed */
  readonly refresh?: boolean;
  /** places that failed under the same stamp are tried again */
  readonly retryFailed?: boolean;
  /** pictures that hosts show in the place of dead links are kept */
  readonly keepPlaceholders?: boolean;
}

export interface IngestCounts {
  /** places listed as images */
  readonly listed: number;
  /** files that are no images by name and content */
  readonly skipped: number;
  /** places that were known and unchanged */
  readonly unchanged: number;
  /** places that were new, had changed or got another owner, failed ones included */
  readonly looked: number;
  /** images new to the catalog */
  readonly added: number;
  /** places whose image the catalog already had */
  readonly duplicates: number;
  readonly failed: number;
}

/** A place that is to be read, for all users whom the chunk lists it for. */
interface Task {
  readonly location: Location;
  readonly known: KnownPlace | null;
  readonly users: string[];
}

/** What reading one place gave. */
type Reading = { readonly task: Task; readonly stamp: string | null } & (
  | {
      readonly kind: "decoded";
      readonly name: string;
      readonly image: string;
      readonly sizeBytes: number;
      readonly decoded: Decoded;
    }
  | { readonly kind: "known"; readonly name: string; readonly image: string }
  /** `image`: of the bytes at fault; null: there are none */
  | { readonly kind: "failed"; readonly image: string | null; readonly error: AlbumenError }
);

/** Listed places compared with the catalog at a time. */
const CHUNK = 512;
/** Places that may wait to be read: enough that the progress of most folders knows its total. 2 MB. */
const LOOK_AHEAD = 5_000;
/**
 * Places that may be fetched ahead of the one that is decoded: results keep their order, so one slow host must not hold
 * up the others, and what was fetched waits on the disk. How many are under way at a time is the source's to say.
 */
const FETCH_AHEAD = 4096;
/** So many fetched places may be fetched again after a `kill -9`; telling the catalog of each one takes longer. */
const NOTED_AT_ONCE = 16;
/** A batch is written after this many places, whatever they hold. */
const BATCH_PLACES = 1000;

/**
 * Records everything that the source lists. Every batch is written whole or not at all, so a run that dies is
 * resumed by running it again. Equal bytes are decoded and embedded once.
 */
export async function ingest(
  ports: IngestPorts,
  watch: Watch,
  options: IngestOptions = {},
): Promise<IngestCounts> {
  const { store, embedder, decoder } = ports;
  const counts = { listed: 0, skipped: 0, unchanged: 0, looked: 0, added: 0, duplicates: 0, failed: 0 };
  const fail = (row: FailureRow): void => {
    counts.failed++;
    watch.report({ kind: "failure", source: redactUrl(row.source), code: row.code, reason: row.reason });
  };

  let hasUrls = false;
  let waiting = 0;
  let isListed = false;
  // The listing must not outlive a batch that could not be written.
  const listing = new AbortController();
  const signal = AbortSignal.any([watch.signal, listing.signal]);
  const tasks = async function* (): AsyncGenerator<Task> {
    for await (const chunk of chunksOf(ports.source.list(signal))) {
      hasUrls ||= chunk.some((item) => item.kind === "location" && placeKind(item.location.source) === "url");
      const { tasks, places, failures } = await compare(chunk, ports, counts, options);
      if (places.length > 0 || failures.length > 0)
        await store.record({ images: [], places, failures, vectors: null });
      failures.forEach(fail);
      waiting += tasks.length;
      watch.report({ kind: "progress", stage: "list", done: counts.listed, total: null });
      yield* tasks;
    }
    isListed = true;
    watch.report({ kind: "progress", stage: "list", done: counts.listed, total: counts.listed });
  };

  const claims: Claims = new Map();
  const fetch = createFetch(ports, watch, options);
  const read = createReader(ports, watch, claims);
  // Contents that are no pictures. Few, unlike places that cannot be reached, and twins of theirs may still come.
  const spoiled = new Set<string>();
  const failedImages = new Map<string, AlbumenError>();
  let done = 0;
  const flush = async (batch: readonly Reading[]): Promise<void> => {
    const { places, failures, added } = await recordBatch(batch, ports, failedImages, watch);
    for (const reading of batch) {
      if (reading.image !== null) claims.delete(reading.image);
      if (reading.kind === "failed" && reading.image !== null) spoiled.add(reading.image);
    }
    counts.added += added;
    counts.duplicates += batch.filter(({ kind }, i) => kind === "known" && places[i]!.image !== null).length;
    failures.forEach(fail);
    done += batch.length;
    watch.report({ kind: "progress", stage: "embed", done, total: isListed ? waiting : null });
  };

  // Decoding runs a full batch ahead of the model, and no further: that bounds memory.
  const ahead = embedder.maxBatch + 2 * decoder.parallelism;
  let batch: Reading[] = [];
  let decoded = 0;
  try {
    const fetched = prefetch(lookAhead(tasks(), LOOK_AHEAD), FETCH_AHEAD, fetch);
    for await (const reading of prefetch(fetched, ahead, read)) {
      throwIfAborted(watch.signal);
      batch.push(reading);
      if (reading.kind === "decoded") decoded++;
      if (decoded === embedder.maxBatch || batch.length >= BATCH_PLACES) {
        await flush(batch);
        batch = [];
        decoded = 0;
      }
    }
    if (batch.length > 0) await flush(batch);
    if (hasUrls && counts.looked > 0 && !options.keepPlaceholders)
      (await leaveOutPlaceholders(ports, watch.signal)).forEach(fail);
    const useless = [...spoiled, ...failedImages.keys()];
    const used = await store.images(useless); // by an earlier encoder, say
    for (const image of useless) if (!used.has(image)) await ports.originals.delete(image);
  } finally {
    listing.abort();
    await ports.source.close?.();
  }
  return counts;
}

async function* chunksOf(items: AsyncIterable<SourceItem>): AsyncGenerator<SourceItem[]> {
  let chunk: SourceItem[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** What of a chunk is to be read; and what can be recorded as it is: known places of new owners, failures. */
async function compare(
  chunk: readonly SourceItem[],
  { store, embedder, now }: IngestPorts,
  counts: { -readonly [K in keyof IngestCounts]: number },
  { refresh = false, retryFailed = false, keepPlaceholders = false }: IngestOptions,
): Promise<{ tasks: Task[]; places: PlaceRow[]; failures: FailureRow[] }> {
  const failures = new Map<string, FailureRow>();
  const locations: Location[] = [];
  for (const item of chunk)
    if (item.kind === "location") locations.push(item.location);
    else if (item.kind === "list") await store.clearLineFailures(item.source);
    else if (item.kind === "skipped") counts.skipped++;
    else failures.set(item.source, failureRow(item.source, item.error, now()));
  counts.listed += locations.length;
  counts.looked += failures.size;

  const known = await store.known(locations);
  const images = known.flatMap((place) => place?.image ?? []);
  const embedded = await store.embedded(spaceKey(embedder.space), [...new Set(images)]);
  const isRetried = (code: KnownPlace["failure"]): boolean =>
    retryFailed || (keepPlaceholders && code === "IMAGE_PLACEHOLDER");
  const isCurrent = (location: Location, place: KnownPlace): boolean => {
    if (location.stamp !== null && location.stamp !== place.stamp) return false;
    if (place.image === null) return !isRetried(place.failure);
    return embedded.has(place.image) && !(refresh && location.stamp === null);
  };

  const tasks = new Map<string, Task>();
  const places: PlaceRow[] = [];
  for (const [i, location] of locations.entries()) {
    const { source, user } = location;
    const place = known[i]!;
    const users = user === null ? [] : [user];
    if (place === null || !isCurrent(location, place)) {
      const task = tasks.get(source);
      if (task) task.users.push(...users);
      else tasks.set(source, { location, known: place, users });
      counts.looked++;
      continue;
    }
    if (place.image === null) counts.failed++;
    else if (place.isOwned) counts.unchanged++;
    // One that could not even be listed the last time is recorded again, which takes its failure back.
    const isListedAgain = place.image !== null && place.failure !== null;
    if (place.isOwned && !isListedAgain) continue;
    places.push({ source, name: place.name, stamp: place.stamp, image: place.image, users });
    if (!place.isOwned) counts.looked++;
  }
  return { tasks: [...tasks.values()], places, failures: [...failures.values()] };
}

/** A task whose bytes are at hand: in a file of this machine, or among the originals. */
type Fetched =
  | { readonly kind: "file"; readonly task: Task }
  | {
      readonly kind: "original";
      readonly task: Task;
      readonly stamp: string | null;
      readonly name: string;
      readonly image: string;
    }
  | { readonly kind: "settled"; readonly reading: Reading };

/**
 * Brings what does not lie in a file of this machine among the originals: from there it is decoded, described and
 * placed in albums, and never fetched again. Written before the row that tells of it, so that a row always has its
 * bytes. Rejects when cancelled or when the disk fails, for no other reason.
 */
function createFetch(
  { source, store, embedder, originals }: IngestPorts,
  watch: Watch,
  { refresh = false }: IngestOptions,
): (task: Task) => Promise<Fetched> {
  const space = spaceKey(embedder.space);
  // New places, told to the catalog before their batch: a run that dies has fetched far ahead of what it looked at.
  const noted: PlaceRow[] = [];
  return async (task) => {
    const { location, known } = task;
    try {
      throwIfAborted(watch.signal);
      if (!isOriginal(location.source)) return { kind: "file", task };
      const isAsked = refresh && location.stamp === null;
      const image = known?.image ?? null;
      if (known && image !== null && (location.stamp === null || location.stamp === known.stamp)) {
        const { name, stamp } = known;
        // Another encoder than last time needs the bytes again, and they need not be fetched again.
        if (!isAsked && (await originals.has(image))) return { kind: "original", task, stamp, name, image };
        const outcome = await source.read(location, {
          signal: watch.signal,
          before: isAsked && (await isEmbedded(store, space, image)) ? stamp : null,
        });
        if (outcome.kind === "unchanged")
          return { kind: "settled", reading: { kind: "known", task, stamp, name, image } };
        return keep(task, outcome);
      }
      const outcome = await source.read(location, { signal: watch.signal, before: null });
      if (outcome.kind === "unchanged")
        throw new AlbumenError("INTERNAL", `${location.source} is unchanged, but nothing is known of it.`);
      return keep(task, outcome);
    } catch (error) {
      return { kind: "settled", reading: failedReading(task, null, error) };
    }
  };

  async function keep(
    task: Task,
    { bytes, stamp }: { readonly bytes: Uint8Array; readonly stamp: string },
  ): Promise<Fetched> {
    const image = sha256(bytes);
    const format = sniffImageFormat(bytes);
    const name = format === null ? task.location.name : withExtension(task.location.name, format);
    await originals.put(image, bytes);
    if (task.known === null) {
      const { source } = task.location;
      noted.push({ source, name, stamp, image, users: [...new Set(task.users)] });
      if (noted.length >= NOTED_AT_ONCE)
        await store.record({ images: [], places: noted.splice(0), failures: [], vectors: null });
    }
    return { kind: "original", task, stamp, name, image };
  }
}

/** Contents that are being decoded, and how that ends. The first place of each decodes it; the others wait. */
type Claims = Map<string, Promise<AlbumenError | null>>;

/** Rejects as `createFetch`'s does. */
function createReader(
  { source, store, decoder, embedder, originals }: IngestPorts,
  watch: Watch,
  claims: Claims,
): (fetched: Fetched) => Promise<Reading> {
  const space = spaceKey(embedder.space);
  return async (fetched) => {
    if (fetched.kind === "settled") return fetched.reading;
    const { task } = fetched;
    let { stamp } = task.location;
    let name = task.location.name;
    let image: string | null = null;
    try {
      throwIfAborted(watch.signal);
      let bytes: Uint8Array | null = null;
      if (fetched.kind === "original") ({ stamp, name, image } = fetched);
      else {
        const outcome = await source.read(task.location, { signal: watch.signal, before: null });
        if (outcome.kind === "unchanged")
          throw new AlbumenError("INTERNAL", `${task.location.source} gave no bytes.`);
        ({ bytes, stamp } = outcome);
        image = sha256(bytes);
      }
      let claim = claims.get(image);
      if (claim === undefined && (await isEmbedded(store, space, image)))
        return { task, kind: "known", name, stamp, image };
      claim ??= claims.get(image);
      if (claim !== undefined) {
        const error = await claim;
        if (error) throw error;
        return { task, kind: "known", name, stamp, image };
      }
      const decoding = decode(image, bytes);
      claims.set(
        image,
        decoding.then(
          () => null,
          (error: unknown) => asImageError(error),
        ),
      );
      return { task, kind: "decoded", name, stamp, image, ...(await decoding) };
    } catch (error) {
      return failedReading({ ...task, location: { ...task.location, stamp } }, image, error);
    }
  };

  async function decode(
    image: string,
    given: Uint8Array | null,
  ): Promise<{ readonly sizeBytes: number; readonly decoded: Decoded }> {
    const bytes = given ?? (await originals.get(image));
    if (bytes === null) throw new AlbumenError("INTERNAL", `The original ${image} is not where it was put.`);
    const sizeBytes = bytes.length;
    const request = { input: embedder.input, thumbnail: true };
    return { sizeBytes, decoded: await decoder.decode(bytes, request, quietCall(watch)) };
  }
}

function failedReading(task: Task, image: string | null, error: unknown): Reading {
  const reason = asImageError(error);
  if (reason.code === "ABORTED" || !isOfOneImage(reason)) throw reason;
  return {
    task,
    kind: "failed",
    image,
    stamp: task.location.stamp ?? task.known?.stamp ?? null,
    error: reason,
  };
}

async function isEmbedded(store: Store, space: string, image: string): Promise<boolean> {
  return (await store.embedded(space, [image])).has(image);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A full disk is no fault of the image that met it. */
function isOfOneImage({ code }: AlbumenError): boolean {
  return code !== "DISK_FULL" && code !== "OUTPUT_UNWRITABLE";
}

/** Embeds and writes one batch. `places` has one row a reading. */
async function recordBatch(
  batch: readonly Reading[],
  { store, embedder, thumbs, now }: IngestPorts,
  failedImages: Map<string, AlbumenError>,
  watch: Watch,
): Promise<{ places: PlaceRow[]; failures: FailureRow[]; added: number }> {
  const space = spaceKey(embedder.space);
  const decoded = batch.filter((reading) => reading.kind === "decoded");
  // One that was decoded while its twin's batch was written is there already.
  const there = await store.embedded(
    space,
    decoded.map(({ image }) => image),
  );
  const fresh = decoded.filter(({ image }) => !there.has(image));
  const outcomes = await embedBatch(
    embedder,
    fresh.map((reading) => reading.decoded.image),
    quietCall(watch),
  );
  const images: ImageRow[] = [];
  const vectors: Float32Array[] = [];
  for (const [i, { image, sizeBytes, decoded }] of fresh.entries()) {
    const outcome = outcomes[i]!;
    if (outcome instanceof AlbumenError) {
      failedImages.set(image, outcome);
      continue;
    }
    images.push({ image, sizeBytes, facts: decoded.facts });
    vectors.push(outcome);
    if (decoded.thumbnail) await thumbs.put(image, decoded.thumbnail);
  }
  const places: PlaceRow[] = [];
  const failures = new Map<string, FailureRow>();
  for (const reading of batch) {
    const { source, name } = reading.task.location;
    const { stamp } = reading;
    const users = [...new Set(reading.task.users)];
    const error = reading.kind === "failed" ? reading.error : failedImages.get(reading.image);
    if (error) failures.set(source, failureRow(source, error, now()));
    if (error) places.push({ source, name, stamp, image: null, users });
    else if (reading.kind !== "failed")
      places.push({ source, name: reading.name, stamp, image: reading.image, users });
  }
  const { dims } = embedder.space;
  await store.record({
    images,
    places,
    failures: [...failures.values()],
    vectors: {
      space,
      images: images.map(({ image }) => image),
      vectors: concatVectors(
        vectors.map((data) => ({ data, rows: 1, dims })),
        dims,
      ),
    },
  });
  return { places, failures: [...failures.values()], added: images.length };
}

/** Whether its bytes are kept among the originals: they lie in no file of this machine. */
function isOriginal(source: string): boolean {
  return placeKind(source) !== "file";
}

function failureRow(source: string, error: AlbumenError, at: string): FailureRow {
  const reason = error.hint ? `${error.message} ${error.hint}` : error.message;
  return { source, code: error.code, reason, attempts: 1, at };
}

function asImageError(error: unknown): AlbumenError {
  return isAlbumenError(error) ? error : new AlbumenError("INTERNAL", messageOf(error), { cause: error });
}
