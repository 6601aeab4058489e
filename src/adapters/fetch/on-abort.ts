/** Thousands of listeners on one signal: an event target walks all it has for each that comes or goes. */

const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `listener` once when the signal fires; never when it has fired before. Returns how to take it back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const listeners = listenersOf.get(signal) ?? new Set();
  if (!listenersOf.has(signal)) {
    listenersOf.set(signal, listeners);
    signal.addEventListener("abort", () => listeners.forEach((call) => call()), { once: true });
  }
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
