/** What the pipeline tells whoever watches: progress, notices, failures. Edges render them. */
import type { Call } from "../ports/call.ts";
import type { ErrorCode } from "../errors.ts";

/** A part of a run that has progress or a time of its own. */
export type Stage =
  | "model"
  | "list"
  | "users"
  | "embed"
  | "cluster"
  | "caption"
  | "name"
  | "apply"
  | "gallery"
  | "zip"
  | "undo"
  | "compare";

/** Something that happened in a run. */
export type PipelineEvent =
  /** `total` is null while it is not known; a stage that ends sends done = total */
  | { readonly kind: "progress"; readonly stage: Stage; readonly done: number; readonly total: number | null }
  /** something a person should read, e.g. which model is fetched from where */
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "failure"; readonly source: string; readonly code: ErrorCode; readonly reason: string };

/** Takes each event as it happens; must not throw. */
export type Report = (event: PipelineEvent) => void;

/** What every stage is given: who to tell, and when to stop. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** The `Call` of one port call whose progress is this stage's. */
export function callOf(watch: Watch, stage: Stage): Call {
  return {
    signal: watch.signal,
    onProgress: (done, total) => watch.report({ kind: "progress", stage, done, total }),
  };
}

/** A `Call` that can be cancelled and tells nothing. */
export function quietCall(watch: { readonly signal: AbortSignal }): Call {
  return { signal: watch.signal };
}
