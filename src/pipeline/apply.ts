/** Performs plans through the journal: resumable after any death, undoable for ever. */
import { randomBytes } from "node:crypto";
import { nameKey } from "../core/plan/folder-names.ts";
import type { Plan } from "../core/plan/plan.ts";
import {
  isWithin,
  type KeptReason,
  type PlacedHow,
  type Step,
  type StepOutcome,
} from "../core/plan/steps.ts";
import { AlbumenError, throwIfAborted, type ErrorCode } from "../errors.ts";
import type { Call } from "../ports/call.ts";
import type { Journal, JournaledStep, JournalEntry, NewEntry } from "../ports/journal.ts";
import type { Output } from "../ports/output.ts";
import { createPerformer } from "./perform-step.ts";

/** Outcomes in one transaction: few enough to redo at once, many enough that the journal costs nothing. */
const RECORD_EVERY = 256;

/** `lstat` calls in flight: enough to keep Node's four file threads busy. */
const INSPECTIONS_AT_ONCE = 16;

export interface Workplace {
  readonly output: Output;
  readonly journal: Journal;
  /**
   * Gives the catalog back the state it had before an apply that is being undone (what `stateBefore` was then).
   * Called before the undo is marked finished, so once more when the process dies in between: it must not
   * matter how often.
   */
  restoreState(stateBefore: Uint8Array | null): Promise<void>;
}

export interface ApplyOptions {
  /** one line for the history, e.g. `organize ~/photos` */
  readonly label: string;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  /** the catalog's state that an undo of this apply is to bring back, opaque; null: there was none */
  readonly stateBefore: Uint8Array | null;
}

export interface ApplyResult {
  readonly entry: JournalEntry;
  readonly counts: {
    readonly foldersMade: number;
    readonly foldersRenamed: number;
    readonly foldersRemoved: number;
    /** by what the file system allowed; "move" in move mode */
    readonly placed: Readonly<Record<PlacedHow, number>>;
    readonly relocated: number;
    readonly removed: number;
    /** moved files back where they came from, in an undo */
    readonly givenBack: number;
  };
  /** left as it is, because the user changed it or something else stands in the way */
  readonly kept: readonly { readonly path: string; readonly reason: KeptReason }[];
  readonly failed: readonly { readonly path: string; readonly code: ErrorCode; readonly reason: string }[];
}

/**
 * Performs a plan. On any error what was done is kept and noted, and `recover` goes on from there.
 * Errors: `OUTPUT_CONFLICT` before anything is done, when something foreign stands where the plan would write
 * (plan again); `DISK_FULL`, `OUTPUT_UNWRITABLE`, `ABORTED`; `INTERNAL` when an unfinished apply was not recovered.
 */
export async function applyPlan(
  workplace: Workplace,
  plan: Plan,
  options: ApplyOptions,
  call: Call,
): Promise<ApplyResult> {
  await checkDestinations(workplace.output, plan.steps, call.signal);
  const { label, startedAt, stateBefore } = options;
  return begin(
    workplace,
    { kind: "apply", undoes: null, label, startedAt, stateBefore, steps: plan.steps, gone: plan.gone },
    call,
  );
}

/** Finishes what a dead or cancelled process left unfinished; null when nothing was. To be called before planning. */
export async function recover(workplace: Workplace, call: Call): Promise<ApplyResult | null> {
  const entry = await workplace.journal.unfinished();
  return entry ? run(workplace, entry, true, call) : null;
}

/** Writes an entry and performs it. */
export async function begin(
  workplace: Workplace,
  entry: Omit<NewEntry, "token">,
  call: Call,
): Promise<ApplyResult> {
  const steps = await withSourceStamps(workplace.output, entry.steps, call.signal);
  const token = randomBytes(6).toString("hex");
  return run(workplace, await workplace.journal.begin({ ...entry, steps, token }), false, call);
}

