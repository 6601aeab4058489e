/** One request and its answer, bounded in time and bytes, cut off as soon as it turns out to be of no use. */
import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, unzip } from "node:zlib";
import type { Dispatcher } from "undici";
import { AlbumenError, cancelled, throwIfAborted } from "../../errors.ts";
import { onAbort } from "./on-abort.ts";
import { sniffImageFormat, SNIFF_BYTES } from "../../core/image-format.ts";

export interface ExchangeRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** a larger body is refused, by its announcement or once it gets there */
  readonly maxBytes: number;
  /** without a byte for so long, the exchange fails */
  readonly idleMs: number;
  /** from the start to the last byte */
  readonly totalMs: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** an image by its first bytes, in a buffer of its own; null when the status is not 200 */
  readonly bytes: Uint8Array | null;
}

/**
 * Talks to the dispatcher directly: a stream and a promise a chunk would cost more than all the rest.
 * Errors: `FETCH_TIMEOUT`, `FETCH_TOO_LARGE`, `FETCH_NOT_IMAGE`, `IMAGE_EMPTY`, `ABORTED`, `FETCH_REFUSED` (by the
 * lookup); others as the network throws them. Messages follow the URL and a colon.
 */
export async function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Answer> {
  throwIfAborted(request.signal);
  const { status, headers, body } = await new Promise<Received>((resolve, reject) => {
    const { url, idleMs } = request;
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: "GET",
        headers: request.headers,
        headersTimeout: idleMs,
        bodyTimeout: idleMs,
      },
      new Receiver(request, resolve, reject),
    );
  });
  if (status !== 200) return { status, headers, bytes: null };
  const bytes = await unpacked(body, headers["content-encoding"], request.maxBytes);
  const reason = whyNoImage(bytes, headers["content-type"]);
  if (reason) throw reason;
  return { status, headers, bytes };
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** An unwanted body up to this size is read to its end, for the connection to be used again. */
const WORTH_READING_BYTES = 64 * 1024;

/** Ends an exchange whose status has told all. */
const UNWANTED = new Error("not wanted");

/** Takes in one answer. A class, since thousands a second are made of it: closures would be made one by one each time. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #resolve: (received: Received) => void;
  readonly #reject: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;
  #controller: Dispatcher.DispatchController | null = null;
  #failure: Error | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    request: ExchangeRequest,
    resolve: (received: Received) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(onTimeout, request.totalMs, this);
    this.#forget = onAbort(request.signal, () => this.fail(cancelled()));
  }

  onTimeout(): void {
    this.fail(tooSlow(this.#request.totalMs));
  }

  /** Also before there is a connection; the request is then taken back once there is one. */
  fail(reason: Error): void {
    this.#failure = reason;
    if (this.#controller) this.#controller.abort(reason);
    else this.onResponseError(null, reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
    const announced = Number(headers["content-length"] ?? 0);
    const { maxBytes } = this.#request;
    if (status !== 200 && announced > WORTH_READING_BYTES) this.fail(UNWANTED);
    if (status === 200 && announced > maxBytes) this.fail(tooLarge(`${announced} bytes`, maxBytes));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const sizeBefore = this.#size;
    this.#size += chunk.length;
    if (this.#status !== 200) {
      if (this.#size > WORTH_READING_BYTES) this.fail(UNWANTED);
      return;
    }
    this.#chunks.push(chunk);
    const { maxBytes } = this.#request;
    if (this.#size > maxBytes) this.fail(tooLarge("more bytes", maxBytes));
    else if (
      sizeBefore < SNIFF_BYTES &&
      this.#size >= SNIFF_BYTES &&
      !isPacked(this.#headers["content-encoding"])
    ) {
      const head = sizeBefore === 0 ? chunk : Buffer.concat(this.#chunks);
      const reason = whyNoImage(head, this.#headers["content-type"]);
      if (reason) this.fail(reason);
    }
  }

  onResponseEnd(): void {
    this.#cleanUp();
    this.#resolve({ status: this.#status, headers: this.#headers, body: this.#joined() });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (error === UNWANTED) return this.onResponseEnd();
    this.#cleanUp();
    this.#reject(error);
  }

  #cleanUp(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }

  /** A copy, also of a single chunk: that is a window into a buffer which other answers share. */
  #joined(): Uint8Array<ArrayBuffer> {
    const buffer = Buffer.allocUnsafeSlow(this.#chunks.length > 0 ? this.#size : 0);
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(buffer, at);
    return new Uint8Array(buffer.buffer);
  }
}

function onTimeout(receiver: Receiver): void {
  receiver.onTimeout();
}

function tooSlow(totalMs: number): AlbumenError {
  return new AlbumenError("FETCH_TIMEOUT", `not done after ${totalMs / 1000} s`, {
    hint: "Give it longer with --fetch-timeout-seconds.",
    isRetryable: true,
  });
}

function isPacked(encoding: string | undefined): boolean {
  return encoding !== undefined && encoding !== "" && encoding.toLowerCase() !== "identity";
}

/** Compression was not asked for, but some servers compress all the same. */
async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!isPacked(encoding) || bytes.length === 0) return bytes;
  const kind = encoding!.toLowerCase();
  const decompress =
    kind === "br"
      ? promisify(brotliDecompress)
      : /^(x-)?gzip$|^deflate$/.test(kind)
        ? promisify(unzip)
        : null;
  if (!decompress) throw new AlbumenError("FETCH_NOT_IMAGE", `it is packed as ${kind}`);
  try {
    return new Uint8Array(await decompress(bytes, { maxOutputLength: maxBytes }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw tooLarge("more bytes", maxBytes);
    throw new AlbumenError("FETCH_NOT_IMAGE", `it says to be ${kind}, but is not`, { cause: error });
  }
}

function tooLarge(what: string, maxBytes: number): AlbumenError {
  return new AlbumenError("FETCH_TOO_LARGE", `it has ${what}; the limit is ${maxBytes}`, {
    hint: "Raise the limit with --max-fetch-bytes.",
  });
}

/** The content decides; what the headers say only helps to explain. */
function whyNoImage(head: Uint8Array, contentType: string | undefined): AlbumenError | null {
  if (head.length === 0) return new AlbumenError("IMAGE_EMPTY", "it has no bytes");
  if (sniffImageFormat(head) !== null) return null;
  const text = Buffer.from(head.subarray(0, 512)).toString("latin1");
  const isPage = /^\s*(<!doctype html|<html|<head|<body)/i.test(text);
  const said = contentType === undefined ? "" : ` (its headers say ${contentType.slice(0, 60)})`;
  return new AlbumenError("FETCH_NOT_IMAGE", isPage ? "it is a web page, no image" : `it is no image${said}`);
}
