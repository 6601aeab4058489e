/** How hard each host may be pressed: slots, pauses that it asked for, and leaving alone those that are down. */
import { AlbumenError, type ErrorCode } from "../../errors.ts";
import type { Clock } from "./clock.ts";
import { Slots } from "./slots.ts";

export interface HostsOptions {
  /** requests at a time, all hosts together */
  readonly total: number;
  readonly perHost: number;
  readonly clock: Clock;
}

/** Why a host is left alone, in words that follow its name. */
export interface Closing {
  readonly code: ErrorCode;
  readonly why: string;
}

/** Passes, but not while this run waits for it. */
export class HostClosedError extends AlbumenError {}

export interface Hosts {
  /**
   * Waits for the host's pause to end and for a slot, first of the host, then of all: a slow host holds none that
   * others could use. Returns the release. Errors: `ABORTED`; `HostClosedError` with the code
   * that the host was closed with.
   */
  enter(host: string, signal: AbortSignal): Promise<() => void>;
  /** Nothing more is asked of the host for so long; who comes meanwhile waits. */
  pause(host: string, ms: number): void;
  /** Nothing more is asked of the host for so long; who comes meanwhile gets a `HostClosedError`. */
  close(host: string, ms: number, closing: Closing): void;
  /** No connection came about. Some of these in a row, and the host counts as down. */
  failed(host: string, closing: Closing): void;
  answered(host: string): void;
}

/**
 * A dead host costs a connect timeout each time, and lists name it thousands of times. After this many in a row it is
 * taken to be down for a while, and what else it should have served fails at once.
 */
const FAILURES_UNTIL_DOWN = 5;
const DOWN_MS = 5 * 60_000;

interface Host {
  readonly slots: Slots;
  /** callers between `enter` and release; a host without any, and without a past, is forgotten */
  visitors: number;
  pausedUntilMs: number;
  closed: (Closing & { readonly untilMs: number }) | null;
  failuresInRow: number;
}

export function createHosts({ total, perHost, clock }: HostsOptions): Hosts {
  const all = new Slots(total);
  const hosts = new Map<string, Host>();

  const hostOf = (name: string): Host => {
    let host = hosts.get(name);
    if (!host) {
      host = { slots: new Slots(perHost), visitors: 0, pausedUntilMs: 0, closed: null, failuresInRow: 0 };
      hosts.set(name, host);
    }
    return host;
  };
  const throwIfClosed = (name: string, { closed }: Host): void => {
    if (closed && closed.untilMs > clock.now())
      throw new HostClosedError(closed.code, `${name} ${closed.why}.`, { isRetryable: true });
  };

  return {
    async enter(name, signal) {
      const host = hostOf(name);
      host.visitors++;
      const leave = (): void => {
        host.visitors--;
        const hasPast =
          host.failuresInRow > 0 || Math.max(host.pausedUntilMs, host.closed?.untilMs ?? 0) > clock.now();
        if (host.visitors === 0 && !hasPast) hosts.delete(name);
      };
      try {
        for (;;) {
          throwIfClosed(name, host);
          if (host.pausedUntilMs > clock.now()) {
            await clock.sleep(host.pausedUntilMs - clock.now(), signal);
            continue;
          }
          await host.slots.take(signal);
          // It may have been paused or closed by those before us.
          if (host.pausedUntilMs <= clock.now()) break;
          host.slots.give();
        }
        try {
          throwIfClosed(name, host);
          await all.take(signal);
        } catch (error) {
          host.slots.give();
          throw error;
        }
      } catch (error) {
        leave();
        throw error;
      }
      return () => {
        all.give();
        host.slots.give();
        leave();
      };
    },
    pause(name, ms) {
      const host = hostOf(name);
      host.pausedUntilMs = Math.max(host.pausedUntilMs, clock.now() + ms);
    },
    close(name, ms, closing) {
      hostOf(name).closed = { ...closing, untilMs: clock.now() + ms };
    },
    failed(name, closing) {
      const host = hostOf(name);
      host.failuresInRow++;
      if (host.failuresInRow >= FAILURES_UNTIL_DOWN)
        host.closed = { ...closing, untilMs: clock.now() + DOWN_MS };
    },
    answered(name) {
      hostOf(name).failuresInRow = 0;
    },
  };
}
