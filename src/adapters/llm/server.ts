/** Language model behind an OpenAI-compatible server. */
import type { LanguageModel } from "../../ports/language-model.ts";
import type { ChatClient } from "./client.ts";

/** `parallel`: requests under way at a time, > 0. Errors: see `LanguageModel.ask`. */
export function createServerModel(
  client: ChatClient,
  { parallel }: { readonly parallel: number },
): LanguageModel {
  return {
    id: `llm:${client.model}`,
    parallel,
    ask: ({ system, user, schema, maxTokens }, signal) =>
      client.complete(
        {
          system,
          user: [{ kind: "text", text: user }],
          schema: { name: schema.name, json: { ...schema.json } },
          maxTokens,
        },
        signal,
      ),
    dispose: () => Promise.resolve(),
  };
}
