/** Which source a word of the command line means, and which reader a place has. */
import { existsSync, statSync } from "node:fs";
import { isListName, listFile, listStream } from "./list.ts";
import type { WantedColumns } from "../../core/list-columns.ts";
import { isArchiveName, placeKind, placeName } from "../../core/place.ts";
import { redactUrl } from "../../core/url-secrets.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import type {
  ImageSource,
  Location,
  ReadOptions,
  ReadOutcome,
  SourceItem,
} from "../../ports/image-source.ts";
import { createArchives } from "./archive.ts";
import { createFolderSource, isGlob, readFile } from "./folder.ts";

/** Reads places of one kind. */
export interface PlaceReader {
  read(source: string, options: ReadOptions): Promise<ReadOutcome>;
}

export interface BucketReader extends PlaceReader {
  /** What lies below `s3://bucket/prefix`. */
  list(root: string, user: string | null, signal: AbortSignal): AsyncIterable<SourceItem>;
}

export interface OpenSourcesOptions {
  /** folders, files, globs, lists, archives, `http(s)://…`, `s3://…`, `-`; none: for reading alone */
  readonly roots: readonly string[];
  /** folders that are never entered, e.g. the output */
  readonly exclude: readonly string[];
  /** whose images these are; of a list that names users, only theirs */
  readonly user: string | null;
  readonly columns: WantedColumns;
  /** folder for temporary files */
  readonly scratch: string;
  /** what `-` reads */
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly urls: PlaceReader;
  readonly buckets: BucketReader | null;
}

type RootKind = "local" | "list" | "archive" | "url" | "bucket" | "stdin" | "entry";

/** By the word alone, but for a folder that is called like a list or an archive. */
function rootKind(root: string): RootKind {
  if (root === "-") return "stdin";
  const kind = placeKind(root);
  if (kind === "url") return "url";
  if (kind === "s3") return "bucket";
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory()) return "local";
  if (kind === "entry" && !existsSync(root)) return "entry";
  if (isGlob(root) && !existsSync(root)) return "local";
  if (isListName(root)) return "list";
  return isArchiveName(root) ? "archive" : "local";
}

/** Errors: `SOURCE_NOT_FOUND` for what lies on this machine and does not. Globs may match nothing. */
export function checkRoot(root: string): void {
  const kind = rootKind(root);
  if (kind === "url" || kind === "bucket" || kind === "stdin" || kind === "entry") return;
  if (existsSync(root) || isGlob(root)) return;
  throw new AlbumenError("SOURCE_NOT_FOUND", `${redactUrl(root)} does not exist.`, {
    hint: "Check the spelling; a path with spaces needs quotes.",
  });
}

/** Whether a root is looked for in the file system. */
export function isLocalRoot(root: string): boolean {
  const kind = rootKind(root);
  return kind !== "url" && kind !== "bucket" && kind !== "stdin";
}

/** Roots in their order, each read in its own way; a place of any kind can be read, whatever the roots are. */
export function openSources(options: OpenSourcesOptions): ImageSource {
  const { exclude, user, columns, urls, buckets } = options;
  const archives = createArchives({ scratch: options.scratch });
  const bucketReader = (): BucketReader => {
    if (buckets) return buckets;
    throw new AlbumenError("SOURCE_UNSUPPORTED", "s3:// sources cannot be read here.");
  };

  const listRoot = (
    kind: RootKind,
    roots: readonly string[],
    signal: AbortSignal,
  ): AsyncIterable<SourceItem> => {
    const root = roots[0]!;
    switch (kind) {
      case "local":
        return createFolderSource({ roots, exclude, user }).list(signal);
      case "list":
        return listFile(root, { columns, user }, signal);
      case "stdin":
        return listStream(options.stdin(), { columns, user }, signal);
      case "archive":
        return archives.list(root, user, signal);
      case "bucket":
        return bucketReader().list(root, user, signal);
      case "url":
      case "entry":
        return single({ source: root, name: placeName(root), user, stamp: null });
    }
  };
  return {
    async *list(signal) {
      for (const [kind, roots] of inRuns(options.roots))
        for await (const item of listRoot(kind, roots, signal)) {
          throwIfAborted(signal);
          yield item;
        }
    },
    async read(location, readOptions) {
      const { source } = location;
      switch (placeKind(source)) {
        case "url":
          return urls.read(source, readOptions);
        case "s3":
          return bucketReader().read(source, readOptions);
        case "entry":
          // A folder may be called like an entry.
          return existsSync(source)
            ? readFile(source, readOptions.signal)
            : archives.read(location, readOptions);
        case "file":
          return readFile(source, readOptions.signal);
      }
    },
    close: () => archives.close(),
  };
}

/** Folders, files and globs that follow each other are one source: what several of them name is listed once. */
function inRuns(roots: readonly string[]): [RootKind, string[]][] {
  const runs: [RootKind, string[]][] = [];
  for (const root of roots) {
    const kind = rootKind(root);
    const last = runs.at(-1);
    if (kind === "local" && last?.[0] === "local") last[1].push(root);
    else runs.push([kind, [root]]);
  }
  return runs;
}

async function* single(location: Location): AsyncGenerator<SourceItem> {
  yield { kind: "location", location };
}
