/** A label for every image: what `labels.csv` and `labels.json` say. */
import Papa from "papaparse";
import { UNSORTED, type Album } from "../core/albums.ts";
import { labelOf, type ImageLabel } from "../core/naming/image-label.ts";

export interface LabelInput {
  readonly albums: readonly Album[];
  /** path inside the output, by image; an image that is not there has no row */
  readonly fileOf: ReadonlyMap<string, string>;
  /** by image; the captions that are fit to show */
  readonly captions: ReadonlyMap<string, string>;
  /** by image, comma-separated, best first */
  readonly tags: ReadonlyMap<string, string>;
}

interface LabelRow {
  readonly image: string;
  readonly file: string;
  readonly album: string;
  readonly label: ImageLabel;
  readonly tags: readonly string[];
}

/** Rows turned into text at a time. */
const ROWS_A_CHUNK = 1000;

/** One row an image of the output, albums and members in their order. */
function* labelRows({ albums, fileOf, captions, tags }: LabelInput): Generator<LabelRow> {
  for (const album of albums)
    for (const { image } of album.members) {
      const file = fileOf.get(image);
      if (file === undefined) continue;
      const words = tags.get(image)?.split(", ").filter(Boolean) ?? [];
      yield {
        image,
        file,
        album: album.id === UNSORTED ? "Unsorted" : album.name.text,
        label: labelOf(captions.get(image) ?? null, words),
        tags: words,
      };
    }
}

/** `labels.csv` (RFC 4180, UTF-8, CRLF), with formulas made harmless as in `albumsCsv`. */
export function* labelsCsv(input: LabelInput): Generator<string> {
  let rows: string[][] = [["file", "sha256", "album", "label", "label_source", "tags"]];
  const flush = (): string => {
    const text = `${Papa.unparse(rows, { newline: "\r\n", escapeFormulae: true })}\r\n`;
    rows = [];
    return text;
  };
  for (const { image, file, album, label, tags } of labelRows(input)) {
    rows.push([file, image, album, label.text, label.source, tags.join("; ")]);
    if (rows.length >= ROWS_A_CHUNK) yield flush();
  }
  if (rows.length > 0) yield flush();
}

/** `labels.json`: `{ labels: [{ file, sha256, album, label, labelSource, tags }] }`, an image a line. */
export function* labelsJson(input: LabelInput): Generator<string> {
  yield '{"labels": [';
  let between = "\n";
  for (const { image, file, album, label, tags } of labelRows(input)) {
    const row = { file, sha256: image, album, label: label.text, labelSource: label.source, tags };
    yield between + JSON.stringify(row);
    between = ",\n";
  }
  yield "\n]}\n";
}