async function run(
  { output, journal, restoreState }: Workplace,
  entry: JournalEntry,
  isRepeat: boolean,
  call: Call,
): Promise<ApplyResult> {
  const performer = createPerformer(output, entry.token, call.signal);
  const steps = await journal.steps(entry.id);
  const outcomes: { readonly step: Step; readonly outcome: StepOutcome }[] = [];
  let unrecorded: (JournaledStep & { readonly outcome: StepOutcome })[] = [];
  const record = async () => {
    if (unrecorded.length > 0) await journal.record(entry.id, unrecorded);
    unrecorded = [];
  };
  try {
    for (const { n, step, outcome: known } of steps) {
      // Steps of one kind never use a path that another of them emptied, but for folder renames; so if only they
      // can be performed and unrecorded, a path tells whether a step was done. See [Note: Recognising a step].
      const last = unrecorded.at(-1)?.step.kind;
      if (last !== undefined && (last !== step.kind || last === "renameFolder")) await record();
      const outcome = known ?? (await performer.perform(n, step, isRepeat));
      if (known === null) unrecorded.push({ n, step, outcome });
      outcomes.push({ step, outcome });
      if (unrecorded.length >= RECORD_EVERY) await record();
      call.onProgress?.(n + 1, steps.length);
    }
  } catch (error) {
    // Whether this succeeds or not, every step can be done again: the first error is the one to tell.
    await record().catch(() => undefined);
    throw error;
  }
  await record();
  if (entry.undoes !== null) await restoreState(await journal.stateBefore(entry.undoes));
  await journal.finish(entry.id);
  return resultOf({ ...entry, isFinished: true }, outcomes);
}

/** Nothing may stand where a step will write, but for what an earlier step takes from there. */
async function checkDestinations(output: Output, steps: readonly Step[], signal: AbortSignal): Promise<void> {
  const vacated = new Set<string>();
  const renamed: string[] = [];
  const destinations: string[] = [];
  for (const step of steps)
    switch (step.kind) {
      case "makeFolder":
      case "place":
        destinations.push(step.path);
        break;
      case "relocate":
        vacated.add(nameKey(step.file.path));
        destinations.push(step.to);
        break;
      case "renameFolder":
        renamed.push(nameKey(step.path));
        destinations.push(step.to);
        break;
      case "remove":
        vacated.add(nameKey(step.file.path));
        break;
      case "adoptFolder":
      case "giveBack":
      case "removeFolder":
        break;
    }
  await eachOf(destinations, signal, async (path) => {
    const key = nameKey(path);
    if (vacated.has(key) || renamed.some((folder) => isWithin(key, folder))) return;
    if ((await output.inspect(path)) !== null)
      throw new AlbumenError("OUTPUT_CONFLICT", `Something stands at ${path} in the output already.`, {
        hint: "Run the command again to plan around it, or move it away.",
      });
  });
}

async function withSourceStamps(
  output: Output,
  steps: readonly Step[],
  signal: AbortSignal,
): Promise<Step[]> {
  const stamped = [...steps];
  await eachOf([...steps.keys()], signal, async (i) => {
    const step = steps[i]!;
    if (step.kind !== "place") return;
    const source = await output.inspect(step.source);
    const isImage = source?.kind === "file" || source?.kind === "link";
    stamped[i] = { ...step, sourceStamp: isImage ? source.stamp : null };
  });
  return stamped;
}

async function eachOf<T>(
  items: readonly T[],
  signal: AbortSignal,
  visit: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      throwIfAborted(signal);
      await visit(item);
    }
  };
  await Promise.all(Array.from({ length: INSPECTIONS_AT_ONCE }, worker));
}

function resultOf(
  entry: JournalEntry,
  outcomes: readonly { readonly step: Step; readonly outcome: StepOutcome }[],
): ApplyResult {
  const placed: Record<PlacedHow, number> = { link: 0, clone: 0, copy: 0, move: 0 };
  const done = new Map<Step["kind"], number>();
  const kept: { path: string; reason: KeptReason }[] = [];
  const failed: { path: string; code: ErrorCode; reason: string }[] = [];
  for (const { step, outcome } of outcomes) {
    const path = "file" in step ? step.file.path : step.path;
    if (outcome.kind === "kept") kept.push({ path, reason: outcome.reason });
    else if (outcome.kind === "failed") failed.push({ path, code: outcome.code, reason: outcome.reason });
    else if (step.kind === "place") placed[outcome.how ?? "copy"]++;
    else done.set(step.kind, (done.get(step.kind) ?? 0) + 1);
  }
  const count = (kind: Step["kind"]) => done.get(kind) ?? 0;
  return {
    entry,
    counts: {
      foldersMade: count("makeFolder"),
      foldersRenamed: count("renameFolder"),
      foldersRemoved: count("removeFolder"),
      placed,
      relocated: count("relocate"),
      removed: count("remove"),
      givenBack: count("giveBack"),
    },
    kept,
    failed,
  };
}
