/** From the lines of a list to its rows: CSV and its kin, JSON lines, plain lines. */
import Papa from "papaparse";
import { findColumns, type ListColumns, type WantedColumns } from "../../core/list-columns.ts";

export type ListRow =
  | {
      /** counted from 1 */
      readonly line: number;
      /** URL or path as it stands in the list */
      readonly place: string;
      readonly user: string | null;
    }
  | { readonly line: number; readonly problem: string };

type Lines = AsyncIterable<readonly string[]>;

export interface RowOptions {
  /** as errors call the list */
  readonly list: string;
  readonly columns: WantedColumns;
}

/** One place a line; blank lines, and in a text file those that start with "#", are no rows. */
export async function* plainRows(
  lines: Lines,
  { hasComments }: { hasComments: boolean },
): AsyncGenerator<ListRow[]> {
  let line = 0;
  for await (const block of lines) {
    const rows: ListRow[] = [];
    for (const text of block) {
      line++;
      const place = text.replace(/\r$/, "");
      if (place.trim() === "" || (hasComments && place.startsWith("#"))) continue;
      rows.push({ line, place, user: null });
    }
    yield rows;
  }
}

/** One JSON object a line, or one string. Its columns are the keys of the first object. */
export async function* jsonRows(lines: Lines, options: RowOptions): AsyncGenerator<ListRow[]> {
  let line = 0;
  let columns: ListColumns | null = null;
  const read = (text: string): ListRow => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return { line, problem: "it is no JSON" };
    }
    if (typeof value === "string") return { line, place: value, user: null };
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return { line, problem: "it is neither an object nor a string" };
    const object = value as Record<string, unknown>;
    if (columns === null) {
      const names = Object.keys(object);
      const values = names.map((name) => String(object[name]));
      // The keys are a header whatever they look like.
      columns = { ...findColumns(options.list, names, values, options.columns), names };
    }
    const place = object[columns.names[columns.place]!];
    const user = columns.user === null ? null : object[columns.names[columns.user]!];
    if (typeof place !== "string" || place.trim() === "")
      return { line, problem: `it has no "${columns.names[columns.place]}"` };
    return { line, place, user: user === null || user === undefined || user === "" ? null : String(user) };
  };
  for await (const block of lines) {
    const rows: ListRow[] = [];
    for (const text of block) {
      line++;
      if (text.trim() !== "") rows.push(read(text));
    }
    yield rows;
  }
}

/** A row that is not over after so many characters has a quote too many: it fails, and the next line starts anew. */
const LONGEST_RECORD = 1_000_000;
const DELIMITERS = [",", ";", "\t", "|"];

/** One row of a table that may go over several lines. */
interface TableRecord {
  readonly line: number;
  readonly text: string;
  /** its last field was opened by a quote and never closed */
  readonly isOpen: boolean;
}

/**
 * Rows of a table (RFC 4180, any delimiter of `DELIMITERS`). A row that cannot be read is a problem of its own: the
 * lines after it are read as if it were not there, so one stray quote never swallows the file.
 */
