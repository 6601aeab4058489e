/** A journal in memory: the reference for the one on disk. */
import { AlbumenError } from "../../errors.ts";
import { applyChanges, changesOf, type OutputState } from "../../core/plan/steps.ts";
import type { Journal, JournaledStep, JournalEntry } from "../../ports/journal.ts";

export function createMemoryJournal(): Journal {
  let outputs: OutputState = { folders: [], files: [] };
  const entries = new Map<number, JournalEntry>();
  const steps = new Map<number, JournaledStep[]>();
  const states = new Map<number, Uint8Array | null>();
  const published = new Map<string, string[]>();

  const unfinished = () => [...entries.values()].find((entry) => !entry.isFinished) ?? null;

  return {
    outputs: async () => outputs,
    begin: async (fresh) => {
      if (unfinished()) throw new AlbumenError("INTERNAL", "An unfinished apply must be recovered first.");
      const { kind, undoes, token, startedAt, label } = fresh;
      const entry: JournalEntry = {
        id: entries.size + 1,
        kind,
        undoes,
        token,
        startedAt,
        label,
        stepCount: fresh.steps.length,
        isFinished: false,
        isUndone: false,
      };
      const gone = new Set(fresh.gone);
      outputs = {
        folders: outputs.folders.filter(({ path }) => !gone.has(path)),
        files: outputs.files.filter(({ path }) => !gone.has(path)),
      };
      entries.set(entry.id, entry);
      steps.set(
        entry.id,
        fresh.steps.map((step, n) => ({ n, step, outcome: null })),
      );
      states.set(entry.id, fresh.stateBefore);
      return entry;
    },
    unfinished: async () => unfinished(),
    steps: async (id) => [...steps.get(id)!],
    record: async (id, performed) => {
      const all = steps.get(id)!;
      for (const { n, step, outcome } of performed) {
        all[n] = { n, step, outcome };
        outputs = applyChanges(outputs, changesOf(step, outcome));
      }
    },
    finish: async (id) => {
      const entry = entries.get(id)!;
      entries.set(id, { ...entry, isFinished: true });
      if (entry.undoes !== null) entries.set(entry.undoes, { ...entries.get(entry.undoes)!, isUndone: true });
    },
    stateBefore: async (id) => states.get(id) ?? null,
    entries: async () => [...entries.values()].reverse(),
    published: async () => [...published].map(([place, sha256]) => ({ place, sha256: [...sha256] })),
    erase: async (images) => {
      for (const list of [entries, steps, states]) list.clear();
      outputs = { ...outputs, files: outputs.files.filter(({ image }) => !images.includes(image)) };
    },
    publish: async (place, sha256, when) => {
      if (sha256 === null) published.delete(place);
      else if (when === "written") published.set(place, [sha256]);
      else published.set(place, [...new Set([...(published.get(place) ?? []), sha256])]);
    },
  };
}
