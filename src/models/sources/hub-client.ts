/**
 * The HTTP side of a Hugging Face hub, or of anything with its layout: `<endpoint>/<repo>/resolve/<revision>/<file>` and
 * `<endpoint>/api/models/<repo>`.
 *
 * Honours `HF_ENDPOINT`, `HF_TOKEN` and the proxy variables (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`). The token
 * goes to the endpoint alone, never along with a redirect to another origin. A download goes on where it stopped:
 * after a broken connection, in the next run, and after the process was killed.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { EnvHttpProxyAgent, request, type Dispatcher } from "undici";
import { retryAfterMs } from "../../core/retry-after.ts";
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { checkFile, throwIfStorage } from "../cache.ts";
import { takePart, type PartFile } from "./part-file.ts";
import { OPEN_TIMEOUT_MS } from "./source.ts";

const DEFAULT_ENDPOINT = "https://huggingface.co";
const REDIRECTS = 5;
const ATTEMPTS = 4;
/** A connection that brings nothing for so long is dropped and taken up again. */
const STALL_TIMEOUT_MS = 20_000;
/** What a busy hub is given when it does not say how long; doubled each time. */
const RETRY_WAIT_MS = 1_000;
/** A hub that asks for more is not waited for: the person is told instead. */
const LONGEST_WAIT_MS = 60_000;
/** Answers of the API are lists of file names: a large one has some thousands. */
const MAX_JSON_BYTES = 20_000_000;

export interface HubOptions {
  /** interrupted downloads wait here for the next run */
  readonly partsDir: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly openTimeoutMs?: number;
  readonly stallTimeoutMs?: number;
  readonly retryWaitMs?: number;
}

/** A file of a repository. What is known of it is checked. */
export interface HubFile {
  readonly repo: string;
  /** a branch, tag or commit */
  readonly revision: string;
  readonly path: string;
  readonly bytes: number | null;
  readonly sha256: string | null;
}

/** The hub has begun to send a file. */
export interface Answer {
  readonly body: Dispatcher.ResponseData["body"];
  /** size of the whole file, bytes */
  readonly totalBytes: number | null;
  /** where in the file the body starts, bytes */
  readonly offset: number;
  /** a strong entity tag: the condition under which a part may be continued */
  readonly etag: string | null;
  /** what the hub itself says the SHA-256 is; only for files in large-file storage */
  readonly hubSha256: string | null;
}

