/** The record that makes applies resumable and undoable: what was to be done, what was done, what stands. */
import type { OutputState, Step, StepOutcome } from "../core/plan/steps.ts";

/** One apply, or the undo of one. */
export interface JournalEntry {
  /** rising */
  readonly id: number;
  readonly kind: "apply" | "undo";
  /** the apply that an undo takes back; null for an apply */
  readonly undoes: number | null;
  /** unique; names the temporary files of this entry */
  readonly token: string;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  /** every step has its outcome and the catalog its state */
  readonly isFinished: boolean;
  /** an apply that a finished undo took back */
  readonly isUndone: boolean;
  /** one line for people, e.g. `organize ~/photos` */
  readonly label: string;
  readonly stepCount: number;
}

export interface NewEntry {
  readonly kind: "apply" | "undo";
  readonly undoes: number | null;
  readonly token: string;
  readonly startedAt: string;
  readonly label: string;
  readonly steps: readonly Step[];
  /** paths of files and folders that the user took away; dropped from the record */
  readonly gone: readonly string[];
  /** the catalog's state before the apply, opaque; null: there was none */
  readonly stateBefore: Uint8Array | null;
}

export interface JournaledStep {
  /** position in the entry, from 0 */
  readonly n: number;
  readonly step: Step;
  /** null: not known to have been performed; it may have been */
  readonly outcome: StepOutcome | null;
}

/** What Albumen wrote to a file of its own (gallery, exports, archive), so that it knows it again. */
export interface PublishedFile {
  /** relative to the output's root, or absolute for an archive elsewhere */
  readonly place: string;
  /** of the bytes that stand there, or may already stand there; lower-case hex */
  readonly sha256: readonly string[];
}

/** Every method is one transaction: done whole, or not at all, whenever the process dies. Errors: `DISK_FULL`. */
export interface Journal {
  /** What stands in the output as far as Albumen put it there, in path order. */
  outputs(): Promise<OutputState>;
  /** Writes an entry with all its steps open. Errors: `INTERNAL` while another is unfinished. */
  begin(entry: NewEntry): Promise<JournalEntry>;
  unfinished(): Promise<JournalEntry | null>;
  /** In order. */
  steps(id: number): Promise<JournaledStep[]>;
  /** Notes outcomes and what they change in the record of the output (`changesOf`), in the order given. */
  record(
    id: number,
    performed: readonly (JournaledStep & { readonly outcome: StepOutcome })[],
  ): Promise<void>;
  /** An undo marks the apply that it took back. */
  finish(id: number): Promise<void>;
  stateBefore(id: number): Promise<Uint8Array | null>;
  /** Newest first. */
  entries(): Promise<JournalEntry[]>;

  published(): Promise<PublishedFile[]>;
  /** `intended` adds a hash to those known, `written` makes it the only one, null forgets the file. */
  publish(place: string, sha256: string | null, when: "intended" | "written"): Promise<void>;

  /** Forgets every entry, and what stands in the output of these images: nothing can be undone afterwards. */
  erase(images: readonly string[]): Promise<void>;
}
