import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import type { PublishedFiles } from "../convert.ts";
import { readTokenizer, TOKENIZER_FILES } from "./tokenizer.ts";

const TOKENIZER = {
  version: "1.0",
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: { "[PAD]": 0, "[UNK]": 1, "[END]": 2, cat: 3, Cat: 4 },
  },
};

const holding = (tokenizer: unknown, config: unknown): PublishedFiles => ({
  names: [...TOKENIZER_FILES],
  read: () => Promise.reject(new Error("not asked for")),
  json: (name) => Promise.resolve((name === TOKENIZER_FILES[0] ? tokenizer : config) ?? null),
});

async function idsOf(lowercase: boolean, text: string): Promise<number[]> {
  const { files } = await readTokenizer(holding(TOKENIZER, { pad_token: "[PAD]" }), { lowercase });
  const [tokenizer, config] = TOKENIZER_FILES.map(
    (name) => JSON.parse(new TextDecoder().decode(files.get(name))) as object,
  );
  return new Tokenizer(tokenizer!, config!).encode(text).ids;
}

describe("readTokenizer", () => {
  it("keeps the published ids", async () => {
    expect(await idsOf(false, "Cat cat dog")).toEqual([4, 3, 1]);
  });

  it("lower-cases first where the model was trained on lower case", async () => {
    expect(await idsOf(true, "Cat cat dog")).toEqual([3, 3, 1]);
  });

  it("fills up with the pad token, and with the end token where there is none", async () => {
    const padOf = async (config: unknown) =>
      (await readTokenizer(holding(TOKENIZER, config), { lowercase: false })).padId;
    expect(await padOf({ pad_token: { content: "[PAD]" }, eos_token: "[END]" })).toBe(0);
    expect(await padOf({ pad_token: null, eos_token: "[END]" })).toBe(2);
  });

  it.each([
    ["no tokenizer.json", null, { pad_token: "[PAD]" }, "no tokenizer.json"],
    ["no token to fill up with", TOKENIZER, {}, "pad_token"],
    ["a pad token that is no token", TOKENIZER, { pad_token: "<pad>" }, '"<pad>"'],
    ["a tokenizer.json that is something else", { model: 3 }, { pad_token: "[PAD]" }, "model"],
    [
      "a model of an unknown type",
      { ...TOKENIZER, model: { type: "Telepathy" } },
      { pad_token: "[PAD]" },
      "cannot be read",
    ],
  ])("says so when there is %s", async (_what, tokenizer, config, message) => {
    await expect(readTokenizer(holding(tokenizer, config), { lowercase: false })).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining(message),
    });
  });
});
