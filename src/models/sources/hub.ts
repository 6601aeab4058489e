/**
 * Files from a Hugging Face hub, or anything with its layout: `<endpoint>/<repo>/resolve/<revision>/<file>`.
 *
 * Honours `HF_ENDPOINT`, `HF_TOKEN` and the proxy variables (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`). The token
 * goes to the endpoint alone, never along with a redirect to another origin. An interrupted download goes on where
 * it stopped, within one run and in the next one.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { EnvHttpProxyAgent, request, type Dispatcher } from "undici";
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { assertIntact, throwIfStorage } from "../cache.ts";
import type { HubSpec, RemoteFile } from "../manifest.ts";
import { OPEN_TIMEOUT_MS, type ModelSource, type OpenedSource } from "./source.ts";

const DEFAULT_ENDPOINT = "https://huggingface.co";
const REDIRECTS = 5;
const ATTEMPTS = 4;
/** A connection that brings nothing for so long is dropped and taken up again. */
const STALL_TIMEOUT_MS = 20_000;

export interface HubOptions {
  /** interrupted downloads wait here for the next run */
  readonly partsDir: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly openTimeoutMs?: number;
  readonly stallTimeoutMs?: number;
}

export function hubSource(spec: HubSpec, options: HubOptions): ModelSource {
  const env = options.env ?? process.env;
  const endpoint = env["HF_ENDPOINT"] || DEFAULT_ENDPOINT;
  const host = URL.canParse(endpoint) ? new URL(endpoint).host : "an invalid HF_ENDPOINT";
  return {
    place: `${host} (${spec.repo})`,
    async open(signal) {
      if (!URL.canParse(endpoint))
        throw new AlbumenError("CONFIG_INVALID", "HF_ENDPOINT is not a URL.", {
          hint: `Set it to something like ${DEFAULT_ENDPOINT}, or unset it.`,
        });
      const openTimeoutMs = options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
      const control = new AbortController();
      const hub: Hub = {
        spec,
        endpoint: endpoint.replace(/\/+$/, ""),
        token: env["HF_TOKEN"] || null,
        partsDir: options.partsDir,
        signal: AbortSignal.any([signal, control.signal]),
        dispatcher: new EnvHttpProxyAgent({
          connect: { timeout: openTimeoutMs },
          headersTimeout: openTimeoutMs,
          bodyTimeout: options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
        }),
      };
      const close = async () => {
        control.abort();
        await hub.dispatcher.destroy();
      };
      try {
        const checkpoint = spec.files["checkpoint"]!;
        const answer = await withTimeout(get(hub, checkpoint, 0, null), openTimeoutMs);
        const others = Object.values(spec.files).filter((file) => file !== checkpoint);
        return {
          sizeBytes:
            answer.totalBytes === null ? null : total([answer.totalBytes, ...others.map((f) => f.bytes)]),
          close,
          download: (onProgress) => downloadAll(hub, answer, onProgress),
        } satisfies OpenedSource;
      } catch (error) {
        await close();
        throwIfAborted(signal);
        throw error;
      }
    },
  };
}

interface Hub {
  readonly spec: HubSpec;
  readonly endpoint: string;
  readonly token: string | null;
  readonly partsDir: string;
  readonly signal: AbortSignal;
  readonly dispatcher: Dispatcher;
}

