/** Albumen's own files in the output: what `albums.json` and `albums.csv` say, and how any of them is written. */
import { createHash } from "node:crypto";
import Papa from "papaparse";
import { UNSORTED, type Album } from "../core/albums.ts";
import { redactUrl } from "../core/url-secrets.ts";
import { EXPORT_NAMES } from "../core/plan/layout.ts";
import type { PlacedFile } from "../core/plan/steps.ts";
import { AlbumenError } from "../errors.ts";
import type { Journal } from "../ports/journal.ts";
import type { Output } from "../ports/output.ts";

export interface ExportInput {
  readonly albums: readonly Album[];
  /** the places of an image, once for each of their owners: `Store.ownersOf` */
  ownersOf(image: string): Promise<readonly { readonly source: string; readonly user: string | null }[]>;
  /** what stands in the output: `Journal.outputs().files` */
  readonly files: readonly PlacedFile[];
  /** by image; the captions that are fit to show */
  readonly captions: ReadonlyMap<string, string>;
  /** what made the vectors, as it is to stand in `albums.json` */
  readonly model: unknown;
  /** the receipt of the run, as it is to stand in `albums.json` */
  readonly run: unknown;
}

const COLUMNS = [
  "album_id",
  "album",
  "parent_id",
  "source",
  "file",
  "sha256",
  "user",
  "representative",
  "similarity",
  "caption",
];

interface ExportPaths {
  /** of one location, else of its image; null: not in the output */
  fileOf(image: string, source: string | null): string | null;
}

function pathsOf(files: readonly PlacedFile[]): ExportPaths {
  const bySource = new Map(files.map((file) => [`${file.image} ${file.source}`, file.path]));
  const byImage = new Map<string, string>();
  for (const file of files) if (!byImage.has(file.image)) byImage.set(file.image, file.path);
  return {
    fileOf: (image, source) =>
      (source === null ? undefined : bySource.get(`${image} ${source}`)) ?? byImage.get(image) ?? null,
  };
}

/** What an album is called in exports. */
export function textOf(album: Album): string {
  return album.id === UNSORTED ? "Unsorted" : album.name.text;
}

/** `albums.json`. `size` counts an album's own images, without its children's, so that the sizes add up. */
export function albumsJson(input: ExportInput): string {
  const paths = pathsOf(input.files);
  const albums = input.albums.map((album) => ({
    id: album.id,
    name: textOf(album),
    nameSource: album.name.source,
    nameScore: album.name.score,
    parentId: album.parentId,
    size: album.members.length,
    cohesion: album.cohesion,
    trust: album.trust,
    representatives: album.members
      .filter((member) => member.representativeRank >= 0)
      .sort((a, b) => a.representativeRank - b.representativeRank)
      .map(({ image }) => ({
        file: paths.fileOf(image, null),
        caption: input.captions.get(image) ?? null,
      })),
    evidence: album.name.evidence,
  }));
  return `${JSON.stringify({ albums, model: input.model, run: input.run }, null, 2)}\n`;
}

type CsvRow = readonly (string | number)[];

/** Rows turned into text at a time. */
const ROWS_A_CHUNK = 1000;

/**
 * CSV (RFC 4180, UTF-8, CRLF), a thousand rows a piece. Spreadsheets run a text that starts with "=", "+", "-" or "@" as
 * a formula, and names, captions and users come from models and strangers: such a text gets a "'" in front.
 */
export async function* csvChunks(
  head: readonly string[],
  rows: Iterable<CsvRow> | AsyncIterable<CsvRow>,
): AsyncGenerator<string> {
  let chunk: CsvRow[] = [head];
  const flush = () => {
    const text = `${Papa.unparse(chunk, { newline: "\r\n", escapeFormulae: true })}\r\n`;
    chunk = [];
    return text;
  };
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length >= ROWS_A_CHUNK) yield flush();
  }
  if (chunk.length > 0) yield flush();
}

/**
 * `albums.csv`, in the form of `csvChunks`: one row an image location, albums and members in their order. `source` and
 * `file` are exact in spite of the "'", for one is absolute and the other starts with a folder name that never starts so.
 */