export interface HubClient {
  /** for people */
  readonly host: string;
  /** Asks for a whole file; its body is read by `download`. Errors: `MODEL_FETCH_FAILED`. */
  open(file: HubFile, signal: AbortSignal): Promise<Answer>;
  /**
   * The verified file in `partsDir`, with what earlier runs left of it taken up. It belongs to the caller, who drops it
   * when done or lets it rest; whoever is killed while working on it need not fetch it again.
   * Errors: `MODEL_FETCH_FAILED`, `MODEL_CORRUPT`, `DISK_FULL`, `CACHE_UNWRITABLE`, `ABORTED`.
   */
  download(
    file: HubFile,
    first: Answer,
    onProgress: (doneBytes: number) => void,
    signal: AbortSignal,
  ): Promise<PartFile>;
  /** What `<endpoint>/api/models/<path>` answers. Errors: `MODEL_FETCH_FAILED`; its `status` says more. */
  api(path: string, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** The hub answered, but with a refusal. */
export class HubRefused extends AlbumenError {
  readonly status: number;
  constructor(status: number, message: string, hint: string | undefined) {
    super("MODEL_FETCH_FAILED", message, {
      ...(hint === undefined ? {} : { hint }),
      isRetryable: isBusy(status),
    });
    this.status = status;
  }
}

/** Shown to people; holds no user name or password of the endpoint. */
export function hubHost(env: Readonly<Record<string, string | undefined>>): string {
  const endpoint = env["HF_ENDPOINT"] || DEFAULT_ENDPOINT;
  return URL.canParse(endpoint) ? new URL(endpoint).host : "an invalid HF_ENDPOINT";
}

/** Errors: `CONFIG_INVALID` for an `HF_ENDPOINT` or proxy that is no URL. */
function createHubClient(options: HubOptions): HubClient {
  const { partsDir } = options;
  const env = options.env ?? process.env;
  const endpoint = (env["HF_ENDPOINT"] || DEFAULT_ENDPOINT).replace(/\/+$/, "");
  if (!URL.canParse(endpoint))
    throw new AlbumenError("CONFIG_INVALID", "HF_ENDPOINT is not a URL.", {
      hint: `Set it to something like ${DEFAULT_ENDPOINT}, or unset it.`,
    });
  const host = hubHost(env);
  const token = env["HF_TOKEN"] || null;
  const dispatcher = createDispatcher(env, options);
  const retryWaitMs = options.retryWaitMs ?? RETRY_WAIT_MS;

  /** Asks, follows redirects, and waits while the hub says that it is busy. The body of the answer is unread. */
  const ask = async (
    home: URL,
    what: string,
    condition: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly response: Dispatcher.ResponseData; readonly hubSha256: string | null }> => {
    for (let attempt = 1; ; attempt++) {
      const { response, hubSha256 } = await follow(home, condition, signal);
      const status = response.statusCode;
      if (status === 200 || status === 206) return { response, hubSha256 };
      await response.body.dump();
      if (isBusy(status)) {
        const askedMs = retryAfterMs(headerOf(response, "retry-after"), Date.now());
        const waitMs = askedMs ?? retryWaitMs * 2 ** (attempt - 1);
        if (waitMs > LONGEST_WAIT_MS)
          throw new HubRefused(
            status,
            `${host} answered ${status} for ${what}`,
            `It asks to be left alone for ${Math.ceil(waitMs / 1000)} s. Run the same command again then.`,
          );
        if (attempt < ATTEMPTS) {
          await sleep(waitMs, undefined, { signal });
          continue;
        }
      }
      throw new HubRefused(status, `${host} answered ${status} for ${what}`, hintFor(status, token !== null));
    }
  };

  const follow = async (home: URL, condition: Readonly<Record<string, string>>, signal: AbortSignal) => {
    let url = home;
    let hubSha256: string | null = null;
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const headers: Record<string, string> = {
        "user-agent": "albumen",
        "accept-encoding": "identity",
        ...condition,
      };
      if (token !== null && url.origin === home.origin) headers["authorization"] = `Bearer ${token}`;
      const response = await request(url, { headers, signal, dispatcher });
      // The hub states the hash of a large file in the redirect, where its storage no longer does.
      const linked = /^"?([0-9a-f]{64})"?$/.exec(headerOf(response, "x-linked-etag") ?? "");
      if (linked !== null) hubSha256 = linked[1]!;
      const location = headerOf(response, "location");
      const isRedirect = response.statusCode >= 300 && response.statusCode < 400;
      if (!isRedirect || location === null || !URL.canParse(location, url.href))
        return { response, hubSha256 };
      await response.body.dump();
      url = new URL(location, url);
    }
    throw new AlbumenError("MODEL_FETCH_FAILED", `${host} redirects more than ${REDIRECTS} times`);
  };

  /** From `offset` on when the file still has this tag, else from the start. */
  const get = async (
    file: HubFile,
    offset: number,
    etag: string | null,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const condition: Record<string, string> =
      offset > 0 && etag !== null ? { range: `bytes=${offset}-`, "if-range": etag } : {};
    const path = file.path.split("/").map(encodeURIComponent).join("/");
    const home = new URL(`${endpoint}/${file.repo}/resolve/${encodeURIComponent(file.revision)}/${path}`);
    const { response, hubSha256 } = await ask(home, `${file.repo}/${file.path}`, condition, signal);
    // A body that is dropped unread says so in an event, which would end the process; whoever reads one is told anyway.
    response.body.on("error", () => {});
    const start = response.statusCode === 206 ? offset : 0;
    const length = headerOf(response, "content-length");
    const tag = headerOf(response, "etag");
    return {
      body: response.body,
      totalBytes: length === null ? null : start + Number(length),
      offset: start,
      etag: tag !== null && tag.startsWith('"') ? tag : null,
      hubSha256,
    };
  };

  return {
    host,
    open: (file, signal) => get(file, 0, null, signal),
    async api(path, signal) {
      const { response } = await ask(new URL(`${endpoint}/api/models/${path}`), path, {}, signal);
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of response.body) {
        bytes += (chunk as Uint8Array).length;
        if (bytes > MAX_JSON_BYTES) break;
        chunks.push(chunk as Uint8Array);
      }
      try {
        return JSON.parse(new TextDecoder().decode(Buffer.concat(chunks)));
      } catch (cause) {
        throw new AlbumenError(
          "MODEL_FETCH_FAILED",
          `${host} answered something that is no JSON for ${path}`,
          {
            hint: "Is HF_ENDPOINT a model hub? A proxy or a login page may have answered in its place.",
            cause,
          },
        );
      }
    },
    async download(file, first, onProgress, signal) {
      const expected = { bytes: file.bytes ?? first.totalBytes, sha256: file.sha256 ?? first.hubSha256 };
      const key = createHash("sha256").update(
        `${endpoint}|${file.repo}|${file.revision}|${file.path}|${first.etag}`,
      );
      // Without a tag nobody can tell whether the rest still belongs to what is there.
      const part = await takePart(partsDir, key.digest("hex").slice(0, 32), first.etag !== null);
      try {
        let answer: Answer | null = first;
        for (let attempt = 1; ; attempt++) {
          try {
            const have = await part.sizeBytes();
            if (have > 0 && have === expected.bytes) answer?.body.destroy();
            else {
              if (answer === null || have !== answer.offset) {
                answer?.body.destroy();
                answer = await get(file, first.etag === null ? 0 : have, first.etag, signal);
              }
              const done = await part.write(answer.body, answer.offset, onProgress, signal);
              if (answer.totalBytes !== null && done < answer.totalBytes)
                throw new Error(`the connection ended after ${done} of ${answer.totalBytes} bytes`);
            }
            break;
          } catch (error) {
            answer = null;
            throwIfAborted(signal);
            if (isAlbumenError(error)) throw error;
            throwIfStorage(error, partsDir);
            if (attempt === ATTEMPTS)
              throw new AlbumenError(
                "MODEL_FETCH_FAILED",
                `${file.path} was interrupted: ${messageOf(error)}`,
                { isRetryable: true, cause: error },
              );
          }
        }
      } catch (error) {
        await (first.etag === null ? part.drop() : part.rest());
        throw error;
      }
      try {
        await checkFile(part.path, expected, file.path);
      } catch (error) {
        // It is whole and wrong: of no use to anybody.
        await part.drop();
        throw error;
      }
      return part;
    },
    close: () => dispatcher.destroy(),
  };
}

