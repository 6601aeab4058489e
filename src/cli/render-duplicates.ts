/** The three lists of `albumen duplicates`, for people and for spreadsheets. */
import type { DuplicateSet } from "../compose.ts";
import { csvLine } from "./render.ts";
import { visible } from "./reporter.ts";

const HEADINGS: Readonly<Record<DuplicateSet["kind"], string>> = {
  exact: "Equal files",
  near: "Copies of one picture",
  burst: "Shots of one moment",
};

/** `*` marks what to keep. */
export function duplicateLines(sets: readonly DuplicateSet[]): string[] {
  return (Object.keys(HEADINGS) as DuplicateSet["kind"][]).flatMap((kind) => {
    const own = sets.filter((set) => set.kind === kind);
    const lines = own.flatMap((set) => [
      "",
      ...set.files.flatMap(({ sources, width, height }) =>
        sources.map((source) => {
          const isKept = source === set.keep;
          const why = isKept && kind !== "exact" ? `, ${set.why}` : "";
          return visible(`${isKept ? "*" : " "} ${source}  (${width} x ${height} px${why})`);
        }),
      ),
    ]);
    return [`${HEADINGS[kind]}: ${own.length === 0 ? "none" : own.length}`, ...lines, ""];
  });
}

/** One row a place, with its head. */
export function duplicateTable(sets: readonly DuplicateSet[]): string[] {
  const rows = sets.flatMap((set, group) =>
    set.files.flatMap((file) =>
      file.sources.map((source) => [
        set.kind,
        group + 1,
        source,
        file.width,
        file.height,
        file.sizeBytes,
        file.takenAt ?? "",
        source === set.keep ? 1 : 0,
        source === set.keep ? set.why : "",
      ]),
    ),
  );
  return [["kind", "group", "source", "width", "height", "bytes", "taken_at", "keep", "why"], ...rows].map(
    csvLine,
  );
}