export async function* tableRows(
  lines: Lines,
  options: RowOptions & {
    /** null: the one that the first lines agree on */
    readonly delimiter: string | null;
  },
): AsyncGenerator<ListRow[]> {
  let { delimiter } = options;
  let columns: ListColumns | null = null;
  let line = 0;
  let pending: string[] = [];
  let pendingLength = 0;
  let isOpen = false;

  const records: TableRecord[] = [];
  const take = (text: string): void => {
    pending.push(text);
    pendingLength += text.length + 1;
    line++;
    isOpen = leavesOpen(text, delimiter!, isOpen);
    if (isOpen && pendingLength <= LONGEST_RECORD) return;
    // Over several lines it may be a stray quote that met another one.
    if (isOpen || (pending.length > 1 && read(pending.join("\n"), delimiter!) === null)) giveUp();
    else close(false);
  };
  const close = (isOpen: boolean): void => {
    records.push({ line: line - pending.length + 1, text: pending.join("\n").replace(/\r$/, ""), isOpen });
    pending = [];
    pendingLength = 0;
  };
  /** The first pending line alone is at fault; those after it are lines like any other. */
  const giveUp = (): void => {
    const [first, ...rest] = pending;
    line -= rest.length;
    pending = [first!];
    close(true);
    isOpen = false;
    rest.forEach(take);
  };
  const rowsOf = function* (): Generator<ListRow> {
    const parsed = parse(records.splice(0), delimiter!);
    if (columns === null && parsed.length > 0) {
      const [first, second] = parsed.filter(({ cells }) => cells !== null);
      if (first === undefined) return void (yield* parsed.map(unreadable));
      columns = findColumns(options.list, first.cells!, second?.cells ?? null, options.columns);
      if (columns.hasHeader) parsed.splice(parsed.indexOf(first), 1);
    }
    for (const record of parsed) yield record.cells === null ? unreadable(record) : rowOf(record, columns!);
  };

  for await (const block of lines) {
    delimiter ??= guessDelimiter(block);
    block.forEach(take);
    const rows = [...rowsOf()];
    if (rows.length > 0) yield rows;
  }
  while (pending.length > 0) giveUp();
  yield [...rowsOf()];
}

interface ParsedRecord {
  readonly line: number;
  readonly cells: readonly string[] | null;
}

/** The rows of a text; null when its quotes are wrong. */
function read(text: string, delimiter: string): string[][] | null {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, newline: "\n", header: false });
  return errors.length === 0 ? data : null;
}

/** Blank rows are left out. */
function parse(records: readonly TableRecord[], delimiter: string): ParsedRecord[] {
  const sound = records.filter(({ isOpen }) => !isOpen);
  // All at once, which is many times faster; one by one only where something in them is wrong.
  const together = read(sound.map(({ text }) => text).join("\n"), delimiter);
  const isSound = together?.length === sound.length;
  let next = 0;
  return records
    .map(({ line, text, isOpen }): ParsedRecord => {
      if (isOpen) return { line, cells: null };
      if (isSound) return { line, cells: together![next++]! };
      const alone = read(text, delimiter);
      return { line, cells: alone === null || alone.length > 1 ? null : (alone[0] ?? [""]) };
    })
    .filter(({ cells }) => cells === null || cells.some((cell) => cell.trim() !== ""));
}

function unreadable({ line }: ParsedRecord): ListRow {
  return { line, problem: "a quote in it is never closed, or text follows a closing one" };
}

function rowOf({ line, cells }: ParsedRecord, columns: ListColumns): ListRow {
  const place = cells![columns.place]?.trim() ?? "";
  if (place === "") return { line, problem: `it has no "${columns.names[columns.place]}"` };
  const user = columns.user === null ? "" : (cells![columns.user]?.trim() ?? "");
  return { line, place, user: user === "" ? null : user };
}

/** Whether a quoted field goes on after this line. A quote opens a field only as its first character. */
function leavesOpen(text: string, delimiter: string, wasOpen: boolean): boolean {
  if (!text.includes('"')) return wasOpen;
  let isOpen = wasOpen;
  let isStart = !wasOpen;
  for (let i = 0; i < text.length; i++) {
    const isQuote = text[i] === '"';
    if (isOpen && isQuote && text[i + 1] === '"') i++;
    else if (isOpen) isOpen = !isQuote;
    else if (isQuote && isStart) isOpen = true;
    isStart = !isOpen && text[i] === delimiter;
  }
  return isOpen;
}

/** The delimiter of which every one of the first lines has most; a list of one column has none and gets a comma. */
export function guessDelimiter(lines: readonly string[]): string {
  const sample = lines
    .slice(0, 10)
    .map((line) => line.replace(/"[^"]*"/g, ""))
    .filter((line) => line.trim() !== "");
  const fewest = (delimiter: string): number =>
    Math.min(...sample.map((line) => line.split(delimiter).length));
  return DELIMITERS.reduce((best, delimiter) => (fewest(delimiter) > fewest(best) ? delimiter : best));
}
