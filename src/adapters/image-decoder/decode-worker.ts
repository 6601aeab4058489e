/** The thread that decodes: takes one image at a time and answers with pixels or with why there are none. */
import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import { isAlbumenError, messageOf, type ErrorCode } from "../../errors.ts";
import type { Decoded, DecodeRequest } from "../../ports/image-decoder.ts";
import { decodeImage, type DecodeLimits } from "./decode.ts";
import { serveJobs } from "./worker-pool.ts";

export interface DecodeJob {
  readonly bytes: Uint8Array;
  readonly request: DecodeRequest;
}

/** Errors lose their class on the way between threads, so they travel as what they say. */
export type DecodeAnswer =
  | { readonly kind: "decoded"; readonly decoded: Decoded }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
    };

// One thread a picture: the pool is what works on several at once. Nothing is decoded twice, so a cache only holds memory.
sharp.concurrency(1);
sharp.cache(false);

// libheif prints what it finds wrong, and a thread prints to the standard output of its process, which is for data.
globalThis.console = new Console(new PassThrough().resume());

const limits = workerData as DecodeLimits;

serveJobs<DecodeJob, DecodeAnswer>(parentPort!, async ({ bytes, request }) => {
  try {
    const decoded = await decodeImage(bytes, request, limits);
    const transfer = [decoded.image.data.buffer as ArrayBuffer];
    if (decoded.thumbnail) transfer.push(decoded.thumbnail.buffer as ArrayBuffer);
    return { answer: { kind: "decoded", decoded }, transfer };
  } catch (error) {
    const failed = isAlbumenError(error)
      ? { code: error.code, message: error.message, hint: error.hint }
      : { code: "INTERNAL" as const, message: messageOf(error), hint: undefined };
    return { answer: { kind: "failed", ...failed }, transfer: [] };
  }
});
