import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testNamer } from "../../../test/conformance/namer.ts";
import { toyAlbums, toyConcepts, toyPicture } from "../../../test/fixtures/toy-concepts.ts";
import { startLlmServer, type FakeLlmServer } from "../../../test/support/llm-server.ts";
import { AlbumenError } from "../../errors.ts";
import type { NamingRequest, NamerAnswer } from "../../ports/namer.ts";
import { createChatClient } from "../llm/client.ts";
import { createFakeLanguageModel } from "../llm/fake.ts";
import { createServerModel } from "../llm/server.ts";
import { createLanguageNamer } from "./language.ts";
import { llmKeyOf } from "../llm/key.ts";
import { languageNamerOf, type LanguageNamerSettings } from "./open.ts";

/** Every kind of answer there is, chosen by the question alone. */
function answerOf(question: string): string {
  const hash = [...question].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 9973, 7);
  const answers = [
    '{"name": "Dogs"}',
    '{"name": "Sea"}',
    '{"name": "../../etc/passwd"}',
    `{"name": "${"x".repeat(10_000)}"}`,
    "I'm sorry, I can't.",
    '```json\n{"name": "Snowy Mountains"}\n```',
    '{"name": "夕焼け"}',
    `{"name": "Album Of ${hash}"}`,
  ];
  return answers[hash % answers.length]!;
}

testNamer("language model", {
  create: async () => createLanguageNamer(createFakeLanguageModel(({ user }) => answerOf(user))),
  mayLeaveUnnamed: true,
});

describe("over a server", () => {
  let server: FakeLlmServer;
  beforeAll(async () => {
    server = await startLlmServer(({ messages }) => ({ text: answerOf(messages[1]!.content) }));
  });
  afterAll(() => server.close());
  testNamer("llm", {
    create: async () =>
      createLanguageNamer(
        createServerModel(createChatClient({ url: server.url, model: "m", apiKey: null, timeoutMs: 5000 }), {
          parallel: 4,
        }),
      ),
    mayLeaveUnnamed: true,
    runs: 24,
  });
});

const concepts = toyConcepts([{ text: "dog" }]);
const call = { signal: new AbortController().signal };

function requestOf(count: number): NamingRequest {
  const { vectors, albums } = toyAlbums(
    Array.from({ length: count }, () => [toyPicture(concepts, { dog: 0.5 })]),
    Array.from({ length: count }, (_, i) => ({ captions: [`picture ${i}`] })),
  );
  return { vectors, concepts, albums, siblings: [], takenNames: ["Cats"] };
}
const numberIn = (user: string): number => Number(/picture (\d+)/.exec(user)![1]);
const textOf = (answer: NamerAnswer): string | null => (answer.kind === "named" ? answer.name.text : null);

