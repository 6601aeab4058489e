import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testNamer } from "../../../test/conformance/namer.ts";
import { sharedOrSkip } from "../../../test/support/packs.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import type { LanguageModel, Question } from "../../ports/language-model.ts";
import { createLanguageNamer } from "../namer/language.ts";
import { openLlama } from "./llama.ts";

/** A llama of 381 tokens and random weights: its answers are nonsense of the right form. */
const gguf = sharedOrSkip("reference/gguf/tiny-mistral.gguf");
const folder = mkdtempSync(join(tmpdir(), "albumen-gguf-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// One thread: on a busy machine threads of llama.cpp wait for each other most of the time.
const open = (path: string) => openLlama({ gguf: path, threads: 1 }, new AbortController().signal);

describe.skipIf(!gguf.isAvailable)(titleOf("a GGUF file in this process", gguf), () => {
  testNamer("mistral", {
    create: async () => createLanguageNamer(await open(valueOf(gguf))),
    mayLeaveUnnamed: true,
    runs: 3,
  });

  const question = (user: string): Question => ({
    system: "You name albums.",
    user,
    schema: {
      name: "album_name",
      json: {
        type: "object",
        properties: { name: { type: "string" } },
        required: ["name"],
        additionalProperties: false,
      },
    },
    // A random model fills the text to the last of its sixty letters, of up to four bytes, a token each.
    maxTokens: 300,
  });
  const signal = new AbortController().signal;
  let model: LanguageModel;
  beforeAll(async () => {
    model = await open(valueOf(gguf));
  });
  afterAll(() => model?.dispose());

  it("is held to the schema by a grammar, and says the same to the same question", async () => {
    const answer = await model.ask(question("dogs"), signal);
    const value = JSON.parse(answer) as { name: string };
    expect(Object.keys(value)).toEqual(["name"]);
    expect(value.name.length).toBeLessThan(120);
    expect(await model.ask(question("dogs"), signal)).toBe(answer);
  });

  it("takes questions longer than the last one's context", async () => {
    const long = question("a dog runs over the beach. ".repeat(60));
    expect(Object.keys(JSON.parse(await model.ask(long, signal)) as object)).toEqual(["name"]);
  });

  it("stops when it is told to", async () => {
    await expect(model.ask(question("dogs"), AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
    const controller = new AbortController();
    const asking = model.ask({ ...question("dogs"), maxTokens: 2000 }, controller.signal);
    controller.abort();
    await expect(asking).rejects.toMatchObject({ code: "ABORTED" });
    // And answers again afterwards.
    expect(await model.ask(question("cats"), signal)).not.toBe("");
  });

  it("that is cut off, or none at all, cannot be loaded", async () => {
    const whole = await readFile(valueOf(gguf));
    const cut = join(folder, "cut.gguf");
    writeFileSync(cut, whole.subarray(0, whole.length >> 1));
    const other = join(folder, "other.gguf");
    writeFileSync(other, "no model");
    for (const path of [cut, other])
      await expect(open(path)).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
    await expect(open(join(folder, "none.gguf"))).rejects.toMatchObject({ code: "MODEL_NOT_INSTALLED" });
    await expect(open(folder)).rejects.toMatchObject({ code: "MODEL_NOT_INSTALLED" });
  });
});
