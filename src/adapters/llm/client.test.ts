import { afterEach, describe, expect, it } from "vitest";
import {
  startLlmServer,
  type ChatBody,
  type FakeLlmServer,
  type Reply,
} from "../../../test/support/llm-server.ts";
import { isAlbumenError, type AlbumenError } from "../../errors.ts";
import { createChatClient, type ChatClientOptions, type ChatRequest } from "./client.ts";

const QUESTION: ChatRequest = {
  system: "You name albums.",
  user: [{ kind: "text", text: "dogs" }],
  schema: { name: "album_name", json: { type: "object", properties: { name: { type: "string" } } } },
  maxTokens: 64,
};

const KEY = "sk-never-to-be-seen";
let server: FakeLlmServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function serve(
  reply: (body: ChatBody, number: number) => Reply | Promise<Reply>,
  options: Partial<ChatClientOptions> = {},
) {
  server = await startLlmServer(reply);
  const client = createChatClient({
    url: server.url,
    model: "m",
    apiKey: KEY,
    timeoutMs: 2000,
    backoffMs: 1,
    ...options,
  });
  const { received } = server;
  return { received, ask: (signal = new AbortController().signal) => client.complete(QUESTION, signal) };
}

async function faultOf(asking: Promise<string>): Promise<AlbumenError> {
  const error: unknown = await asking.then(
    (text) => new Error(`answered ${text}`),
    (thrown: unknown) => thrown,
  );
  if (!isAlbumenError(error)) throw error;
  // Whatever goes wrong, the key stays here.
  expect(`${error.message} ${error.hint ?? ""}`).not.toContain(KEY);
  return error;
}

describe("an OpenAI-compatible server", () => {
  it("is asked with the schema, the key and nothing random, and its text comes back", async () => {
    const { ask, received } = await serve(() => ({ text: '{"name":"Dogs"}' }));
    expect(await ask()).toBe('{"name":"Dogs"}');
    expect(received[0]).toMatchObject({
      authorization: `Bearer ${KEY}`,
      body: {
        model: "m",
        temperature: 0,
        max_tokens: 64,
        messages: [
          { role: "system", content: "You name albums." },
          { role: "user", content: "dogs" },
        ],
        response_format: { type: "json_schema", json_schema: { name: "album_name", strict: true } },
      },
    });
  });

  it("gets no authorization without a key", async () => {
    const { ask, received } = await serve(() => ({ text: "{}" }), { apiKey: null });
    await ask();
    expect(received[0]!.authorization).toBeNull();
  });

  it("that knows no schemas is asked without one, once and for all", async () => {
    const { ask, received } = await serve((body) =>
      body.response_format ? { status: 400, error: "unknown field" } : { text: '{"name":"Dogs"}' },
    );
    expect(await ask()).toBe('{"name":"Dogs"}');
    expect(await ask()).toBe('{"name":"Dogs"}');
    expect(received.map(({ body }) => body.response_format !== undefined)).toEqual([true, false, false]);
  });

  it("that names a parameter it does not take is spared that one only", async () => {
    const { ask, received } = await serve((body) =>
      body.max_tokens === undefined
        ? { text: "{}" }
        : { status: 400, error: "Unsupported parameter: 'max_tokens' is not supported with this model." },
    );
    await ask();
    expect(received[1]!.body).toMatchObject({ temperature: 0, response_format: { type: "json_schema" } });
  });

  it("that is busy or broken is tried again, and the answer counts", async () => {
    const { ask, received } = await serve((_, number) =>
      number === 0
        ? { status: 429, error: "slow down", headers: { "retry-after": "0.01" } }
        : number === 1
          ? { status: 500, error: "oops" }
          : number === 2
            ? { cut: true }
            : { text: "{}" },
    );
    expect(await ask()).toBe("{}");
    expect(received).toHaveLength(4);
  });

  it("that stays busy or broken is given up on after three retries", async () => {
    const { ask, received } = await serve(() => ({ status: 503, error: `out of order, ${KEY}` }));
    expect(await faultOf(ask())).toMatchObject({ code: "LLM_UNREACHABLE", isRetryable: true });
    expect(received).toHaveLength(4);
  });

  it("that is not there, hangs, or stops in the middle is unreachable", async () => {
    const options = { timeoutMs: 60, retries: 1 };
    const hanging = await serve(() => ({ hang: true }), options);
    expect((await faultOf(hanging.ask())).message).toContain("it takes too long");
    expect(hanging.received).toHaveLength(2);
    await server!.close();
    const halfway = await serve(() => ({ halfway: true }), options);
    expect((await faultOf(halfway.ask())).code).toBe("LLM_UNREACHABLE");
    await server!.close();
    // Closed now: nobody listens there.
    expect((await faultOf(halfway.ask())).code).toBe("LLM_UNREACHABLE");
  });

  it("that refuses the key, the model or the request is not asked again", async () => {
    for (const [status, hint] of [
      [401, "ALBUMEN_LLM_KEY"],
      [404, "the model m"],
      [413, "--llm-model"],
    ] as const) {
      const { ask, received } = await serve(() => ({ status, error: `Incorrect API key provided: ${KEY}` }));
      const fault = await faultOf(ask());
      expect(fault.code).toBe("LLM_REFUSED");
      expect(fault.hint).toContain(hint);
      expect(received).toHaveLength(1);
      await server!.close();
    }
  });

  it("that sends garbage, nothing, or without end gives no answer", async () => {
    for (const reply of [
      { raw: "<html>It works!</html>" },
      { raw: "" },
      { raw: "[]" },
      { raw: '{"choices":[]}' },
      { raw: '{"choices":[{"message":{"content":7}}]}' },
      { text: " " },
      { refusal: "I can't help with that." },
      { garbage: true },
    ] satisfies Reply[]) {
      const { ask, received } = await serve(() => reply);
      expect((await faultOf(ask())).code).toBe("LLM_ANSWER_INVALID");
      expect(received).toHaveLength(1);
      await server!.close();
    }
  });

  it("is left at once when the run is cancelled, also in the pause before a retry", async () => {
    const controller = new AbortController();
    const { ask } = await serve(
      () => {
        setTimeout(() => controller.abort(), 5);
        return { status: 429, error: "later", headers: { "retry-after": "3600" } };
      },
      { backoffMs: 60_000 },
    );
    expect((await faultOf(ask(controller.signal))).code).toBe("ABORTED");
  });
});
