/** Compares the wanted albums with what stands in the output. Reads only. */
import type { Album } from "../core/albums.ts";
import { planFolders, type Plan, type PlannableImage } from "../core/plan/plan.ts";
import type { PlaceMode } from "../core/plan/steps.ts";
import type { Journal } from "../ports/journal.ts";
import type { Output } from "../ports/output.ts";

export interface PlanInput {
  readonly albums: readonly Album[];
  /** by SHA-256 */
  readonly images: ReadonlyMap<string, PlannableImage>;
  readonly mode: PlaceMode;
  readonly depth: 1 | 2;
}

/**
 * The plan that would make the output what the albums say. What the user took away from the output is placed
 * again while its album still wants it. Errors: `FILE_UNREADABLE`, `ABORTED`.
 */
export async function planOutput(
  { output, journal }: { readonly output: Output; readonly journal: Journal },
  input: PlanInput,
  signal: AbortSignal,
): Promise<Plan> {
  const recorded = await journal.outputs();
  const listed = await output.list(signal);
  const kinds = new Map(listed.map(({ path, kind }) => [path, kind]));
  const folders = recorded.folders.filter(({ path }) => kinds.get(path) === "folder");
  const files = recorded.files.filter(({ path }) => kinds.get(path) === "file");
  const ours = new Set([...folders, ...files].map(({ path }) => path));
  return planFolders({
    ...input,
    current: { folders, files },
    gone: [...recorded.folders, ...recorded.files].map(({ path }) => path).filter((path) => !ours.has(path)),
    foreign: listed.map(({ path }) => path).filter((path) => !ours.has(path)),
  });
}