/** A client with the signal under which it works, and a `close` that ends whatever it still waits for. */
export interface HubSession {
  readonly client: HubClient;
  readonly stop: AbortSignal;
  close(): Promise<void>;
}

/** Errors: as `createHubClient`. */
export function openHubSession(options: HubOptions, signal: AbortSignal): HubSession {
  const client = createHubClient(options);
  const control = new AbortController();
  return {
    client,
    stop: AbortSignal.any([signal, control.signal]),
    async close() {
      control.abort();
      await client.close();
    },
  };
}

/** undici reads the proxy variables of the process; ours may be others. Errors: `CONFIG_INVALID`. */
function createDispatcher(
  env: Readonly<Record<string, string | undefined>>,
  options: HubOptions,
): EnvHttpProxyAgent {
  const openTimeoutMs = options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
  const proxyOf = (name: string): string => {
    const value = env[name.toLowerCase()] || env[name] || "";
    if (value !== "" && !URL.canParse(value))
      throw new AlbumenError("CONFIG_INVALID", `${name} is not a URL.`, {
        hint: "Set it to something like http://proxy.example:3128, or unset it.",
      });
    return value;
  };
  return new EnvHttpProxyAgent({
    httpProxy: proxyOf("HTTP_PROXY"),
    httpsProxy: proxyOf("HTTPS_PROXY"),
    noProxy: env["no_proxy"] || env["NO_PROXY"] || "",
    connect: { timeout: openTimeoutMs },
    headersTimeout: openTimeoutMs,
    bodyTimeout: options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
  });
}

function isBusy(status: number): boolean {
  return status === 429 || status === 503;
}

function hintFor(status: number, hasToken: boolean): string | undefined {
  if (status === 401 || status === 403)
    return hasToken
      ? "The token in HF_TOKEN may not read it. Accept the model's terms on its page, or use another token."
      : "Set HF_TOKEN to a token that may read it.";
  if (isBusy(status)) return "It is busy. Run the same command again later; what was fetched is kept.";
  return undefined;
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | null {
  const value = response.headers[name];
  return typeof value === "string" ? value : null;
}
