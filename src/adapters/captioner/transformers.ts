/**
 * Captioner over the optional library @huggingface/transformers: the families of captioners that it runs and Albumen does
 * not convert itself, vit-gpt2, Florence-2 and SmolVLM. It fetches their graphs from the hub into Albumen's cache.
 */
import { join, resolve } from "node:path";
import type * as Transformers from "@huggingface/transformers";
import type { InterruptableStoppingCriteria, RawImage, Tensor } from "@huggingface/transformers";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
// Also turns off telemetry, before the library loads an ONNX Runtime that may be its own.
import { memoryErrorOf } from "../../models/graph.ts";
import type { ModelEvent } from "../../models/events.ts";
import type { Caption, Captioner } from "../../ports/captioner.ts";

type Library = typeof Transformers;

const PACKAGE = "@huggingface/transformers";

/** px; every family resizes once more, to what it was trained on: 224 to 768 */
const SIDE = 768;
/** New tokens at most: a sentence. */
const MAX_TOKENS = 40;
const QUESTION = "Describe this picture in one short sentence.";

export interface TransformersOptions {
  /** where models are kept, see `defaultCacheDir` */
  readonly cacheDir: string;
  /** true: only what is in the cache already */
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ModelEvent) => void;
  /** CPU threads; all cores when omitted */
  readonly threads?: number;
}

/** A family's way to be asked. */
interface Speaker {
  /** what it says about a picture */
  say(picture: RawImage, stop: InterruptableStoppingCriteria): Promise<string>;
  dispose(): Promise<unknown>;
}

/** What every `from_pretrained` is told. */
type Loading = NonNullable<Parameters<Library["AutoModel"]["from_pretrained"]>[1]>;

/** What the captioner of this model calls itself. `source`: `owner/name`, `owner/name@revision` or a folder. */
export function transformersCaptionerId(source: string): string {
  return `transformers:${source}`;
}

/** Errors: `MODEL_NOT_INSTALLED` when the library is not there; found out without loading it. */
export function checkTransformers(): void {
  try {
    import.meta.resolve(PACKAGE);
  } catch (cause) {
    throw libraryMissing(cause);
  }
}

/**
 * `source`: see above. One picture at a time. Errors: `MODEL_NOT_INSTALLED` (the library, or the model while offline),
 * `MODEL_FETCH_FAILED`, `MODEL_INCOMPATIBLE` for a model of another family, `MODEL_CORRUPT`, `OUT_OF_MEMORY`, `ABORTED`.
 */
export async function openTransformersCaptioner(
  source: string,
  options: TransformersOptions,
): Promise<Captioner> {
  const library = await loadLibrary();
  const { env } = library;
  env.cacheDir = join(options.cacheDir, "transformers");
  env.allowRemoteModels = !options.offline;
  env.logLevel = library.LogLevel.ERROR;
  const endpoint = process.env["HF_ENDPOINT"];
  if (endpoint) env.remoteHost = endpoint.endsWith("/") ? endpoint : `${endpoint}/`;

  const isFolder = /^(\.{0,2}[/\\]|[A-Za-z]:)/.test(source);
  const [, repo = source, revision = "main"] = isFolder ? [] : (/^([^@]+)@(.+)$/.exec(source) ?? []);
  const name = isFolder ? resolve(source) : repo;
  const loading: Loading = {
    revision,
    dtype: "q8",
    device: "cpu",
    session_options: options.threads === undefined ? {} : { intraOpNumThreads: options.threads },
    progress_callback(progress) {
      if (progress.status === "progress")
        options.onEvent({ kind: "progress", doneBytes: progress.loaded, totalBytes: progress.total ?? null });
    },
  };
  let speaker: Speaker;
  try {
    const { model_type: family } = (await library.AutoConfig.from_pretrained(name, loading)) as {
      model_type?: string;
    };
    speaker = await openSpeaker(library, family ?? "unknown", name, loading);
    throwIfAborted(options.signal);
  } catch (error) {
    throw loadingError(error, source, options.offline);
  }

  return {
    id: transformersCaptionerId(source),
    maxBatch: 1,
    input: { side: SIDE, fit: "squash", resizeTo: SIDE, filter: "bicubic" },
    async caption(images, call) {
      const captions: Caption[] = [];
      for (const { data, width, height } of images) {
        throwIfAborted(call.signal);
        const picture = new library.RawImage(new Uint8ClampedArray(data), width, height, 3);
        const stop = new library.InterruptableStoppingCriteria();
        const interrupt = (): void => stop.interrupt();
        call.signal.addEventListener("abort", interrupt);
        try {
          const said = await speaker.say(picture, stop);
          throwIfAborted(call.signal);
          captions.push({ text: said.replace(/[\p{C}\s]+/gu, " ").trim(), score: 0 });
        } catch (error) {
          throw memoryErrorOf(error) ?? error;
        } finally {
          call.signal.removeEventListener("abort", interrupt);
        }
        call.onProgress?.(captions.length, images.length);
      }
      return captions;
    },
    async dispose() {
      await speaker.dispose();
    },
  };
}

