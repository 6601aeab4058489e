/** Images in buckets: Amazon S3, and every server that speaks its protocol. */
import type * as S3Library from "@aws-sdk/client-s3";
import type { GetObjectCommandOutput, ListObjectsV2CommandOutput, S3Client } from "@aws-sdk/client-s3";
import { IMAGE_EXTENSIONS } from "../../core/image-format.ts";
import { placeName } from "../../core/place.ts";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import type { ReadOptions, ReadOutcome, SourceItem } from "../../ports/image-source.ts";
import { SYSTEM_CLOCK, type Clock } from "../fetch/clock.ts";
import { CONNECT_MS, IDLE_MS } from "../fetch/fetcher.ts";
import { offlineError, readFault, retrying, statusError } from "../fetch/retry.ts";
import { Slots } from "../fetch/slots.ts";

export interface S3SourceOptions {
  /** URL of the server; null: Amazon's. A user's own choice, so it may lie anywhere. */
  readonly endpoint: string | null;
  /** `AWS_*`; credentials that are not here are looked for where the AWS tools look: profiles, sign-on, the machine's role */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly offline: boolean;
  /** objects read at a time */
  readonly concurrency: number;
  readonly maxBytes: number;
  readonly clock?: Clock;
  /** in [0, 1) */
  readonly random?: () => number;
}

export interface S3Source {
  /**
   * Objects whose keys begin with the prefix of `s3://bucket/prefix`, in the order of their keys; stamps are ETags.
   * Hidden names and folder marks are passed over. Errors: `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`, `FETCH_OFFLINE`.
   */
  list(root: string, user: string | null, signal: AbortSignal): AsyncGenerator<SourceItem>;
  /** `source`: `s3://bucket/key`, the key as it is. Errors: `FETCH_*`, `IMAGE_EMPTY`, `ABORTED`. */
  read(source: string, options: ReadOptions): Promise<ReadOutcome>;
  close(): void;
}

export function createS3Source(options: S3SourceOptions): S3Source {
  const { maxBytes } = options;
  const timing = { clock: options.clock ?? SYSTEM_CLOCK, random: options.random ?? Math.random };
  const slots = new Slots(options.concurrency);
  let opened: ReturnType<typeof openClient> | null = null;

  /** Runs one request, again where that may help; `shown` is what the error is about. */
  async function ask<T>(
    shown: string,
    signal: AbortSignal,
    request: (client: S3Client, sdk: Sdk) => Promise<T>,
  ): Promise<T> {
    if (options.offline) throw offlineError(shown);
    const { client, sdk } = await (opened ??= openClient(options));
    return retrying(
      async () => {
        await slots.take(signal);
        try {
          return await request(client, sdk);
        } catch (error) {
          throwIfAborted(signal);
          throw asS3Error(error, shown);
        } finally {
          slots.give();
        }
      },
      { ...timing, signal },
    );
  }

  async function* listPages(
    root: string,
    { bucket, key }: S3Place,
    signal: AbortSignal,
  ): AsyncGenerator<ListObjectsV2CommandOutput> {
    let after: string | undefined;
    do {
      const page = await ask(root, signal, (client, { ListObjectsV2Command }) =>
        client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key, ContinuationToken: after }), {
          abortSignal: signal,
        }),
      );
      yield page;
      after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (after !== undefined);
  }

  return {
    async *list(root, user, signal) {
      const place = parsePlace(root);
      try {
        for await (const page of listPages(root, place, signal))
          for (const { Key: key = "", ETag: etag } of page.Contents ?? []) {
            throwIfAborted(signal);
            if (isPassedOver(key)) continue;
            const source = `s3://${place.bucket}/${key}`;
            const extension = /\.([^./]+)$/.exec(key)?.[1]?.toLowerCase();
            if (extension !== undefined && !IMAGE_EXTENSIONS.has(extension))
              yield { kind: "skipped", source };
            else
              yield {
                kind: "location",
                location: { source, name: placeName(source), user, stamp: etag ?? null },
              };
          }
      } catch (error) {
        throw asListError(error, place.bucket);
      }
    },

    async read(source, { signal, before }) {
      const { bucket, key } = parsePlace(source);
      const outcome = await ask(source, signal, async (client, { GetObjectCommand }) => {
        const command = new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(before === null ? {} : { IfNoneMatch: before }),
        });
        try {
          const answer = await client.send(command, { abortSignal: signal });
          return { bytes: await bytesOf(answer, maxBytes), stamp: answer.ETag ?? "" };
        } catch (error) {
          if (before !== null && statusOf(error) === 304) return null;
          throw error;
        }
      });
      if (outcome === null) return { kind: "unchanged" };
      if (outcome.bytes.length === 0) throw new AlbumenError("IMAGE_EMPTY", `${source} has no bytes.`);
      return { kind: "bytes", ...outcome };
    },

    close() {
      void opened?.then(
        ({ client }) => client.destroy(),
        () => {},
      );
    },
  };
}