describe("createLanguageNamer", () => {
  it("gives the same names whichever answer comes first", async () => {
    const namesAfter = async (delayMs: (album: number) => number) => {
      const model = createFakeLanguageModel(
        async ({ user }) => {
          const album = numberIn(user);
          await new Promise((resolve) => setTimeout(resolve, delayMs(album)));
          return JSON.stringify({ name: album % 2 === 0 ? "Dogs" : `Kennel ${"ABCDEFGH"[album]!}` });
        },
        { parallel: 3 },
      );
      return (await createLanguageNamer(model).name(requestOf(6), call)).map(textOf);
    };
    const names = ["Dogs", "Kennel B", null, "Kennel D", null, "Kennel F"];
    expect(await namesAfter((album) => album)).toEqual(names);
    expect(await namesAfter((album) => 6 - album)).toEqual(names);
  });

  it("asks no more than the model takes at a time", async () => {
    let under = 0;
    let most = 0;
    const model = createFakeLanguageModel(
      async ({ user }) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setTimeout(resolve, 1));
        under--;
        return `{"name": "Kennel ${"ABCDEFGH"[numberIn(user)]!}"}`;
      },
      { parallel: 3 },
    );
    await createLanguageNamer(model).name(requestOf(8), call);
    expect(most).toBe(3);
  });

  it("says why an album has no name, and whether to ask again", async () => {
    const because = async (answer: () => string): Promise<NamerAnswer> =>
      (await createLanguageNamer(createFakeLanguageModel(answer)).name(requestOf(1), call))[0]!;
    expect(await because(() => '{"name": "cat"}')).toEqual({
      kind: "unnamed",
      text: "cat",
      because: "Another album is called “Cats”.",
      mayAskAgain: true,
    });
    expect(await because(() => "no")).toMatchObject({ text: null, mayAskAgain: true });
    expect(
      await because(() => {
        throw new AlbumenError("LLM_ANSWER_INVALID", "The model's answer is empty.");
      }),
    ).toMatchObject({ because: "The model's answer is empty.", mayAskAgain: true });
  });

  it("asks a server that is down no further", async () => {
    let asked = 0;
    const model = createFakeLanguageModel(
      () => {
        asked++;
        throw new AlbumenError("LLM_UNREACHABLE", "It is down.");
      },
      { parallel: 1 },
    );
    const answers = await createLanguageNamer(model).name(requestOf(5), call);
    expect(asked).toBe(1);
    expect(answers).toEqual(
      Array.from({ length: 5 }, () => ({
        kind: "unnamed",
        text: null,
        because: "It is down.",
        mayAskAgain: false,
      })),
    );
  });

  it("translates in parts, and says where it could not", async () => {
    const words: Record<string, string> = { Dogs: "Hunde", Cats: "Katzen", Sea: "../Meer", Hounds: "Hunde" };
    const model = createFakeLanguageModel(({ user, system }) => {
      expect(system).toContain("into German");
      const { names } = JSON.parse(user.replace(/<\/?data>/g, "")) as { names: string[] };
      return JSON.stringify({ names: names.map((name) => words[name] ?? `Ding ${name}`) });
    });
    const namer = createLanguageNamer(model);
    expect(await namer.translate!(["Dogs", "Cats", "Sea", "Hounds"], "de", call)).toEqual([
      "Hunde",
      "Katzen",
      null,
      null,
    ]);
    const many = Array.from({ length: 45 }, (_, i) => `N${i}`);
    expect(await namer.translate!(many, "de", call)).toEqual(many.map((name) => `Ding ${name}`));
  });
});

describe("languageNamerOf", () => {
  const settings: LanguageNamerSettings = {
    namer: "llm",
    llmUrl: "http://localhost:1/v1",
    llmModel: null,
    llmTimeoutSeconds: 1,
    llmParallel: 1,
    gguf: null,
    threads: 1,
    offline: false,
  };
  const open = (changes: Partial<LanguageNamerSettings>) =>
    languageNamerOf({ ...settings, ...changes }, {}, call.signal);

  it("is nobody for the encoder's own words", () => {
    expect(open({ namer: "concepts" })).toBeNull();
  });

  it("says what is missing before anything is done", () => {
    expect(() => open({})!.check()).toThrow("The namer llm needs llmModel.");
    expect(() => open({ namer: "mistral" })!.check()).toThrow("The namer mistral needs gguf.");
    expect(() => open({ namer: "mistral", gguf: "/nowhere/m.gguf" })!.check()).toThrow(
      "There is no GGUF file /nowhere/m.gguf",
    );
    expect(() => open({ llmModel: "m" })!.check()).not.toThrow();
  });

  it("asks servers on this machine only when offline", () => {
    const check = (llmUrl: string) => open({ llmUrl, llmModel: "m", offline: true })!.check;
    expect(check("http://localhost:11434/v1")).not.toThrow();
    expect(check("http://127.0.0.1:8080/v1")).not.toThrow();
    expect(check("http://[::1]:8080/v1")).not.toThrow();
    expect(check("https://api.openai.com/v1")).toThrow("--offline forbids to ask the server api.openai.com.");
  });

  it("states model and prompt in the recipe", async () => {
    const namer = await open({ llmModel: "llama3.1:8b" })!.open();
    expect(namer.id).toBe("llm:llama3.1:8b@1");
  });

  it("shows OpenAI's key to OpenAI only", () => {
    const env = { OPENAI_API_KEY: "sk-openai" };
    expect(llmKeyOf(env, "https://api.openai.com/v1")).toBe("sk-openai");
    expect(llmKeyOf(env, "http://api.openai.com/v1")).toBeNull();
    expect(llmKeyOf(env, "https://api.openai.com.evil.example/v1")).toBeNull();
    expect(llmKeyOf(env, "http://localhost:11434/v1")).toBeNull();
    expect(llmKeyOf({ ...env, ALBUMEN_LLM_KEY: "own" }, "http://localhost:11434/v1")).toBe("own");
  });
});
