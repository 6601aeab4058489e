/** Language model in this process: a GGUF file (Mistral-7B and its kin) by llama.cpp. */
import { accessSync, constants, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type * as NodeLlamaCpp from "node-llama-cpp";
import type { GbnfJsonObjectSchema, Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import type { LanguageModel, Question } from "../../ports/language-model.ts";

type Library = typeof NodeLlamaCpp;

export interface LlamaOptions {
  /** path of a GGUF file */
  readonly gguf: string;
  /** CPU threads; all cores when omitted */
  readonly threads?: number;
}

/** Longest text in an answer; the grammar holds the model to it, so that an answer always ends. */
const MAX_TEXT = 60;
/** What a chat template puts around the texts, generously. */
const TEMPLATE_TOKENS = 128;
/** Contexts grow in such steps, so that questions of about one size share one. */
const CONTEXT_STEP = 512;

/** Errors: `MODEL_NOT_INSTALLED` when the library or the file is not there; found out without loading either. */
export function checkLlama({ gguf }: LlamaOptions): void {
  try {
    import.meta.resolve("node-llama-cpp");
  } catch (cause) {
    throw libraryMissing(cause);
  }
  try {
    accessSync(gguf, constants.R_OK);
    if (statSync(gguf).isFile()) return;
  } catch (cause) {
    throw fileMissing(gguf, cause);
  }
  throw fileMissing(gguf);
}

/**
 * Loads the file; `dispose` frees it. One question at a time, greedy, the answer held to the schema by a grammar.
 * The library is never built or downloaded, here or by itself: what its package brought along is used, or nothing.
 * Errors: `MODEL_NOT_INSTALLED`, `MODEL_CORRUPT`, `OUT_OF_MEMORY`, `ABORTED`.
 */
export async function openLlama(options: LlamaOptions, signal: AbortSignal): Promise<LanguageModel> {
  checkLlama(options);
  const { gguf, threads = availableParallelism() } = options;
  const library = await loadLibrary();
  const llama = await startLlama(library, threads);
  let model: LlamaModel;
  try {
    model = await llama.loadModel({ modelPath: gguf, loadSignal: signal });
  } catch (error) {
    await llama.dispose();
    throwIfAborted(signal);
    throw notLoaded(library, gguf, error);
  }
  let context: LlamaContext | null = null;

  /** A context that the question and its answer fit into; the one there is when it is large enough. */
  async function contextFor({ system, user, maxTokens }: Question): Promise<LlamaContext> {
    const tokens = model.tokenize(system).length + model.tokenize(user).length + maxTokens + TEMPLATE_TOKENS;
    const contextSize = CONTEXT_STEP * Math.ceil(tokens / CONTEXT_STEP);
    if (context && context.contextSize >= contextSize) return context;
    await context?.dispose();
    context = null;
    try {
      return (context = await model.createContext({ contextSize, threads }));
    } catch (cause) {
      throw new AlbumenError(
        "LLM_REFUSED",
        `${basename(gguf)} cannot take a question of ${tokens} tokens: ${messageOf(cause)}.`,
        { cause },
      );
    }
  }

  return {
    id: `mistral:${basename(gguf, ".gguf")}`,
    parallel: 1,
    async ask(question, signal) {
      throwIfAborted(signal);
      const sequence = (await contextFor(question)).getSequence();
      const session = new library.LlamaChatSession({
        contextSequence: sequence,
        systemPrompt: question.system,
        autoDisposeSequence: true,
      });
      try {
        const grammar = await llama.createGrammarForJsonSchema(grammarOf(question));
        return await session.prompt(question.user, {
          grammar,
          signal,
          temperature: 0,
          maxTokens: question.maxTokens,
        });
      } catch (cause) {
        throwIfAborted(signal);
        throw new AlbumenError(
          "LLM_ANSWER_INVALID",
          `${basename(gguf)} gave no answer: ${messageOf(cause)}.`,
          { cause },
        );
      } finally {
        session.dispose();
      }
    },
    async dispose() {
      await context?.dispose();
      await model.dispose();
      await llama.dispose();
    },
  };
}

function grammarOf({ schema }: Question): GbnfJsonObjectSchema {
  const text = { type: "string", maxLength: MAX_TEXT } as const;
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(schema.json.properties).map(([name, field]) => [
        name,
        field.type === "array" ? ({ type: "array", items: text } as const) : text,
      ]),
    ),
    required: [...schema.json.required],
  };
}

async function loadLibrary(): Promise<Library> {
  try {
    return await import("node-llama-cpp");
  } catch (cause) {
    throw libraryMissing(cause);
  }
}

async function startLlama({ getLlama, LlamaLogLevel }: Library, threads: number): Promise<Llama> {
  try {
    return await getLlama({
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.disabled,
      // More threads than cores wait for each other in a loop: a hundred times slower on a busy machine.
      maxThreads: threads,
    });
  } catch (cause) {
    throw new AlbumenError(
      "MODEL_NOT_INSTALLED",
      `node-llama-cpp has no llama.cpp for this machine: ${messageOf(cause)}.`,
      {
        hint: "Run npm i node-llama-cpp anew on this machine, or use --namer llm with a server.",
        cause,
      },
    );
  }
}

function notLoaded({ InsufficientMemoryError }: Library, gguf: string, cause: unknown): AlbumenError {
  if (cause instanceof InsufficientMemoryError)
    return new AlbumenError("OUT_OF_MEMORY", `${gguf} does not fit into memory: ${messageOf(cause)}.`, {
      hint: "Use a smaller file (Q4), or --namer llm with a server.",
      cause,
    });
  return new AlbumenError("MODEL_CORRUPT", `${gguf} cannot be loaded: ${messageOf(cause)}.`, {
    hint: "It has to be a whole GGUF file of a language model; get it anew.",
    cause,
  });
}

function libraryMissing(cause: unknown): AlbumenError {
  return new AlbumenError("MODEL_NOT_INSTALLED", "The namer mistral needs node-llama-cpp.", {
    hint: "Run npm i node-llama-cpp, or use --namer llm with a server.",
    cause,
  });
}

function fileMissing(gguf: string, cause?: unknown): AlbumenError {
  return new AlbumenError("MODEL_NOT_INSTALLED", `There is no GGUF file ${gguf}, or it cannot be read.`, {
    hint: "Name a file of a model like Mistral-7B-Instruct (Q4_K_M) with --gguf.",
    cause,
  });
}