async function openSpeaker(
  library: Library,
  family: string,
  name: string,
  loading: Loading,
): Promise<Speaker> {
  switch (family) {
    case "vision-encoder-decoder":
      return openEncoderDecoder(library, name, loading);
    case "florence2":
      return openFlorence(library, name, loading);
    case "smolvlm":
    case "idefics3":
      return openChat(library, name, loading);
    default:
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `${name} is a ${family}, which Albumen does not ask for captions.`,
        {
          hint: "Through this library it takes vit-gpt2, Florence-2 and SmolVLM.",
        },
      );
  }
}

/** vit-gpt2: a picture in, a sentence out. */
async function openEncoderDecoder(library: Library, name: string, loading: Loading): Promise<Speaker> {
  const processor = await library.AutoProcessor.from_pretrained(name, loading);
  const tokenizer = await library.AutoTokenizer.from_pretrained(name, loading);
  const model = await library.AutoModelForVision2Seq.from_pretrained(name, loading);
  return {
    async say(picture, stop) {
      const { pixel_values: inputs } = (await processor(picture)) as { pixel_values: Tensor };
      const tokens = await model.generate({ inputs, max_new_tokens: MAX_TOKENS, stopping_criteria: stop });
      return tokenizer.batch_decode(tokens as Tensor, { skip_special_tokens: true })[0]!;
    },
    dispose: () => model.dispose(),
  };
}

/** Florence-2: a picture and the name of a task. */
async function openFlorence(library: Library, name: string, loading: Loading): Promise<Speaker> {
  const task = "<CAPTION>";
  const processor = (await library.AutoProcessor.from_pretrained(name, loading)) as unknown as InstanceType<
    Library["Florence2Processor"]
  >;
  const tokenizer = await library.AutoTokenizer.from_pretrained(name, loading);
  const model = await library.Florence2ForConditionalGeneration.from_pretrained(name, loading);
  return {
    async say(picture, stop) {
      const inputs = await processor(picture, processor.construct_prompts(task));
      const tokens = await model.generate({ ...inputs, max_new_tokens: MAX_TOKENS, stopping_criteria: stop });
      const [answer] = tokenizer.batch_decode(tokens as Tensor, { skip_special_tokens: true });
      return (processor.post_process_generation(answer!, task, picture.size) as Record<string, string>)[
        task
      ]!;
    },
    dispose: () => model.dispose(),
  };
}

/** SmolVLM: a conversation with a picture in it. */
async function openChat(library: Library, name: string, loading: Loading): Promise<Speaker> {
  const processor = await library.AutoProcessor.from_pretrained(name, loading);
  const model = await library.AutoModelForImageTextToText.from_pretrained(name, loading);
  const prompt = processor.apply_chat_template(
    [{ role: "user", content: [{ type: "image" }, { type: "text", text: QUESTION }] as never }],
    { add_generation_prompt: true },
  );
  return {
    async say(picture, stop) {
      // Not cut into tiles: a caption needs no fine print, and a picture is one fifth of the tokens.
      const inputs = (await processor(prompt, [picture], { do_image_splitting: false })) as {
        input_ids: Tensor;
      };
      const tokens = (await model.generate({
        ...inputs,
        max_new_tokens: MAX_TOKENS,
        stopping_criteria: stop,
      })) as Tensor;
      const answer = tokens.slice(null, [inputs.input_ids.dims.at(-1)!, tokens.dims.at(-1)!]);
      return processor.batch_decode(answer, { skip_special_tokens: true })[0]!;
    },
    dispose: () => model.dispose(),
  };
}

async function loadLibrary(): Promise<Library> {
  checkTransformers();
  try {
    return await import("@huggingface/transformers");
  } catch (cause) {
    throw libraryMissing(cause);
  }
}

function libraryMissing(cause: unknown): AlbumenError {
  return new AlbumenError("MODEL_NOT_INSTALLED", `This captioner needs the library ${PACKAGE}.`, {
    hint: `Run npm i ${PACKAGE} beside albumen.`,
    cause,
  });
}

function loadingError(error: unknown, source: string, offline: boolean): AlbumenError {
  if (error instanceof AlbumenError) return error;
  const memory = memoryErrorOf(error);
  if (memory !== null) return memory;
  const reason = messageOf(error).split("\n")[0]!.replace(/\.$/, "");
  const isMissing =
    /not found|could not locate|unauthorized|forbidden|fetch|status code|ECONN|ENOTFOUND/i.test(reason);
  if (!isMissing)
    return new AlbumenError("MODEL_CORRUPT", `${source} cannot be loaded: ${reason}.`, { cause: error });
  return offline
    ? new AlbumenError("MODEL_NOT_INSTALLED", `${source} is not on this machine.`, {
        hint: "Run once without --offline to fetch it.",
        cause: error,
      })
    : new AlbumenError("MODEL_FETCH_FAILED", `${source} could not be fetched: ${reason}.`, { cause: error });
}
