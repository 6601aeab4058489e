/** Outputs and journals that fail or die at one chosen effect. */
import { AlbumenError } from "../../src/errors.ts";
import type { Journal } from "../../src/ports/journal.ts";
import type { Output } from "../../src/ports/output.ts";

/** The process is no more: nothing after it has any effect. */
export class Died extends Error {}

export type Fault =
  /** the effect does not happen (of a copy or write: half of it does), and no later one */
  | "die"
  /** the same once, with DISK_FULL; later effects happen */
  | "disk-full";

export interface Faults {
  output(output: Output): Output;
  journal(journal: Journal): Journal;
  /** an effect of the test's own, e.g. restoring the catalog's state */
  effect<T>(perform: () => Promise<T>): Promise<T>;
  /** effects that have been asked for so far */
  readonly count: number;
}

/** Strikes at the n-th effect, counted from 1; never when it is 0. Reads have no effect, but a dead process reads nothing. */
export function createFaults(strikeAt: number, fault: Fault): Faults {
  let count = 0;
  let isDead = false;
  const alive = () => {
    if (isDead) throw new Died("dead");
  };
  const effect = async <T>(perform: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
    alive();
    if (++count !== strikeAt) return perform();
    await half?.();
    isDead = fault === "die";
    throw isDead ? new Died("died") : new AlbumenError("DISK_FULL", "There is no room.");
  };
  const read = async <T>(perform: () => Promise<T>): Promise<T> => {
    alive();
    return perform();
  };
  return {
    get count() {
      return count;
    },
    effect,
    output: (output) => ({
      inspect: (place) => read(() => output.inspect(place)),
      list: (signal) => read(() => output.list(signal)),
      sha256: (place, signal) => read(() => output.sha256(place, signal)),
      read: (place, signal) => {
        alive();
        return output.read(place, signal);
      },
      makeFolder: (place) => effect(() => output.makeFolder(place)),
      removeFolder: (place) => effect(() => output.removeFolder(place)),
      link: (from, to) => effect(() => output.link(from, to)),
      clone: (from, to) => effect(() => output.clone(from, to)),
      copy: (from, to, signal) =>
        effect(
          () => output.copy(from, to, signal),
          () => output.write(to, [new TextEncoder().encode("hal")], signal),
        ),
      flush: (place) => effect(() => output.flush(place)),
      rename: (from, to) => effect(() => output.rename(from, to)),
      write: (place, bytes, signal) =>
        effect(
          () => output.write(place, bytes, signal),
          () => output.write(place, [new TextEncoder().encode("hal")], signal),
        ),
      remove: (place) => effect(() => output.remove(place)),
      replace: (from, to) => effect(() => output.replace(from, to)),
    }),
    journal: (journal) => ({
      outputs: () => read(() => journal.outputs()),
      unfinished: () => read(() => journal.unfinished()),
      steps: (id) => read(() => journal.steps(id)),
      stateBefore: (id) => read(() => journal.stateBefore(id)),
      entries: () => read(() => journal.entries()),
      published: () => read(() => journal.published()),
      erase: (images) => effect(() => journal.erase(images)),
      begin: (entry) => effect(() => journal.begin(entry)),
      record: (id, performed) => effect(() => journal.record(id, performed)),
      finish: (id) => effect(() => journal.finish(id)),
      publish: (place, sha256, when) => effect(() => journal.publish(place, sha256, when)),
    }),
  };
}
