/** Tests that need what a machine may lack: they run, or are skipped with the reason in their title and on stderr. */

/** What a test needs: there it is, or why not. */
export type Available<T> =
  | { readonly isAvailable: true; readonly value: T }
  | { readonly isAvailable: false; readonly reason: string };

export function available<T>(value: T): Available<T> {
  return { isAvailable: true, value };
}

const printed = new Set<string>();

/** Prints each reason once a process, since reporters leave out the titles of skipped tests. */
export function missing(reason: string): { readonly isAvailable: false; readonly reason: string } {
  if (!printed.has(reason)) {
    printed.add(reason);
    console.warn(`skipped: ${reason}`);
  }
  return { isAvailable: false, reason };
}

/** `title`, or `title (skipped: reason)`; for `describe.skipIf(!needed.isAvailable)(titleOf("…", needed), …)`. */
export function titleOf(title: string, ...needed: readonly Available<unknown>[]): string {
  const reasons = needed.flatMap((need) => (need.isAvailable ? [] : [need.reason]));
  return reasons.length > 0 ? `${title} (skipped: ${reasons.join("; ")})` : title;
}

/** The value of something whose absence has been tested for before. */
export function valueOf<T>(needed: Available<T>): T {
  if (!needed.isAvailable) throw new Error(`Used although missing: ${needed.reason}`);
  return needed.value;
}
