/** Asks an OpenAI-compatible server (Ollama, vLLM, llama.cpp, OpenAI …) for one chat completion. */
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { SYSTEM_CLOCK } from "../fetch/clock.ts";

/** What a user turn is made of. */
export type ChatPart =
  | { readonly kind: "text"; readonly text: string }
  /** `data:image/jpeg;base64,…` */
  | { readonly kind: "image"; readonly dataUri: string };

export interface ChatRequest {
  readonly system: string;
  readonly user: readonly ChatPart[];
  /** what the answer must look like; null: free text. A server that knows no schemas answers in text, see `complete` */
  readonly schema: { readonly name: string; readonly json: Readonly<Record<string, unknown>> } | null;
  readonly maxTokens: number;
}

export interface ChatClientOptions {
  /** up to the path that ends in `/v1` */
  readonly url: string;
  readonly model: string;
  /** sent as bearer token; null: none */
  readonly apiKey: string | null;
  /** for one attempt, from the request to the end of the answer */
  readonly timeoutMs: number;
  /** attempts after the first, for a server that is busy, broken or away; 3 when omitted */
  readonly retries?: number;
  /** pause before the first retry, doubled before each further one; 500 when omitted */
  readonly backoffMs?: number;
}

export interface ChatClient {
  readonly model: string;
  /** host and port, for messages */
  readonly host: string;
  /**
   * The text of the answer. With a schema it is asked for as structured output; a server that refuses that, or any
   * other optional parameter, is asked without it from then on, so the caller parses the text in any case.
   * Errors: `LLM_UNREACHABLE` (down, busy, too slow, after all retries), `LLM_REFUSED` (key, model, request),
   * `LLM_ANSWER_INVALID` (no completion, empty, too long, refused by the model), `ABORTED`.
   */
  complete(request: ChatRequest, signal: AbortSignal): Promise<string>;
}

/** A name or a caption takes a hundred bytes; a server that sends more than this is broken. */
const MAX_ANSWER_BYTES = 1_000_000;
/** A server may ask for any pause in `Retry-After`; longer than this is as good as away. */
const MAX_PAUSE_MS = 30_000;
/** Of a server's own error message, so much is told. */
const MAX_TOLD = 200;

/** Parameters that not every server and model takes. */
const OPTIONAL = ["response_format", "temperature", "seed", "max_tokens"] as const;
type Optional = (typeof OPTIONAL)[number];

export function createChatClient(options: ChatClientOptions): ChatClient {
  const { url, model, apiKey, timeoutMs, retries = 3, backoffMs = 500 } = options;
  const { host } = new URL(url);
  const openai = new OpenAI({
    baseURL: url,
    // The library takes what is left out here from its own environment variables, and refuses to start without a key.
    apiKey: apiKey ?? "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    defaultHeaders: apiKey === null ? { authorization: null } : {},
    // Its retries sleep for as long as the server says and cannot be cancelled; ours are below.
    maxRetries: 0,
    timeout: timeoutMs + 1000, // ours strikes first: it covers the body too
    fetch: (input, init) => fetchWhole(input as string | URL, init, timeoutMs),
  });
  const dropped = new Set<Optional>();

  async function attempt(request: ChatRequest, signal: AbortSignal): Promise<string> {
    for (;;) {
      const sent = OPTIONAL.filter((name) => !dropped.has(name));
      try {
        // The library leaves a listener behind on the signal it is given.
        const own = AbortSignal.any([signal]);
        return contentOf(await openai.chat.completions.create(bodyOf(model, request, sent), { signal: own }));
      } catch (error) {
        const refused = refusedParameters(error, sent, request.schema !== null);
        if (refused.length === 0) throw error;
        for (const name of refused) dropped.add(name);
      }
    }
  }

  return {
    model,
    host,
    async complete(request, signal) {
      for (let retry = 0; ; retry++) {
        throwIfAborted(signal);
        try {
          return await attempt(request, signal);
        } catch (error) {
          throwIfAborted(signal);
          if (error instanceof AlbumenError) throw error;
          const { pauseMs, told } = faultOf(error, { host, model, apiKey });
          if (pauseMs === null || retry >= retries) throw told;
          const pauseForMs = Math.max(pauseMs, backoffMs * 2 ** retry);
          await SYSTEM_CLOCK.sleep(Math.min(MAX_PAUSE_MS, pauseForMs), signal);
        }
      }
    },
  };
}

function bodyOf(
  model: string,
  { system, user, schema, maxTokens }: ChatRequest,
  sent: readonly Optional[],
): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const may = (name: Optional): boolean => sent.includes(name);
  return {
    model,
    messages: [
      { role: "system", content: system },
      {
        role: "user",
        content: user.every((part) => part.kind === "text")
          ? user.map((part) => part.text).join("\n")
          : user.map((part) =>
              part.kind === "text"
                ? { type: "text", text: part.text }
                : { type: "image_url", image_url: { url: part.dataUri } },
            ),
      },
    ],
    ...(may("temperature") ? { temperature: 0 } : {}),
    ...(may("seed") ? { seed: 1 } : {}),
    ...(may("max_tokens") ? { max_tokens: maxTokens } : {}),
    ...(schema !== null && may("response_format")
      ? {
          response_format: {
            type: "json_schema",
            json_schema: { name: schema.name, schema: { ...schema.json }, strict: true },
          },
        }
      : {}),
  };
}

