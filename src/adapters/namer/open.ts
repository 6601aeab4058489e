/** The language model that the settings name, not loaded yet. */
import { AlbumenError } from "../../errors.ts";
import type { Namer } from "../../ports/namer.ts";
import { isThisMachine, llmKeyOf } from "../llm/key.ts";
import { checkLlama, openLlama } from "../llm/llama.ts";
import { createServerModel } from "../llm/server.ts";
import { createLanguageNamer } from "./language.ts";

export interface LanguageNamerSettings {
  readonly namer: "concepts" | "llm" | "mistral";
  readonly llmUrl: string;
  readonly llmModel: string | null;
  readonly llmTimeoutSeconds: number;
  readonly llmParallel: number;
  readonly gguf: string | null;
  readonly threads: number | null;
  readonly offline: boolean;
}

/**
 * Null for `concepts`. `check` says what is missing before any work is done: `CONFIG_INVALID`, `MODEL_NOT_INSTALLED`;
 * `open` also throws what `openLlama` does.
 */
export function languageNamerOf(
  settings: LanguageNamerSettings,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): { check(): void; open(): Promise<Namer> } | null {
  const { namer, llmUrl: url, gguf, threads } = settings;
  if (namer === "llm") {
    const modelOf = (): string => settings.llmModel ?? missing("llm", "llmModel", "--llm-model llama3.1:8b");
    return {
      check() {
        modelOf();
        if (settings.offline && !isThisMachine(url))
          throw new AlbumenError(
            "CONFIG_INVALID",
            `--offline forbids to ask the server ${new URL(url).hostname}.`,
            { hint: "Offline, the namer llm takes a server on this machine only." },
          );
      },
      async open() {
        // Only here: the client's library takes an eighth of every command's start-up, and most commands ask no server.
        const { createChatClient } = await import("../llm/client.ts");
        const client = createChatClient({
          url,
          model: modelOf(),
          apiKey: llmKeyOf(env, url),
          timeoutMs: settings.llmTimeoutSeconds * 1000,
        });
        return createLanguageNamer(createServerModel(client, { parallel: settings.llmParallel }));
      },
    };
  }
  if (namer === "mistral") {
    const optionsOf = () => ({
      gguf: gguf ?? missing("mistral", "gguf", "--gguf mistral-7b-instruct.Q4_K_M.gguf"),
      ...(threads === null ? {} : { threads }),
    });
    return {
      check: () => checkLlama(optionsOf()),
      open: async () => createLanguageNamer(await openLlama(optionsOf(), signal)),
    };
  }
  return null;
}

function missing(namer: string, setting: string, example: string): never {
  throw new AlbumenError("CONFIG_INVALID", `The namer ${namer} needs ${setting}.`, {
    hint: `Add ${example}, or set it in settings.json.`,
  });
}
