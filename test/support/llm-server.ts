/** An OpenAI-compatible server on loopback that answers as it is told to, badly if need be. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

/** What came in with one request. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly response_format?: unknown;
  readonly temperature?: number;
  readonly max_tokens?: number;
}

export type Reply =
  /** a good completion with this text */
  | { readonly text: string }
  /** the model's own refusal, as OpenAI marks it */
  | { readonly refusal: string }
  | {
      readonly status: number;
      readonly error: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** these bytes, with status 200 */
  | { readonly raw: string }
  /** garbage without end */
  | { readonly garbage: true }
  /** never a byte of an answer */
  | { readonly hang: true }
  /** headers, half a body, then nothing */
  | { readonly halfway: true }
  /** the connection is cut */
  | { readonly cut: true };

export interface FakeLlmServer {
  /** base URL, ending in /v1 */
  readonly url: string;
  /** all requests so far */
  readonly received: { readonly body: ChatBody; readonly authorization: string | null }[];
  close(): Promise<void>;
}

/** Garbage is sent until the other side hangs up, but never more than this. */
const MOST_GARBAGE_BYTES = 20_000_000;

/** `reply` is called for each request, numbered from 0 in the order of arrival. */
export async function startLlmServer(
  reply: (body: ChatBody, number: number) => Reply | Promise<Reply>,
): Promise<FakeLlmServer> {
  const received: { body: ChatBody; authorization: string | null }[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await bodyOf(request)) as ChatBody;
    const number = received.push({ body, authorization: request.headers.authorization ?? null }) - 1;
    const said: Reply =
      request.url === "/v1/chat/completions"
        ? await reply(body, number)
        : { status: 404, error: `no ${request.url}` };
    if ("hang" in said) return;
    if ("cut" in said) return void response.destroy();
    if ("status" in said) {
      response.writeHead(said.status, { "content-type": "application/json", ...said.headers });
      response.end(
        JSON.stringify({ error: { message: said.error, type: "error", param: null, code: null } }),
      );
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    if ("raw" in said) response.end(said.raw);
    else if ("halfway" in said) response.write('{"choices":[{"mess');
    else if ("garbage" in said) await sendGarbage(response);
    else {
      const message =
        "text" in said
          ? { role: "assistant", content: said.text }
          : { role: "assistant", content: null, refusal: said.refusal };
      response.end(
        JSON.stringify({
          id: `chat-${number}`,
          object: "chat.completion",
          created: 0,
          model: body.model,
          choices: [{ index: 0, message, finish_reason: "stop" }],
        }),
      );
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function sendGarbage(response: ServerResponse): Promise<void> {
  const chunk = Buffer.alloc(65_536, "\u0001{]x");
  await pipeline(
    (function* () {
      for (let sent = 0; sent < MOST_GARBAGE_BYTES; sent += chunk.length) yield chunk;
    })(),
    response,
  );
}
