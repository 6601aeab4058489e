/** Text for people: tables and the closing lines of a run. */
import Papa from "papaparse";
import type { Album, RunSummary } from "../compose.ts";
import { duration, visible } from "./reporter.ts";

/** Columns padded to equal width, two spaces apart; the last one is not padded. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const safe = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of safe) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return safe.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** One row of a table (RFC 4180), without its end. A text that a spreadsheet would run as a formula gets a "'" in front. */
export function csvLine(cells: readonly (string | number)[]): string {
  return Papa.unparse([[...cells]], { escapeFormulae: true });
}

export function albumRows(albums: readonly Album[]): string[][] {
  return albums.map((album) => [
    album.id,
    String(album.members.length),
    album.trust === null ? "" : `trust ${album.trust.toFixed(2)}`,
    album.parentId === null ? album.name.text : `  ${album.name.text}`,
    album.name.source === "user"
      ? "your name"
      : album.name.score === null
        ? ""
        : `score ${album.name.score.toFixed(2)}`,
  ]);
}

export function summaryLines(summary: RunSummary): string[] {
  const lines: string[] = [];
  const { albums, images, added, failed, unsorted, seconds } = summary;
  if (summary.message) lines.push(summary.message);
  if (images > 0 || albums > 0) {
    const rest = unsorted > 0 ? `, ${count(unsorted, "image")} in Unsorted` : "";
    lines.push(
      `${count(albums, "album")} of ${count(images, "image")}${rest} (${count(added, "new image")}, ${duration(seconds * 1000)})`,
    );
  }
  if (failed > 0) lines.push(`${count(failed, "file")} could not be used; albumen failures tells why.`);
  for (const kept of summary.kept) lines.push(`Left alone, because it was changed since: ${kept}`);
  if (summary.gallery) lines.push(`Open ${summary.gallery}`);
  if (summary.zip) lines.push(`Archive: ${summary.zip}`);
  return lines.map(visible);
}

/** `1 album`, `3 albums`. */
function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
