/** Whom a key may be shown to, and which servers are this machine. */

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

/** Whether what is sent to a server stays on this machine. No name is looked up: of names, only `localhost` is. */
export function isThisMachine(url: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
