/** Albums named by a language model, from the command line. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultCacheDir } from "../../src/models/cache.ts";
import { openDesk, type Desk } from "../support/cli.ts";
import { startLlmServer, type ChatBody, type FakeLlmServer, type Reply } from "../support/llm-server.ts";
import { packOrSkip, sharedOrSkip } from "../support/packs.ts";
import { writePictures } from "../support/pictures.ts";
import { titleOf, valueOf } from "../support/skip.ts";
import { starterOrSkip } from "../support/starter.ts";

const KEY = "sk-a-secret-that-nobody-sees";

interface Question {
  readonly names?: readonly string[];
  readonly album: {
    readonly words: readonly { readonly word: string }[];
    readonly fileNames: readonly string[];
  };
  readonly rejectedNames: readonly unknown[];
}

function questionIn({ messages }: ChatBody): Question {
  return JSON.parse(messages[1]!.content.replace(/<\/?data>/g, "")) as Question;
}

interface Exported {
  readonly name: string;
  readonly nameSource: string;
  readonly nameScore: number | null;
  readonly evidence: {
    readonly reason: string;
    readonly namer?: string;
    readonly english?: string;
    readonly proof?: { readonly kind: string };
  } | null;
}

function albumsOf(desk: Desk): Exported[] {
  const { albums } = JSON.parse(readFileSync(desk.path("albums/albums.json"), "utf8")) as {
    albums: Exported[];
  };
  return albums.filter(({ name }) => name !== "Unsorted");
}

/** Everything that the program wrote, in one text. */
function writtenIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

const servers: FakeLlmServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function serve(reply: (question: Question, number: number) => Reply): Promise<string> {
  const server = await startLlmServer((body, number) => reply(questionIn(body), number));
  servers.push(server);
  return server.url;
}

/** What pictures show is in their files' names, for an encoder without words to tell. */
const NICE: Readonly<Record<string, string>> = {
  sunset: "Evening Skies",
  receipt: "Shop Receipts",
  stripes: "Bright Stripes",
  night: "Starry Nights",
  flower: "Single Flowers",
};
const nice = ({ album }: Question): string => NICE[album.fileNames[0]!] ?? "Something Else";