type Sdk = typeof S3Library;

/** The library is loaded when the first bucket is asked for: it takes longer than most commands. */
async function openClient({
  endpoint,
  env,
  concurrency,
}: S3SourceOptions): Promise<{ readonly client: S3Client; readonly sdk: Sdk }> {
  // Its advice about versions of Node is for those who install it, and its version is ours to choose.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const sdk = await import("@aws-sdk/client-s3");
  const region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = env["AWS_SESSION_TOKEN"];
  const sockets = { maxSockets: concurrency, keepAlive: true };
  const client = new sdk.S3Client({
    // Other servers have one region and call their buckets by path: their certificates know no sub-domains.
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true, region: region ?? "us-east-1" }),
    ...(region === undefined ? {} : { region }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        }),
    followRegionRedirects: true,
    // Retried here, with the reading of the body: that fails as often, and the library would not notice.
    maxAttempts: 1,
    // Many servers know no checksums but their own.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: IDLE_MS,
      httpAgent: sockets,
      httpsAgent: sockets,
    },
  });
  return { client, sdk };
}

interface S3Place {
  readonly bucket: string;
  /** key or prefix; may be empty */
  readonly key: string;
}

/** By S3's naming rules: a bucket becomes part of a host's name, and no other host may come of it. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

function parsePlace(source: string): S3Place {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(source) ?? [];
  if (BUCKET.test(bucket)) return { bucket, key };
  throw new AlbumenError("SOURCE_NOT_FOUND", `"${bucket}" is no name that a bucket may have.`, {
    hint: "It looks like s3://bucket/prefix.",
  });
}

/** As in folders: what starts with a dot, and the empty objects that stand for folders. */
function isPassedOver(key: string): boolean {
  return key === "" || key.endsWith("/") || /(^|\/)\./.test(key);
}

async function bytesOf({ Body: body, ContentLength: length }: GetObjectCommandOutput, maxBytes: number) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = body as AsyncIterable<Uint8Array> & { destroy(): void };
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop drops the connection.
    if (Math.max(size, length ?? 0) > maxBytes)
      throw new AlbumenError("FETCH_TOO_LARGE", `it has more than ${maxBytes} bytes`, {
        hint: "Raise the limit with --max-fetch-bytes.",
      });
  }
  if (length !== undefined && size < length)
    throw Object.assign(new Error("the object ends early"), { code: "ECONNRESET" });
  // A buffer of its own: it may be handed to a thread.
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function statusOf(error: unknown): number | null {
  const { $metadata: metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return metadata?.httpStatusCode ?? null;
}

/** Names of errors → what is at fault. */
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError)$/;
const NO_BUCKET = "NoSuchBucket";

function asS3Error(error: unknown, shown: string): AlbumenError {
  if (error instanceof AlbumenError) return readFault(error, shown).error;
  const name = error instanceof Error ? error.name : "";
  // The library's errors hold the request, and that holds keys and signatures.
  const { code } = error as { code?: unknown };
  const cause = Object.assign(new Error(messageOf(error)), { name, ...(code === undefined ? {} : { code }) });
  if (NO_CREDENTIALS.test(name))
    return new AlbumenError("FETCH_401", `There are no credentials for ${shown}.`, {
      hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
      cause,
    });
  if (name === "TimeoutError")
    return new AlbumenError("FETCH_TIMEOUT", `${shown}: the server does not answer.`, {
      isRetryable: true,
      cause,
    });
  if (/region is missing/i.test(messageOf(error)))
    return new AlbumenError("FETCH_HTTP", `The region of ${shown} is not known.`, {
      hint: "Set AWS_REGION, or --s3-endpoint for another server than Amazon's.",
      cause,
    });
  const status = statusOf(error);
  if (status === null || status < 300) return readFault(cause, shown).error;
  const { code: known, isRetryable } = statusError(status, shown);
  return new AlbumenError(known, `${shown}: the server says ${name} (status ${status}).`, {
    isRetryable,
    cause,
  });
}

/** A listing that fails is no fault of one image: it stops the run, like a folder that is not there. */
function asListError(error: unknown, bucket: string): unknown {
  if (!(error instanceof AlbumenError) || !error.code.startsWith("FETCH_")) return error;
  if (error.code === "FETCH_OFFLINE") return error;
  if (error.cause instanceof Error && error.cause.name === NO_BUCKET)
    return new AlbumenError("SOURCE_NOT_FOUND", `There is no bucket ${bucket}.`, {
      hint: "Check the spelling, the region (AWS_REGION) and the server (--s3-endpoint).",
      cause: error,
    });
  return new AlbumenError("SOURCE_UNREADABLE", `The bucket ${bucket} cannot be listed. ${error.message}`, {
    hint: error.hint ?? "Check the credentials, the region (AWS_REGION) and the server (--s3-endpoint).",
    isRetryable: error.isRetryable,
    cause: error,
  });
}
