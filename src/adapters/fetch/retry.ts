/** What went wrong with a request, in Albumen's codes; which of it passes; and how long to wait for that. */
import { AlbumenError, isAlbumenError, messageOf, type ErrorCode } from "../../errors.ts";
import { redactUrls } from "../../core/url-secrets.ts";
import type { Clock } from "./clock.ts";
import { HostClosedError } from "./hosts.ts";

/** The first one included. */
const MAX_TRIES = 4;

const FIRST_WAIT_MS = 500;
/** A server that wants a longer pause is left alone for the rest of the run: asking again earlier would be rude. */
export const LONGEST_WAIT_MS = 60_000;

/**
 * Exponential with full jitter, so that those who failed together do not come back together (M. Brooker, "Exponential
 * Backoff And Jitter", AWS Architecture Blog, 2015): anything up to 0.5, 1, 2, … s after the 1st, 2nd, 3rd, … try.
 */
function backoffMs(tries: number, random: () => number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1)) * random();
}

/**
 * Calls `work` until it succeeds, fails with what will not pass, or has been tried often enough; waits in between.
 * What passes says so itself, by `isRetryable`.
 */
export async function retrying<T>(
  work: () => Promise<T>,
  {
    clock,
    random,
    signal,
  }: { readonly clock: Clock; readonly random: () => number; readonly signal: AbortSignal },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const mayPass = isAlbumenError(error) && error.isRetryable && !(error instanceof HostClosedError);
      if (!mayPass || tries === MAX_TRIES) throw error;
      await clock.sleep(backoffMs(tries, random), signal);
    }
  }
}

const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  401: "FETCH_401",
  403: "FETCH_403",
  404: "FETCH_404",
  410: "FETCH_410",
  429: "FETCH_429",
};
const PASSING_STATUSES = new Set([408, 425, 429]);

/** The error of what was not asked for at all; a run that may ask fetches it. */
export function offlineError(shownUrl: string): AlbumenError {
  return new AlbumenError("FETCH_OFFLINE", `${shownUrl} is not fetched: Albumen is offline.`, {
    hint: "Run again without --offline.",
    isRetryable: true,
  });
}

/** The error of an answer that is neither image nor redirect. */
export function statusError(status: number, shownUrl: string): AlbumenError {
  const code = STATUS_CODES[status] ?? (status >= 500 ? "FETCH_5XX" : "FETCH_HTTP");
  return new AlbumenError(code, `${shownUrl} answered with status ${status}.`, {
    isRetryable: PASSING_STATUSES.has(status) || status >= 500,
  });
}

/** What undici, the sockets below it and the resolver say → our code, whether it passes, and plain words. */
const NETWORK_ERRORS: readonly (readonly [RegExp, ErrorCode, boolean, string])[] = [
  [/^UND_ERR_CONNECT_TIMEOUT$|^ETIMEDOUT$/, "FETCH_TIMEOUT", true, "accepts no connection"],
  [/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/, "FETCH_TIMEOUT", true, "stopped sending"],
  [/^ENOTFOUND$|^ENODATA$/, "FETCH_UNREACHABLE", false, "has no address"],
  [/^EAI_AGAIN$|^ESERVFAIL$/, "FETCH_UNREACHABLE", true, "cannot be looked up now"],
  [/^ECONNREFUSED$/, "FETCH_UNREACHABLE", true, "refuses connections"],
  [/^E(HOST|NET)UNREACH$/, "FETCH_UNREACHABLE", true, "cannot be reached from here"],
  [/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_)/, "FETCH_TLS", false, "has no valid certificate"],
  [/^(EPROTO$|ERR_SSL_)/, "FETCH_TLS", false, "speaks no TLS that is understood here"],
  [
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ERR_HTTP2_.*|HPE_.*)$/,
    "FETCH_UNREACHABLE",
    true,
    "broke the connection off",
  ],
  [/^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, "FETCH_UNREACHABLE", true, "broke the connection off"],
];
/** Nobody was there at all; what comes later is one request's misfortune. */
const NO_CONNECTION =
  /^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|ENOTFOUND|ENODATA|EAI_AGAIN|ESERVFAIL|ECONNREFUSED|E(HOST|NET)UNREACH)$/;

export interface NetworkFault {
  readonly error: AlbumenError;
  /** why there was no connection, in words that follow the host; null when there was one */
  readonly unconnected: string | null;
}

/** Anything that an exchange threw. Errors of our own keep their code and get the URL in front. */
export function readFault(thrown: unknown, shownUrl: string): NetworkFault {
  if (isAlbumenError(thrown)) {
    const { code, message, hint, isRetryable } = thrown;
    if (code === "ABORTED") return { error: thrown, unconnected: null };
    const init = { isRetryable, cause: thrown, ...(hint === undefined ? {} : { hint }) };
    return {
      error: new AlbumenError(code, `${shownUrl}: ${message.replace(/\.$/, "")}.`, init),
      unconnected: null,
    };
  }
  const systemCode = codeOf(thrown);
  const known = NETWORK_ERRORS.find(([pattern]) => pattern.test(systemCode));
  const [, code, isRetryable, why] = known ?? [
    null,
    "FETCH_UNREACHABLE" as const,
    false,
    redactUrls(messageOf(thrown)),
  ];
  return {
    error: new AlbumenError(code, `${shownUrl}: the server ${why}${known ? ` (${systemCode})` : ""}.`, {
      isRetryable,
      cause: thrown,
    }),
    unconnected: NO_CONNECTION.test(systemCode) ? why : null,
  };
}

/** Of several attempts (one an address) the last. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1));
  return String((error as NodeJS.ErrnoException).code ?? "");
}
