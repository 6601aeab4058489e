import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { testCaptioner } from "../../../test/conformance/captioner.ts";
import { drawPicture } from "../../../test/conformance/embedder.ts";
import {
  startLlmServer,
  type ChatBody,
  type FakeLlmServer,
  type Reply,
} from "../../../test/support/llm-server.ts";
import { isAlbumenError } from "../../errors.ts";
import type { Captioner } from "../../ports/captioner.ts";
import { createChatClient } from "../llm/client.ts";
import { createOpenaiCaptioner, openaiCaptionerId, sentenceIn } from "./openai.ts";

const servers: FakeLlmServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function captionerOver(
  reply: (number: number, body: ChatBody) => Reply | Promise<Reply>,
  parallel = 2,
): Promise<{ captioner: Captioner; server: FakeLlmServer }> {
  const server = await startLlmServer((body, number) => reply(number, body));
  servers.push(server);
  const client = createChatClient({
    url: server.url,
    model: "llava:7b",
    apiKey: null,
    timeoutMs: 2000,
    retries: 1,
    backoffMs: 1,
  });
  return { captioner: createOpenaiCaptioner(client, { parallel }), server };
}

const call = { signal: new AbortController().signal };
const pictures = (count: number) => Array.from({ length: count }, (_, i) => drawPicture(512, i + 1));
const imagesIn = ({ messages }: ChatBody): string[] =>
  messages.flatMap(({ content }) =>
    typeof content === "string"
      ? []
      : (content as { image_url?: { url: string } }[]).flatMap((part) =>
          part.image_url ? [part.image_url.url] : [],
        ),
  );

// The server outlives the single tests of the suite, so it is not among those that end with one.
let shared: FakeLlmServer;
testCaptioner("openai", {
  async create() {
    shared = await startLlmServer(() => ({ text: "A dog runs along a beach." }));
    const client = createChatClient({ url: shared.url, model: "llava", apiKey: null, timeoutMs: 2000 });
    const captioner = createOpenaiCaptioner(client, { parallel: 2 });
    return { ...captioner, dispose: () => shared.close() };
  },
});

describe("the captioner behind a server", () => {
  it("sends each picture as a small JPEG and nothing beside it", async () => {
    const { captioner, server } = await captionerOver(() => ({ text: "A dog." }));
    expect(await captioner.caption(pictures(1), call)).toEqual([{ text: "A dog.", score: 0 }]);
    const [url] = imagesIn(server.received[0]!.body);
    const jpeg = Buffer.from(url!.replace(/^data:image\/jpeg;base64,/, ""), "base64");
    expect(await sharp(jpeg).metadata()).toMatchObject({
      format: "jpeg",
      width: 512,
      height: 512,
    });
    expect(jpeg.includes("Exif")).toBe(false);
    expect(captioner.id).toBe(openaiCaptionerId("llava:7b"));
    expect(captioner.id).toBe("llm:llava%3A7b@1");
  });

  it("asks about no more pictures at a time than it may, and keeps their order", async () => {
    let open = 0;
    let most = 0;
    const { captioner } = await captionerOver(async (number, body) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, number === 0 ? 30 : 5));
      open--;
      return { text: `A picture of ${imagesIn(body)[0]!.length} bytes.` };
    }, 3);
    const seven = pictures(7);
    const together = await captioner.caption(seven, call);
    expect(most).toBe(3);
    const alone = [];
    for (const picture of seven) alone.push(...(await captioner.caption([picture], call)));
    expect(together).toEqual(alone);
    expect(new Set(alone.map((caption) => JSON.stringify(caption))).size).toBeGreaterThan(1);
  });

  it("puts an error in the place of a picture whose answer is no sentence, and of no other", async () => {
    const { captioner } = await captionerOver(
      (number) => (number === 1 ? { text: "…" } : { text: "A cat." }),
      1,
    );
    const outcomes = await captioner.caption(pictures(3), call);
    expect(outcomes.map((outcome) => (isAlbumenError(outcome) ? outcome.code : outcome.text))).toEqual([
      "A cat.",
      "LLM_ANSWER_INVALID",
      "A cat.",
    ]);
  });

  it("keeps what was written before the server went away, and then gives up", async () => {
    const { captioner, server } = await captionerOver(
      (number) => (number === 0 ? { text: "A cat." } : { cut: true }),
      1,
    );
    const outcomes = await captioner.caption(pictures(3), call);
    expect(outcomes.map((outcome) => (isAlbumenError(outcome) ? outcome.code : outcome.text))).toEqual([
      "A cat.",
      "LLM_UNREACHABLE",
      "LLM_UNREACHABLE",
    ]);
    expect(server.received.length).toBe(3); // one, and one with its retry
    await expect(captioner.caption(pictures(2), call)).rejects.toMatchObject({ code: "LLM_UNREACHABLE" });
  });

  it("stops asking when the signal fires", async () => {
    const controller = new AbortController();
    const { captioner, server } = await captionerOver(() => {
      controller.abort();
      return { hang: true };
    }, 1);
    await expect(captioner.caption(pictures(3), { signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(server.received.length).toBe(1);
  });
});

describe("sentenceIn", () => {
  it.each([
    ["A dog on a beach.", "A dog on a beach."],
    ['  "A dog on a beach."\n', "A dog on a beach."],
    ["Caption: A dog\non a\u0007 beach.", "A dog on a beach."],
    [`A dog. ${"It runs and runs. ".repeat(40)}`, "A dog."],
  ])("takes the sentence out of %j", (answer, sentence) => {
    expect(sentenceIn(answer)).toBe(sentence);
  });

  it.each(["", "…", "x".repeat(10_000), `${"word ".repeat(100)}.`])("refuses %#", (answer) => {
    expect(() => sentenceIn(answer)).toThrow(expect.objectContaining({ code: "LLM_ANSWER_INVALID" }));
  });
});
