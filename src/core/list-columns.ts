/** Which columns of a list hold the images' places and their users. Pure. */
import { AlbumenError } from "../errors.ts";
import { IMAGE_EXTENSIONS } from "./image-format.ts";

export interface WantedColumns {
  /** a name, or a number from 1 on; null: to be guessed */
  readonly url: string | null;
  readonly user: string | null;
}

export interface ListColumns {
  /** false: the first row is an image like the others */
  readonly hasHeader: boolean;
  readonly names: readonly string[];
  /** index of the column with URLs or paths */
  readonly place: number;
  /** null: the list names no users */
  readonly user: number | null;
}

/** Compared without case, spaces, `-` and `_`. The surest first: the first one that is there counts. */
const PLACE_NAMES = (
  "imageurl imageuri urlimage imgurl imagelink photourl pictureurl mediaurl thumbnailurl url uri link href " +
  "imagepath photopath filepath path image img photo picture media src source file filename location"
).split(" ");
const USER_NAMES = (
  "user userid username owner ownerid ownername account accountid accountname customer customerid " +
  "tenant tenantid author authorid"
).split(" ");

/**
 * `first` and `second` are the list's first rows (`second` null when there is one row). Where a name of `wanted` is in
 * the first row, or a usual one, or no cell of it looks like a place, the first row is a header.
 * Errors: `LIST_COLUMN_UNKNOWN`, which lists the columns.
 */
export function findColumns(
  list: string,
  first: readonly string[],
  second: readonly string[] | null,
  wanted: WantedColumns,
): ListColumns {
  const hasHeader =
    !first.some(looksLikePlace) ||
    [wanted.url, wanted.user].some((name) => name !== null && columnNamed(name, first) >= 0);
  const names = hasHeader ? first.map((name) => name.trim()) : first.map((_, i) => String(i + 1));
  const sample = hasHeader ? (second ?? []) : first;
  const place =
    wanted.url === null ? guessPlace(names, sample, list) : wantedColumn(wanted.url, names, list, "url");
  const user =
    wanted.user === null
      ? guess(USER_NAMES, names).find((column) => column !== place)
      : wantedColumn(wanted.user, names, list, "user");
  return { hasHeader, names, place, user: user ?? null };
}

/** A URL, or a path that ends like an image. */
export function looksLikePlace(text: string): boolean {
  const trimmed = text.trim();
  if (/^(?:https?|s3|file):\/\//i.test(trimmed)) return true;
  const extension = /\.([^./\\]+)$/.exec(trimmed)?.[1]?.toLowerCase();
  return extension !== undefined && IMAGE_EXTENSIONS.has(extension);
}

function guessPlace(names: readonly string[], sample: readonly string[], list: string): number {
  const isPlace = (column: number): boolean => looksLikePlace(sample[column] ?? "");
  const named = guess(PLACE_NAMES, names);
  const byLooks = names.flatMap((_, column) => (isPlace(column) ? [column] : []));
  const found = named.find(isPlace) ?? (byLooks.length === 1 ? byLooks[0] : named[0]);
  if (found !== undefined) return found;
  if (names.length === 1) return 0;
  throw unknownColumn(`${list} has no column that is surely the one with the images.`, names, "url");
}

/** Columns with one of the usual names, the surest first. */
function guess(usual: readonly string[], names: readonly string[]): number[] {
  const plain = names.map(plainName);
  return usual.map((name) => plain.indexOf(name)).filter((column) => column >= 0);
}

function wantedColumn(name: string, names: readonly string[], list: string, kind: "url" | "user"): number {
  const column = columnNamed(name, names);
  if (column >= 0) return column;
  const number = Number(name);
  if (Number.isInteger(number) && number >= 1 && number <= names.length) return number - 1;
  throw unknownColumn(`${list} has no column "${name}".`, names, kind);
}

function columnNamed(name: string, names: readonly string[]): number {
  const exact = names.indexOf(name);
  return exact >= 0 ? exact : names.map(plainName).indexOf(plainName(name));
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, "");
}

function unknownColumn(message: string, names: readonly string[], kind: "url" | "user"): AlbumenError {
  return new AlbumenError("LIST_COLUMN_UNKNOWN", message, {
    hint: `Its columns are: ${names.map((name) => name || '""').join(", ")}. Name one with --${kind}-column.`,
  });
}
