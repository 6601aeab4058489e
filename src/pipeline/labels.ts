/** A label for every image: what `labels.csv` and `labels.json` say. */
import type { Album } from "../core/albums.ts";
import { labelOf, type ImageLabel } from "../core/naming/image-label.ts";
import { csvChunks, textOf } from "./export.ts";

export interface LabelInput {
  readonly albums: readonly Album[];
  /** path inside the output, by image; an image that is not there has no row */
  readonly fileOf: ReadonlyMap<string, string>;
  /** by image; the captions that are fit to show */
  readonly captions: ReadonlyMap<string, string>;
  /** by image, best first; none where it is not there */
  readonly tags: ReadonlyMap<string, readonly string[]>;
}

interface LabelRow {
  readonly image: string;
  readonly file: string;
  readonly album: string;
  readonly label: ImageLabel;
  readonly tags: readonly string[];
}

/** One row an image of the output, albums and members in their order. */
function* labelRows({ albums, fileOf, captions, tags }: LabelInput): Generator<LabelRow> {
  for (const album of albums)
    for (const { image } of album.members) {
      const file = fileOf.get(image);
      if (file === undefined) continue;
      const words = tags.get(image) ?? [];
      yield {
        image,
        file,
        album: textOf(album),
        label: labelOf(captions.get(image) ?? null, words),
        tags: words,
      };
    }
}

const COLUMNS = ["file", "sha256", "album", "label", "label_source", "tags"];

/** `labels.csv`, in the form of `csvChunks`. */
export function labelsCsv(input: LabelInput): AsyncGenerator<string> {
  return csvChunks(COLUMNS, labelCells(input));
}

function* labelCells(input: LabelInput): Generator<string[]> {
  for (const { image, file, album, label, tags } of labelRows(input))
    yield [file, image, album, label.text, label.source, tags.join("; ")];
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
