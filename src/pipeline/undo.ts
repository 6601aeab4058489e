/** Takes applies back, the last first. An undo is a journal entry of its own, so it resumes like any other. */
import { inverseOf } from "../core/plan/steps.ts";
import { AlbumenError } from "../errors.ts";
import type { Call } from "../ports/call.ts";
import { begin, type ApplyResult, type Workplace } from "./apply.ts";

/**
 * Undoes the last apply that is not undone yet, then gives the catalog its state back. Call it again for the one
 * before. Files that the user changed since are kept and reported, and so is a moved file whose old place is taken.
 * Errors: `UNDO_IMPOSSIBLE` when there is none; otherwise those of `applyPlan`, `recover` first included.
 */
export async function undoLast(
  workplace: Workplace,
  options: { readonly startedAt: string },
  call: Call,
): Promise<ApplyResult> {
  const entries = await workplace.journal.entries();
  const target = entries.find((entry) => entry.kind === "apply" && entry.isFinished && !entry.isUndone);
  if (!target)
    throw new AlbumenError("UNDO_IMPOSSIBLE", "There is no apply left to undo.", {
      hint: "albumen history lists what was done.",
    });
  const performed = (await workplace.journal.steps(target.id)).flatMap(({ step, outcome }) =>
    outcome === null ? [] : [{ step, outcome }],
  );
  return begin(
    workplace,
    {
      kind: "undo",
      undoes: target.id,
      label: `undo ${target.label}`,
      startedAt: options.startedAt,
      stateBefore: null,
      steps: inverseOf(performed),
      gone: [],
    },
    call,
  );
}