export function albumsCsv(input: ExportInput): AsyncGenerator<string> {
  return csvChunks(COLUMNS, locationRows(input));
}

async function* locationRows(input: ExportInput): AsyncGenerator<CsvRow> {
  const paths = pathsOf(input.files);
  for (const album of input.albums)
    for (const { image, similarity, representativeRank } of album.members)
      for (const { source, user } of await input.ownersOf(image))
        yield [
          album.id,
          textOf(album),
          album.parentId ?? "",
          redactUrl(source),
          paths.fileOf(image, source) ?? "",
          image,
          user ?? "",
          representativeRank >= 0 ? 1 : 0,
          Number(similarity.toFixed(6)),
          input.captions.get(image) ?? "",
        ];
}

interface PublishTarget {
  readonly output: Output;
  readonly journal: Journal;
}

/**
 * To be called before anything is done: none of the places may hold a file that Albumen did not write, or that
 * someone changed since. Errors: `OUTPUT_CONFLICT`.
 */
export async function checkPublishable(
  { output, journal }: PublishTarget,
  places: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const known = new Map((await journal.published()).map(({ place, sha256 }) => [place, sha256]));
  for (const place of places) {
    const standing = await output.inspect(place);
    if (standing === null) continue;
    const hashes = known.get(place) ?? [];
    if (standing.kind === "file" && hashes.includes(await output.sha256(place, signal))) continue;
    throw new AlbumenError(
      "OUTPUT_CONFLICT",
      hashes.length > 0
        ? `${place} was changed since Albumen wrote it.`
        : `${place} stands there already, and it is not Albumen's.`,
      { hint: "Move or rename it, or choose another output." },
    );
  }
}

/**
 * Writes one of Albumen's own files, whole or not at all, over none but its own earlier version. `place` is
 * relative to the output's root, or absolute. Errors: `OUTPUT_CONFLICT`, `OUTPUT_UNWRITABLE`, `DISK_FULL`, `ABORTED`.
 */
export async function publishFile(
  target: PublishTarget,
  place: string,
  content: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const { output, journal } = target;
  await checkPublishable(target, [place], signal);
  const { folder, temporary } = splitPlace(place);
  if (folder !== "") await output.makeFolder(folder);
  await output.remove(temporary);
  const hash = createHash("sha256");
  const hashed = async function* () {
    for await (const part of content) {
      const bytes = typeof part === "string" ? Buffer.from(part) : part;
      hash.update(bytes);
      yield bytes;
    }
  };
  try {
    await output.write(temporary, hashed(), signal);
    const sha256 = hash.digest("hex");
    // Known before it stands: a process that dies in between must not take its own file for a stranger's.
    await journal.publish(place, sha256, "intended");
    await output.replace(temporary, place);
    await journal.publish(place, sha256, "written");
  } catch (error) {
    await output.remove(temporary).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}

function splitPlace(place: string): { readonly folder: string; readonly temporary: string } {
  const cut = Math.max(place.lastIndexOf("/"), place.lastIndexOf("\\")) + 1;
  return {
    folder: place.slice(0, Math.max(cut - 1, 0)),
    temporary: `${place.slice(0, cut)}.albumen-${place.slice(cut)}.part`,
  };
}

/**
 * Takes Albumen's own files away again, all of them as an undo of the first apply does, or some. Returns those that the
 * user changed, which stay.
 */
export async function unpublishExports(
  { output, journal }: PublishTarget,
  signal: AbortSignal,
  names: readonly string[] = EXPORT_NAMES,
): Promise<string[]> {
  const kept: string[] = [];
  for (const { place, sha256 } of await journal.published()) {
    if (!names.includes(place)) continue;
    const standing = await output.inspect(place);
    if (standing && !sha256.includes(standing.kind === "file" ? await output.sha256(place, signal) : ""))
      kept.push(place);
    else await output.remove(place);
    await output.remove(splitPlace(place).temporary); // of a killed run
    await journal.publish(place, null, "written");
  }
  return kept;
}
