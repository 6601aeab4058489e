/** ONNX graphs made ready to run. The one file of the models and their adapters that knows how sessions are set up. */
import { availableParallelism } from "node:os";
import { AlbumenError, messageOf } from "../errors.ts";
import { clipsByteProducts } from "./byte-products.ts";
import { assertUsable, type Device } from "./device.ts";
import { InferenceSession, type Tensor } from "./onnxruntime.ts";

export interface GraphOptions {
  /** threads of one run; all cores when omitted */
  readonly threads?: number;
  /** `cpu` when omitted; what another device has no kernel for runs on the CPU */
  readonly device?: Device;
}

export interface Graph {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Blocks the JavaScript thread until done: ONNX Runtime's own threads do the work.
   * Errors: `OUT_OF_MEMORY`, retryable because a smaller batch may fit; `MODEL_INCOMPATIBLE` for anything else.
   */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  dispose(): Promise<void>;
}

/**
 * `source` is the graph itself, or the path of the file that holds it: then ONNX Runtime reads the file, and the weights
 * are in memory once. `name` is for messages. Errors: `MODEL_CORRUPT`, `OUT_OF_MEMORY`, `DEVICE_UNAVAILABLE`.
 */
export async function openGraph(
  source: Uint8Array | string,
  name: string,
  options: GraphOptions = {},
): Promise<Graph> {
  const { device = "cpu" } = options;
  await assertUsable(device);
  let session: InferenceSession;
  try {
    session = await createSession(source, {
      executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
      intraOpNumThreads: options.threads ?? availableParallelism(),
      interOpNumThreads: 1,
      executionMode: "sequential",
      // Fatal only: whatever else goes wrong is thrown, and stderr is the person's.
      logSeverityLevel: 4,
      extra: {
        session: {
          // int8 weights become float32 once, at load, instead of in every run: mini is 2 to 5 times as fast.
          disable_quant_qdq: "1",
          x64quantprecision: (await clipsByteProducts()) ? "1" : "0",
          // Threads that spin between runs take the cores from the next graph of a chain and from the decoders:
          // trunk + head at batch 8 on two busy cores took 75 ms with spinning and 20 ms without; idle, it is equal.
          intra_op: { allow_spinning: "0" },
        },
      },
    });
  } catch (cause) {
    throw (
      memoryErrorOf(cause) ??
      new AlbumenError("MODEL_CORRUPT", `${name} cannot be loaded: ${firstLine(cause)}`, { cause })
    );
  }
  let disposed = false;
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(feeds) {
      try {
        return await session.run(feeds);
      } catch (cause) {
        throw (
          memoryErrorOf(cause) ??
          new AlbumenError("MODEL_INCOMPATIBLE", `${name} cannot be run: ${firstLine(cause)}`, { cause })
        );
      }
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await session.release();
    },
  };
}

/** The two overloads of ONNX Runtime's, picked. */
function createSession(
  source: Uint8Array | string,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  return typeof source === "string"
    ? InferenceSession.create(source, options)
    : InferenceSession.create(source, options);
}

/** `OUT_OF_MEMORY` when that is what a failed allocation, here or inside ONNX Runtime, is about; else null. */
export function memoryErrorOf(error: unknown): AlbumenError | null {
  if (!/bad_alloc|allocation failed|failed to allocate|out of memory/i.test(messageOf(error))) return null;
  return new AlbumenError("OUT_OF_MEMORY", "The batch does not fit into memory.", {
    hint: "Close other programs, or use a smaller model with --model mini.",
    isRetryable: true,
    cause: error,
  });
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n")[0]!.trim();
}