interface Answer {
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

async function downloadAll(
  hub: Hub,
  checkpoint: Answer,
  onProgress: (done: number, total: number | null) => void,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const all = total([
    checkpoint.totalBytes,
    ...Object.entries(hub.spec.files).flatMap(([role, { bytes }]) => (role === "checkpoint" ? [] : [bytes])),
  ]);
  let before = 0;
  // The checkpoint first: its answer is already open.
  const roles = Object.keys(hub.spec.files).sort(
    (a, b) => Number(b === "checkpoint") - Number(a === "checkpoint"),
  );
  for (const role of roles) {
    const file = hub.spec.files[role]!;
    const answer = role === "checkpoint" ? checkpoint : await get(hub, file, 0, null);
    const bytes = await download(hub, file, answer, (done) => onProgress(before + done, all));
    files.set(role, bytes);
    before += bytes.length;
  }
  return files;
}

/** One file, through a part file that outlives an interruption. */
async function download(
  hub: Hub,
  file: RemoteFile,
  first: Answer,
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  const expected = { bytes: file.bytes ?? first.totalBytes, sha256: file.sha256 ?? first.hubSha256 };
  const key = createHash("sha256").update(
    `${hub.endpoint}|${hub.spec.repo}|${hub.spec.revision}|${file.path}|${first.etag}`,
  );
  const resting = join(hub.partsDir, `${key.digest("hex").slice(0, 32)}.part`);
  // Whoever renames the part owns it: two processes never write into one file.
  const working = `${resting}.${randomUUID()}.tmp`;
  await mkdir(hub.partsDir, { recursive: true }).catch((error: unknown) => {
    throwIfStorage(error, hub.partsDir);
    throw error;
  });
  if (first.etag !== null) await rename(resting, working).catch(() => undefined);
  let finished = false;
  try {
    let answer: Answer | null = first;
    for (let attempt = 1; ; attempt++) {
      try {
        const have = await sizeOf(working);
        if (have > 0 && have === expected.bytes) answer?.body.destroy();
        else {
          if (answer === null || have !== answer.offset) {
            answer?.body.destroy();
            answer = await get(hub, file, first.etag === null ? 0 : have, first.etag);
          }
          await append(working, answer, onProgress, hub.signal);
        }
        break;
      } catch (error) {
        answer = null;
        throwIfAborted(hub.signal);
        if (isAlbumenError(error)) throw error;
        throwIfStorage(error, hub.partsDir);
        if (attempt === ATTEMPTS)
          throw new AlbumenError("MODEL_FETCH_FAILED", `${file.path} was interrupted: ${messageOf(error)}`, {
            isRetryable: true,
            cause: error,
          });
      }
    }
    const bytes = await readFile(working);
    // From here on the part is of no use: it is either whole or wrong.
    finished = true;
    assertIntact(file.path, bytes, expected);
    return bytes;
  } finally {
    if (finished || first.etag === null) await rm(working, { force: true });
    else await rename(working, resting).catch(() => undefined);
  }
}

/** Writes the body at its offset; whatever the part held behind that is cut off. */
async function append(
  path: string,
  answer: Answer,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const handle = await open(path, "a");
  try {
    await handle.truncate(answer.offset);
    let done = answer.offset;
    for await (const chunk of answer.body) {
      throwIfAborted(signal);
      await handle.write(chunk as Uint8Array);
      done += (chunk as Uint8Array).length;
      onProgress(done);
    }
    if (answer.totalBytes !== null && done < answer.totalBytes)
      throw new Error(`the connection ended after ${done} of ${answer.totalBytes} bytes`);
  } finally {
    await handle.close();
  }
}

/** Asks for a file from `offset` on, following redirects. Errors: `MODEL_FETCH_FAILED` for a refusal. */
async function get(hub: Hub, file: RemoteFile, offset: number, etag: string | null): Promise<Answer> {
  const home = new URL(`${hub.endpoint}/${hub.spec.repo}/resolve/${hub.spec.revision}/${file.path}`);
  let url = home;
  let hubSha256: string | null = null;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const headers: Record<string, string> = { "user-agent": "albumen", "accept-encoding": "identity" };
    if (hub.token !== null && url.origin === home.origin) headers["authorization"] = `Bearer ${hub.token}`;
    if (offset > 0 && etag !== null) {
      headers["range"] = `bytes=${offset}-`;
      headers["if-range"] = etag;
    }
    const response = await request(url, { headers, signal: hub.signal, dispatcher: hub.dispatcher });
    const header = (name: string) => {
      const value = response.headers[name];
      return typeof value === "string" ? value : null;
    };
    // The hub states the hash of a large file in the redirect, where its storage no longer does.
    const linked = /^"?([0-9a-f]{64})"?$/.exec(header("x-linked-etag") ?? "");
    if (linked !== null) hubSha256 = linked[1]!;
    const status = response.statusCode;
    if (status === 200 || status === 206) {
      const start = status === 206 ? offset : 0;
      const length = header("content-length");
      const tag = header("etag");
      return {
        body: response.body,
        totalBytes: length === null ? null : start + Number(length),
        offset: start,
        etag: tag !== null && tag.startsWith('"') ? tag : null,
        hubSha256,
      };
    }
    await response.body.dump();
    const location = header("location");
    if (status >= 300 && status < 400 && location !== null && URL.canParse(location, url.href)) {
      url = new URL(location, url);
      continue;
    }
    throw new AlbumenError(
      "MODEL_FETCH_FAILED",
      `${home.host} answered ${status} for ${hub.spec.repo}/${file.path}`,
      status === 401 || status === 403 ? { hint: "Set HF_TOKEN to a token that may read it." } : {},
    );
  }
  throw new AlbumenError("MODEL_FETCH_FAILED", `${home.host} redirects more than ${REDIRECTS} times`);
}

function total(parts: readonly (number | null)[]): number | null {
  return parts.includes(null) ? null : parts.reduce<number>((sum, bytes) => sum + bytes!, 0);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AlbumenError("MODEL_FETCH_FAILED", `no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