/** Those of the parameters that a 400 or 422 names; where it names none, the schema is the likeliest. */
function refusedParameters(error: unknown, sent: readonly Optional[], hasSchema: boolean): Optional[] {
  if (!(error instanceof APIError) || !(error.status === 400 || error.status === 422)) return [];
  const named = sent.filter((name) => error.message.includes(name) || error.param === name);
  if (named.length > 0) return named;
  return hasSchema && sent.includes("response_format") ? ["response_format"] : [];
}

/** The server's JSON is a stranger's: nothing in it is taken for granted. */
function contentOf(completion: unknown): string {
  const message = (completion as Partial<OpenAI.ChatCompletion> | null)?.choices?.[0]?.message as
    Partial<OpenAI.ChatCompletionMessage> | undefined;
  if (message === undefined) throw invalid("The server's answer is no chat completion.");
  if (typeof message.refusal === "string" && message.refusal !== "")
    throw invalid("The model refused to answer.");
  if (typeof message.content !== "string" || message.content.trim() === "")
    throw invalid("The model's answer is empty.");
  return message.content;
}

/** `fetch` whose answer has arrived in full: headers and body within the time and the size that are allowed. */
async function fetchWhole(
  input: string | URL,
  init: RequestInit | undefined,
  timeoutMs: number,
): Promise<Response> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
  // A redirect would carry the pictures' captions, and with luck only those, to a host that nobody named.
  const response = await fetch(input, { ...init, signal, redirect: "error" });
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of response.body ?? []) {
    parts.push(part as Uint8Array);
    sizeBytes += (part as Uint8Array).length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw invalid("The server's answer has no end.");
  }
  const body = response.status === 204 ? null : Buffer.concat(parts);
  return new Response(body, { status: response.status, headers: response.headers });
}

interface Fault {
  /** before it is worth another attempt; null: it never is */
  readonly pauseMs: number | null;
  readonly told: AlbumenError;
}

function faultOf(
  error: unknown,
  { host, model, apiKey }: Pick<ChatClientOptions, "model" | "apiKey"> & Pick<ChatClient, "host">,
): Fault {
  const inner = error instanceof Error && error.cause instanceof AlbumenError ? error.cause : null;
  if (inner) return { pauseMs: null, told: inner };
  // A body that is no JSON ends in a SyntaxError of the library's.
  if (error instanceof SyntaxError)
    return { pauseMs: null, told: invalid("The server's answer is no JSON.") };
  if (error instanceof APIConnectionError || !(error instanceof APIError)) {
    const reason = error instanceof APIConnectionTimeoutError ? "it takes too long" : deepestMessage(error);
    const told = new AlbumenError(
      "LLM_UNREACHABLE",
      `The language model's server ${host} does not answer: ${reason}.`,
      { hint: "Start it, or name another with --llm-url.", isRetryable: true },
    );
    return { pauseMs: 0, told };
  }
  const { status } = error;
  const said = status === 401 || status === 403 ? "" : `: ${visiblePart(error.message, apiKey)}`;
  if (status === 408 || status === 409 || status === 429 || status >= 500)
    return {
      pauseMs: retryAfterMs(error),
      told: new AlbumenError(
        "LLM_UNREACHABLE",
        `The language model's server ${host} is ${status === 429 ? "busy" : "out of order"} (${status})${said}.`,
        { hint: "Try again later, or lower --llm-parallel.", isRetryable: true },
      ),
    };
  const hint =
    status === 401 || status === 403
      ? "Set the key in the environment variable ALBUMEN_LLM_KEY."
      : status === 404
        ? `Check --llm-url (it ends in /v1) and that the server has the model ${model}.`
        : "Check --llm-model and --llm-url.";
  return {
    pauseMs: null,
    told: new AlbumenError("LLM_REFUSED", `The language model's server ${host} refused (${status})${said}.`, {
      hint,
    }),
  };
}

function retryAfterMs({ headers }: APIError): number {
  const seconds = Number(headers?.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** `fetch failed` says nothing; what it was caused by does. */
function deepestMessage(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const code = (deepest as NodeJS.ErrnoException | undefined)?.code;
  return messageOf(deepest).replace(/\.$/, "") || code || "the connection broke";
}

/** A server's message, fit to be told: short, on one line, without the key that some servers repeat. */
function visiblePart(message: string, apiKey: string | null): string {
  const safe = apiKey === null ? message : message.replaceAll(apiKey, "…");
  const line = safe.replace(/[\p{C}\s]+/gu, " ").trim();
  return line.length > MAX_TOLD ? `${line.slice(0, MAX_TOLD)}…` : line.replace(/\.$/, "");
}

function invalid(message: string): AlbumenError {
  return new AlbumenError("LLM_ANSWER_INVALID", message);
}
