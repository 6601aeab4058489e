/** Bounded concurrency: how many may be at it at a time. */
import { throwIfAborted } from "../../errors.ts";
import { onAbort } from "./on-abort.ts";

/** A counting semaphore; first come, first served. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#free = size;
  }

  /** Errors: `ABORTED`. */
  async take(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const isGiven = await new Promise<boolean>((resolve) => {
      const go = (): void => {
        forget();
        resolve(true);
      };
      const forget = onAbort(signal, () => {
        this.#waiting.delete(go);
        resolve(false);
      });
      this.#waiting.add(go);
    });
    if (isGiven && signal.aborted) this.give();
    throwIfAborted(signal);
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}
