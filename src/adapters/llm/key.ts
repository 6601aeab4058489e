/** Whom a key may be shown to. */

/**
 * The key for a server: `ALBUMEN_LLM_KEY`, and for OpenAI's own also `OPENAI_API_KEY`, which was given to OpenAI and is
 * shown to nobody else. Null: none.
 */
export function llmKeyOf(env: Readonly<Record<string, string | undefined>>, url: string): string | null {
  const { protocol, hostname } = new URL(url);
  const openaiKey =
    protocol === "https:" && hostname === "api.openai.com" ? env["OPENAI_API_KEY"] : undefined;
  return env["ALBUMEN_LLM_KEY"] || openaiKey || null;
}
