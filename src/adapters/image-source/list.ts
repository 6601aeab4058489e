/** Images named by a list: a table, JSON lines or plain lines of URLs and paths, of any length. */
import { createReadStream } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findColumns, looksLikePlace, type WantedColumns } from "../../core/list-columns.ts";
import { placeKind, placeName } from "../../core/place.ts";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import type { SourceItem } from "../../ports/image-source.ts";
import { fileItem } from "./folder.ts";
import { encodingOf, linesOf } from "./list-lines.ts";
import { guessDelimiter, jsonRows, plainRows, tableRows, type ListRow } from "./list-rows.ts";

export interface ListOptions {
  readonly columns: WantedColumns;
  /** only this user's rows; a list without users is wholly theirs. null: everyone's */
  readonly user: string | null;
}

/** `lines` has a place a line; `nul` ends each with a zero byte. */
type ListFormat = "csv" | "tsv" | "json" | "lines" | "nul";

const FORMATS: Readonly<Record<string, ListFormat>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  jsonl: "json",
  ndjson: "json",
  txt: "lines",
};

export function isListName(path: string): boolean {
  return extensionOf(path) in FORMATS;
}

/** Relative paths in it start from the folder of the list. Errors: `LIST_COLUMN_UNKNOWN`, `FILE_*`. */
export function listFile(
  path: string,
  options: ListOptions,
  signal: AbortSignal,
): AsyncGenerator<SourceItem> {
  const format = FORMATS[extensionOf(path)]!;
  const absolute = resolve(path);
  // `signal` is looked at between chunks: a stream that is destroyed by it would throw an error of its own.
  const chunks = createReadStream(absolute, { highWaterMark: CHUNK_BYTES });
  return items(chunks, format, { ...options, list: path, base: dirname(absolute) }, signal);
}

/** A list without a name, known by its first bytes. Relative paths start from the working directory. */
export async function* listStream(
  input: AsyncIterable<Uint8Array>,
  options: ListOptions,
  signal: AbortSignal,
): AsyncGenerator<SourceItem> {
  const { head, chunks } = await peek(input, SNIFF_BYTES);
  const format = sniffFormat(head, options.columns);
  yield* items(chunks, format, { ...options, list: STANDARD_INPUT, base: process.cwd() }, signal);
}

const STANDARD_INPUT = "standard input";
const CHUNK_BYTES = 64 * 1024;
const SNIFF_BYTES = 4096;

/** Paths whose files are looked at ahead of the one that is yielded. */
const LOOK_AHEAD = 64;
/** A list of several users' images names a file again and again: what was found of the last ones is kept. */
const REMEMBERED_FILES = 10_000;

async function* items(
  chunks: AsyncIterable<Uint8Array>,
  format: ListFormat,
  options: ListOptions & { readonly list: string; readonly base: string },
  signal: AbortSignal,
): AsyncGenerator<SourceItem> {
  const { list, base, user } = options;
  const name = list === STANDARD_INPUT ? list : resolve(list);
  const files = new Map<string, Promise<SourceItem>>();
  const itemOf = async (row: ListRow): Promise<SourceItem> => {
    if ("problem" in row)
      return {
        kind: "failed",
        source: `${name}:${row.line}`,
        error: new AlbumenError(
          "LIST_ROW_INVALID",
          `Line ${row.line} of ${list} cannot be used: ${row.problem}.`,
        ),
      };
    const owner = row.user ?? user;
    const source = absolutePlace(row.place, base);
    if (placeKind(source) !== "file")
      return { kind: "location", location: { source, name: placeName(source), user: owner, stamp: null } };
    let found = files.get(source);
    if (!found) {
      if (files.size >= REMEMBERED_FILES) files.clear();
      files.set(source, (found = fileItem(source)));
    }
    const item = await found;
    return item.kind === "location"
      ? { kind: "location", location: { ...item.location, user: owner } }
      : item;
  };

  yield { kind: "list", source: name };
  const ahead: Promise<SourceItem>[] = [];
  try {
    for await (const rows of rowsOf(
      linesOf(chunks, format === "nul" ? "\0" : "\n", list, signal),
      format,
      options,
    ))
      for (const row of rows) {
        if (user !== null && "user" in row && row.user !== null && row.user !== user) continue;
        ahead.push(itemOf(row));
        if (ahead.length < LOOK_AHEAD) continue;
        throwIfAborted(signal);
        yield await ahead.shift()!;
      }
  } catch (error) {
    if (error instanceof AlbumenError) throw error;
    throw new AlbumenError("FILE_UNREADABLE", `${list} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  for (const item of ahead) {
    throwIfAborted(signal);
    yield await item;
  }
}

function rowsOf(
  lines: AsyncIterable<readonly string[]>,
  format: ListFormat,
  options: ListOptions & { readonly list: string },
): AsyncGenerator<ListRow[]> {
  switch (format) {
    case "csv":
      return tableRows(lines, { ...options, delimiter: null });
    case "tsv":
      return tableRows(lines, { ...options, delimiter: "\t" });
    case "json":
      return jsonRows(lines, options);
    case "lines":
      return plainRows(lines, { hasComments: true });
    case "nul":
      return plainRows(lines, { hasComments: false });
  }
}

function absolutePlace(text: string, base: string): string {
  if (placeKind(text) === "url" || placeKind(text) === "s3") return text;
  if (/^file:\/\//i.test(text))
    try {
      return fileURLToPath(text);
    } catch {
      return text; // of another machine: it will not be found, and that is told
    }
  return resolve(base, text);
}

/** Does a text that names no format hold a table, JSON lines, or a place a line? */
function sniffFormat(head: Uint8Array, columns: WantedColumns): ListFormat {
  const encoding = encodingOf(head);
  if (encoding === "utf-8" && head.includes(0)) return "nul";
  const text = new TextDecoder(encoding).decode(head).trimStart();
  if (text.startsWith("{")) return "json";
  if (columns.url !== null || columns.user !== null) return "csv";
  const lines = text.split(/\r?\n/);
  const first = lines[0]!.split(guessDelimiter(lines));
  // A comma in a path makes no table; a header does, and so do cells beside a URL.
  if (first.length === 1) return looksLikePlace(first[0]!) || isPath(first[0]!) ? "lines" : headerOr(first);
  if (first.some((cell) => /^"?(?:https?|s3):\/\//i.test(cell))) return "csv";
  return first.some(looksLikePlace) || first.some(isPath) ? "lines" : headerOr(first);
}

/** A header has a column with a usual name. */
function headerOr(first: readonly string[]): ListFormat {
  try {
    findColumns("", [...first, "other"], null, { url: null, user: null });
    return "csv";
  } catch {
    return "lines";
  }
}

function isPath(text: string): boolean {
  return /[\\/]/.test(text);
}

function extensionOf(path: string): string {
  return /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}

/** The first bytes, and all of them again. */
async function peek(
  input: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Uint8Array; chunks: AsyncIterable<Uint8Array> }> {
  const iterator = input[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  while (length < bytes) {
    const next = await iterator.next();
    if (next.done) break;
    seen.push(next.value);
    length += next.value.length;
  }
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield* seen;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  return { head: Buffer.concat(seen), chunks: chunks() };
}