describe.concurrent("organize --namer llm", () => {
  it("names albums in the user's language, and no key is written or said", async () => {
    const desk = openDesk();
    await writePictures(desk.path("photos"), { each: 6 });
    const url = await serve((question) => ({
      text: JSON.stringify(
        question.names ? { names: question.names.map((name) => `Schöne ${name}`) } : { name: nice(question) },
      ),
    }));
    const flags = ["--namer", "llm", "--llm-url", url, "--llm-model", "tiny:1b", "--lang", "de"];
    const env = { ALBUMEN_LLM_KEY: KEY };
    const ran = await desk.run(["organize", "photos", ...flags], { env });
    expect(ran.code).toBe(0);
    // mini has no text side.
    expect(ran.stderr).toContain("Names are not tested on the pictures: The encoder mini reads no texts.");
    const albums = albumsOf(desk);
    expect(albums.length).toBeGreaterThan(2);
    for (const { name, nameSource, evidence } of albums) {
      expect(Object.values(NICE).map((english) => `Schöne ${english}`)).toContain(name);
      expect(nameSource).toBe("llm");
      expect(evidence).toMatchObject({ namer: "llm:tiny:1b@1", proof: { kind: "untested" } });
      expect(`Schöne ${evidence!.english!}`).toBe(name);
    }
    expect(
      servers
        .flatMap(({ received }) => received)
        .some(({ authorization }) => authorization === `Bearer ${KEY}`),
    ).toBe(true);

    const shown = await desk.run(["config", "show", "--catalog", "albums/.albumen"], { env });
    const history = await desk.run(["history", "--json"], { env, cwd: desk.path("albums") });
    expect(shown.stdout).toContain("tiny:1b");
    expect(
      [ran.stdout, ran.stderr, shown.stdout, history.stdout, writtenIn(desk.folder)].join("\n"),
    ).not.toContain(KEY);
  });

  it("falls back to the encoder's own words when the server is down, and says so", async () => {
    const desk = openDesk();
    await writePictures(desk.path("photos"), { each: 6 });
    const server = await startLlmServer(() => ({ hang: true }));
    await server.close();
    const { code, stderr } = await desk.run([
      "organize",
      "photos",
      "--namer",
      "llm",
      "--llm-url",
      server.url,
      "--llm-model",
      "m",
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /\d albums are named by the encoder's own words instead of llm:m@1: The language model's server 127\.0\.0\.1:\d+ does not answer/,
    );
    for (const { nameSource, evidence } of albumsOf(desk)) {
      expect(["concepts", "neutral"]).toContain(nameSource);
      expect(evidence!.reason).toContain("Of the language model:");
    }
  });

  it("lets no bad answer into a folder's name", async () => {
    const desk = openDesk();
    await writePictures(desk.path("photos"), { each: 6 });
    const bad: Reply[] = [
      { text: '{"name": "../../etc"}' },
      { text: JSON.stringify({ name: "x".repeat(10_000) }) },
      { raw: "\u0001{]x{]x" },
      { text: "I'm sorry, I can't help with that." },
      { status: 400, error: "no" },
    ];
    const url = await serve((_question, number) => bad[number % bad.length]!);
    const { code, stderr } = await desk.run([
      "organize",
      "photos",
      "--namer",
      "llm",
      "--llm-url",
      url,
      "--llm-model",
      "m",
      "--llm-parallel",
      "1",
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain("by the encoder's own words");
    for (const { name, nameSource } of albumsOf(desk)) {
      expect(nameSource).not.toBe("llm");
      expect(name).toMatch(/^[A-Z][\w ,]*$/);
    }
    expect(readdirSync(desk.folder).sort()).toEqual([".home", "albums", "photos"]);
  });

  it("says what is missing before it looks at a picture", async () => {
    const desk = openDesk();
    await writePictures(desk.path("photos"), { each: 1 });
    const noModel = await desk.run(["organize", "photos", "--namer", "llm"]);
    expect([noModel.code, noModel.stderr]).toEqual([
      2,
      "The namer llm needs llmModel.\nAdd --llm-model llama3.1:8b, or set it in settings.json.\n",
    ]);
    const secret = await desk.run(["organize", "photos", "--llm-url", `http://me:${KEY}@localhost/v1`]);
    expect(secret.code).toBe(2);
    expect(secret.stderr).toContain("ALBUMEN_LLM_KEY");
    expect(secret.stderr).not.toContain(KEY);
    const noFile = await desk.run(["organize", "photos", "--namer", "mistral", "--gguf", "none.gguf"]);
    expect(noFile.code).toBe(1);
    expect(noFile.stderr).toContain("none.gguf");
    expect(noFile.stderr).toContain("--gguf");
    expect(readdirSync(desk.folder).sort()).toEqual([".home", "photos"]);
  });
});

const [starter, heap] = await Promise.all([starterOrSkip("sentence"), packOrSkip("heap")]);

describe.skipIf(!starter.isAvailable || !heap.isAvailable)(
  titleOf("names on real photos", starter, heap),
  () => {
    it("are asked for again when they fail on the pictures, and stand when they do not", async () => {
      const desk = openDesk();
      const wanted = ["cats", "elephant", "airplanes", "butterfly"];
      const pictures = valueOf(heap).images.filter(({ label }) => wanted.includes(label!));
      // The first answer about each album is wrong, the second says what the album's words do.
      const url = await serve(({ album, rejectedNames }) => ({
        text: JSON.stringify({
          name:
            rejectedNames.length === 0
              ? `Tax Form ${album.words[0]!.word.length}b`
              : `My ${album.words[0]!.word}`,
        }),
      }));
      await desk.albumen(
        [
          "organize",
          ...pictures.map(({ path }) => path),
          "--namer",
          "llm",
          "--llm-url",
          url,
          "--llm-model",
          "m",
          "--llm-parallel",
          "1",
        ],
        { env: { ALBUMEN_CACHE: defaultCacheDir(), ALBUMEN_MODEL: "starter" } },
      );
      const albums = albumsOf(desk);
      expect(albums.length).toBeGreaterThan(2);
      const proven = albums.filter(({ nameSource }) => nameSource === "llm");
      expect(proven.length).toBeGreaterThan(albums.length / 2);
      for (const { name, nameScore, evidence } of proven) {
        expect(name).toMatch(/^My /);
        expect(evidence!.proof!.kind).toBe("proven");
        expect(nameScore).toBeGreaterThan(1 / 3);
      }
    });
  },
);

const gguf = sharedOrSkip("reference/gguf/tiny-mistral.gguf");

describe.skipIf(!gguf.isAvailable)(titleOf("organize --namer mistral", gguf), () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = openDesk();
    await writePictures(desk.path("photos"), { each: 6 });
  });

  it("asks a GGUF file in this process, and uses no nonsense", async () => {
    const { code, stderr } = await desk.run([
      "organize",
      "photos",
      "--namer",
      "mistral",
      "--gguf",
      valueOf(gguf),
      "--threads",
      "1",
    ]);
    expect(code).toBe(0);
    // Its weights are random.
    expect(stderr).toContain("by the encoder's own words instead of mistral:tiny-mistral@1");
    for (const { nameSource } of albumsOf(desk)) expect(nameSource).not.toBe("llm");
  });
});
