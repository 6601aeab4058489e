/** Fetches images by URL: politely, within limits, again when that may help, and from nowhere it must not go. */
import { Agent, ProxyAgent, type Dispatcher } from "undici";
import { AlbumenError } from "../../errors.ts";
import { retryAfterMs } from "../../core/retry-after.ts";
import { redactUrl } from "../../core/url-secrets.ts";
import { checkUrl } from "./address-rules.ts";
import { exchange, type Answer } from "./exchange.ts";
import { createGuardedLookup, type Resolve } from "./guarded-lookup.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { createHosts } from "./hosts.ts";
import { LONGEST_WAIT_MS, offlineError, readFault, retrying, statusError } from "./retry.ts";

export interface FetcherOptions {
  /** `albumen/1.2.3` */
  readonly userAgent: string;
  /** true: nothing is fetched, every URL fails with `FETCH_OFFLINE` */
  readonly offline: boolean;
  /** true: private and local addresses, and any port */
  readonly allowPrivate: boolean;
  /** requests at a time */
  readonly concurrency: number;
  /** requests at a time to one host */
  readonly perHost: number;
  /** one try of a URL, redirects included, waiting for a slot not */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** URL of an HTTP proxy, which then resolves the names: their addresses cannot be checked here */
  readonly proxy: string | null;
  readonly resolve?: Resolve;
  readonly clock?: Clock;
  /** in [0, 1) */
  readonly random?: () => number;
}

/** What an earlier answer said of its version; sent along to hear whether there is a newer one (RFC 9110 §13). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type Fetched =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly validators: Validators }
  | { readonly kind: "unchanged" };

export interface Fetcher {
  /**
   * The image at a URL: its bytes, in a buffer that the caller may detach. `validators` of an earlier answer make the
   * request conditional. No message shows a password or signature of the URL.
   * Errors: `FETCH_*`, `IMAGE_EMPTY`, `ABORTED`; `isRetryable` says whether a later run may fare better.
   */
  fetch(
    url: string,
    options: { readonly signal: AbortSignal; readonly validators: Validators | null },
  ): Promise<Fetched>;
  /** Drops all connections. */
  close(): Promise<void>;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Most of the time a host that answers at all does so within a second or two. */
export const CONNECT_MS = 10_000;
/** A server that sends nothing for so long is given up. */
export const IDLE_MS = 20_000;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { allowPrivate, timeoutMs, maxBytes } = options;
  const clock = options.clock ?? SYSTEM_CLOCK;
  const random = options.random ?? Math.random;
  const hosts = createHosts({ total: options.concurrency, perHost: options.perHost, clock });
  const dispatcher = openDispatcher(options, clock);

  /** One URL through its redirects; each target is checked like the first. */
  async function follow(
    first: string,
    validators: Validators | null,
    signal: AbortSignal,
  ): Promise<Answer & { readonly url: URL }> {
    let url = checkUrl(first, { allowPrivate });
    let authorization = credentialsOf(url);
    let leftMs = timeoutMs;
    for (let redirects = 0; ; redirects++) {
      const leave = await hosts.enter(url.host, signal);
      let answer: Answer;
      const startedMs = clock.now();
      try {
        answer = await exchange(dispatcher, {
          url,
          headers: headersOf(options.userAgent, authorization, validators),
          maxBytes,
          idleMs: Math.min(IDLE_MS, timeoutMs),
          totalMs: leftMs,
          signal,
        });
        hosts.answered(url.host);
      } catch (thrown) {
        const { error, unconnected } = readFault(thrown, redactUrl(url.href));
        if (unconnected === null) hosts.answered(url.host);
        else hosts.failed(url.host, { code: error.code, why: `${unconnected}, several times in a row` });
        throw error;
      } finally {
        leave();
      }
      leftMs = Math.max(1, leftMs - (clock.now() - startedMs));
      if (!REDIRECTS.has(answer.status)) return { ...answer, url };

      const target = answer.headers.location;
      if (target === undefined)
        throw new AlbumenError("FETCH_REDIRECTS", `${redactUrl(url.href)} redirects without saying where.`);
      if (redirects === MAX_REDIRECTS)
        throw new AlbumenError(
          "FETCH_REDIRECTS",
          `${redactUrl(first)} redirects more than ${MAX_REDIRECTS} times.`,
        );
      const next = checkUrl(URL.canParse(target, url.href) ? new URL(target, url).href : target, {
        allowPrivate,
      });
      // Credentials are for whom they were written for.
      authorization = credentialsOf(next) ?? (next.origin === url.origin ? authorization : null);
      url = next;
    }
  }

  async function attempt(text: string, validators: Validators | null, signal: AbortSignal): Promise<Fetched> {
    const { status, bytes, headers, url } = await follow(text, validators, signal);
    if (bytes !== null)
      return {
        kind: "bytes",
        bytes,
        validators: { etag: headers.etag ?? null, lastModified: headers["last-modified"] ?? null },
      };
    if (status === 304 && validators !== null) return { kind: "unchanged" };
    const error = statusError(status, redactUrl(url.href));
    const waitMs = retryAfterMs(headers["retry-after"] ?? null, Date.now());
    if (error.isRetryable && waitMs !== null) {
      if (waitMs > LONGEST_WAIT_MS)
        hosts.close(url.host, waitMs, {
          code: error.code,
          why: `answered with status ${status} and asked not to come back for ${Math.ceil(waitMs / 1000)} s`,
        });
      else hosts.pause(url.host, waitMs);
    }
    throw error;
  }

  return {
    async fetch(url, { signal, validators }) {
      if (options.offline) throw offlineError(redactUrl(url));
      return retrying(() => attempt(url, validators, signal), { clock, random, signal });
    },
    close: () => dispatcher.destroy(),
  };
}

function openDispatcher(options: FetcherOptions, clock: Clock): Dispatcher {
  const connect = { timeout: Math.min(CONNECT_MS, options.timeoutMs) };
  const shared = { connections: options.perHost, allowH2: true };
  if (options.proxy !== null)
    return new ProxyAgent({
      ...shared,
      uri: options.proxy,
      // Many proxies tunnel to port 443 alone.
      proxyTunnel: false,
      proxyTls: connect,
      requestTls: { ...connect, allowH2: true },
    });
  const lookup = createGuardedLookup({
    resolve: options.resolve,
    allowPrivate: options.allowPrivate,
    now: () => clock.now(),
  });
  return new Agent({ ...shared, connect: { ...connect, lookup } });
}

function headersOf(
  userAgent: string,
  authorization: string | null,
  validators: Validators | null,
): Record<string, string> {
  return {
    "user-agent": userAgent,
    accept: "image/*,*/*;q=0.1",
    "accept-encoding": "identity",
    ...(authorization === null ? {} : { authorization }),
    ...(validators?.etag == null ? {} : { "if-none-match": validators.etag }),
    ...(validators?.lastModified == null ? {} : { "if-modified-since": validators.lastModified }),
  };
}

/** `user:password@` of a URL as a header; null when there is none. */
function credentialsOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  const plain = [username, password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part; // a lone percent sign is one
    }
  });
  return `Basic ${Buffer.from(plain.join(":")).toString("base64")}`;
}
