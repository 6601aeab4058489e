/** Decodes with sharp (libvips) in worker threads; HEIC and bitmaps, which sharp does not read, with decoders of their own. */
import { availableParallelism } from "node:os";
import { AlbumenError } from "../../errors.ts";
import type { ImageDecoder } from "../../ports/image-decoder.ts";
import type { DecodeAnswer, DecodeJob } from "./decode-worker.ts";
import { createWorkerPool, WorkerLost } from "./worker-pool.ts";

export interface SharpDecoderOptions {
  /** images worked on at once, >= 1; the cores of this machine when omitted */
  readonly parallelism?: number;
  /** width x height; a picture with more is refused by its header. 268 million when omitted. */
  readonly maxPixels?: number;
  /** time limit of one image; 60 s when omitted */
  readonly timeoutMs?: number;
}

/** 16,383 x 16,383: takes the largest phone sensors (200 MP) and panoramas, refuses a bomb of 30,000 x 30,000. */
const MAX_PIXELS = 0x3fff ** 2;
const TIMEOUT_MS = 60_000;

export function createSharpDecoder(options: SharpDecoderOptions = {}): ImageDecoder {
  const { parallelism = availableParallelism(), maxPixels = MAX_PIXELS, timeoutMs = TIMEOUT_MS } = options;
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const pool = createWorkerPool<DecodeJob, DecodeAnswer>({
    url: new URL(`./decode-worker.${extension}`, import.meta.url),
    size: parallelism,
    timeoutMs,
    workerData: { maxPixels, timeoutMs },
  });
  return {
    parallelism,
    async decode(bytes, request, { signal }) {
      const owned = owningItsBuffer(bytes);
      const answer = await pool
        .run({ bytes: owned, request }, [owned.buffer], signal)
        .catch((error: unknown) => {
          throw error instanceof WorkerLost ? lostImageError(error) : error;
        });
      if (answer.kind === "failed")
        throw new AlbumenError(
          answer.code,
          answer.message,
          answer.hint === undefined ? {} : { hint: answer.hint },
        );
      return answer.decoded;
    },
    dispose: () => pool.dispose(),
  };
}

/** Only a whole buffer can be moved to another thread; a piece of a shared one is copied. */
function owningItsBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength;
  return isWhole ? new Uint8Array(buffer) : Uint8Array.from(bytes);
}

function lostImageError(error: WorkerLost): AlbumenError {
  return error.kind === "timed-out"
    ? new AlbumenError("IMAGE_TOO_SLOW", "Decoding took longer than the time limit.", { cause: error })
    : new AlbumenError("IMAGE_CORRUPT", "The decoder crashed on this picture.", { cause: error });
}
