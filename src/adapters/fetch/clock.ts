/** Time as a value: tests bring their own. */
import { setTimeout as sleep } from "node:timers/promises";
import { throwIfAborted } from "../../errors.ts";

export interface Clock {
  /** milliseconds; only differences count */
  now(): number;
  /** Errors: `ABORTED`. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    // Cut short by the signal, it rejects with an error of its own.
    await sleep(ms, undefined, { signal }).catch(() => {});
    throwIfAborted(signal);
  },
};
