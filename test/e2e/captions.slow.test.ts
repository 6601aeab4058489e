/** Every kind of captioner from the command line, on some of the pictures that the demo draws. */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { toyBlipFiles } from "../fixtures/random-blip.ts";
import { writeTinyVitGpt2 } from "../fixtures/tiny-vit-gpt2.ts";
import { drawDemo } from "../../src/adapters/demo/sharp.ts";
import { openDesk } from "../support/cli.ts";
import { startLlmServer, type Reply } from "../support/llm-server.ts";

const desk = openDesk();

beforeAll(async () => {
  await mkdir(desk.path("pictures"));
  let drawn = 0;
  for await (const { name, bytes } of drawDemo())
    if (drawn++ % 3 === 0) await writeFile(desk.path("pictures", name), bytes);
  await mkdir(desk.path("blip"));
  for (const [name, bytes] of toyBlipFiles()) await writeFile(desk.path("blip", name), bytes);
  await writeTinyVitGpt2(desk.path("vit-gpt2"));
}, 60_000);

const organize = (out: string, ...more: string[]) =>
  desk.run(["organize", "pictures", "--out", out, "--model", "mini", "--albums", "4", ...more]);

/** Of the representatives, in the order of albums.json; null where there is none. */
function captionsIn(out: string): (string | null)[] {
  const { albums } = JSON.parse(readFileSync(desk.path(out, "albums.json"), "utf8")) as {
    albums: { representatives: { caption: string | null }[] }[];
  };
  return albums.flatMap(({ representatives }) => representatives.map(({ caption }) => caption));
}

async function withServer<T>(
  reply: (number: number) => Reply,
  use: (url: string, received: () => number) => Promise<T>,
): Promise<T> {
  const server = await startLlmServer((_body, number) => reply(number));
  try {
    return await use(server.url, () => server.received.length);
  } finally {
    await server.close();
  }
}

describe("albumen organize --captioner", () => {
  it("converts a BLIP from a folder, and has it caption the representatives", async () => {
    const ran = await organize("by-blip", "--captioner", "./blip", "--caption-prompt", "a photo of");
    expect(ran.stderr).toContain("Converting");
    expect(ran.code).toBe(0);
    const captions = captionsIn("by-blip");
    expect(captions.length).toBeGreaterThan(4);
    for (const caption of captions) expect(caption).toMatch(/^a photo of/);
  });

  it("runs a vit-gpt2 by transformers.js", async () => {
    const ran = await organize("by-library", "--captioner", `transformers:${desk.path("vit-gpt2")}`);
    expect(ran.code).toBe(0);
    expect(captionsIn("by-library").filter((caption) => caption !== null).length).toBeGreaterThan(4);
  });

  it("asks a server, and sends no picture again because the catalog says so", async () => {
    await withServer(
      (number) => ({ text: `The caption with the number ${number}.` }),
      async (url, received) => {
        const server = ["--caption-url", url, "--caption-model", "llava"];
        expect((await organize("by-server", "--captioner", "llm", ...server)).code).toBe(0);
        const captions = captionsIn("by-server");
        for (const caption of captions) expect(caption).toMatch(/^The caption with the number \d+\.$/);
        const asked = received();
        expect(asked).toBe(captions.length);

        const ran = await desk.run(["reorganize", "--albums", "3", "--catalog", "by-server/.albumen"]);
        expect(ran.code).toBe(0);
        expect(ran.stderr).toContain("only by a command with --captioner llm");
        expect(received()).toBe(asked);
        expect(captionsIn("by-server").some((caption) => caption !== null)).toBe(true);
      },
    );
  });

  it("goes on without captions when the server goes away, and says how many are missing", async () => {
    await withServer(
      (number) => (number === 0 ? { text: "A first and last caption." } : { status: 401, error: "no" }),
      async (url) => {
        const ran = await organize(
          "half",
          ..."--captioner llm --caption-model llava --llm-parallel 1 --caption-url".split(" "),
          url,
        );
        expect(ran.code).toBe(0);
        expect(ran.stderr).toMatch(/\d+ pictures? without a caption: .*refused \(401\)/);
        expect(captionsIn("half").filter((caption) => caption !== null)).toEqual([
          "A first and last caption.",
        ]);
      },
    );
  });

  it.each([
    [["--captioner", "mini"], "writes no captions"],
    [["--captioner", "llm"], "--caption-model"],
    [
      ["--captioner", "llm", "--caption-model", "m", "--caption-url", "https://llm.example.org/v1"],
      "--offline rules out",
    ],
    [["--captioner", "./pictures"], "config.json"],
  ])("refuses %j before any picture is looked at", async (flags, told) => {
    const ran = await organize("refused", ...flags);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain(told);
    expect(ran.stderr).not.toContain("Looking at images");
  });
});
