/** What every bench prints: a table for people, and the machine it ran on. */
import { availableParallelism, cpus, totalmem } from "node:os";

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value, of an even number the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A Markdown table, columns padded. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const width = head.map((_, c) => Math.max(...cells.map((row) => row[c].length)));
  const lines = cells.map((row) => `| ${row.map((cell, c) => cell.padEnd(width[c])).join(" | ")} |`);
  return [lines[0], `|${width.map((w) => "-".repeat(w + 2)).join("|")}|`, ...lines.slice(1)].join("\n");
}

export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}
