/** The tokenizer of a text tower: taken over from the repository, checked, and told how it pads. */
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { AlbumenError, messageOf } from "../../errors.ts";
import type { PublishedFiles } from "../convert.ts";
import { parseConfig } from "./parse-config.ts";

export const TOKENIZER_FILES = ["tokenizer.json", "tokenizer_config.json"] as const;

const tokenizerSchema = z.looseObject({ normalizer: z.unknown().optional(), model: z.looseObject({}) });
const tokenSchema = z.union([z.string(), z.object({ content: z.string() })]);
const configSchema = z.looseObject({ pad_token: tokenSchema.nullish(), eos_token: tokenSchema.nullish() });

export interface PublishedTokenizer {
  /** under the names of `TOKENIZER_FILES` */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** what fills a short text up; the end token where the repository names none */
  readonly padId: number;
}

/**
 * `lowercase`: texts are lower-cased first, whatever the tokenizer does itself; SigLIP's were in training, but not every
 * of its tokenizers does it. Errors: `MODEL_INCOMPATIBLE` when a file is missing or of a kind that cannot be read.
 */
export async function readTokenizer(
  files: PublishedFiles,
  { lowercase }: { readonly lowercase: boolean },
): Promise<PublishedTokenizer> {
  const [tokenizer, config] = await Promise.all(TOKENIZER_FILES.map((name) => files.json(name)));
  if (tokenizer === null)
    throw new AlbumenError("MODEL_INCOMPATIBLE", "The repository has no tokenizer.json.", {
      hint: "Albumen reads the one file that holds all of a tokenizer, not the older vocab.json or spiece.model.",
    });
  const json = parseConfig(tokenizerSchema, tokenizer, "a tokenizer");
  const settings = parseConfig(configSchema, config ?? {}, "a tokenizer");
  const whole = lowercase ? { ...json, normalizer: lowerFirst(json.normalizer) } : json;
  return {
    files: new Map([
      [TOKENIZER_FILES[0], encode(whole)],
      [TOKENIZER_FILES[1], encode(settings)],
    ]),
    padId: padIdOf(whole, settings),
  };
}

function lowerFirst(normalizer: unknown): unknown {
  const lower = { type: "Lowercase" };
  return normalizer ? { type: "Sequence", normalizers: [lower, normalizer] } : lower;
}

function padIdOf(json: object, config: z.infer<typeof configSchema>): number {
  const token = config.pad_token ?? config.eos_token;
  if (!token) throw new AlbumenError("MODEL_INCOMPATIBLE", "tokenizer_config.json names no pad_token.");
  const text = typeof token === "string" ? token : token.content;
  let id: number | undefined;
  try {
    id = new Tokenizer(json, config).token_to_id(text);
  } catch (cause) {
    throw new AlbumenError("MODEL_INCOMPATIBLE", `tokenizer.json cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (id === undefined)
    throw new AlbumenError("MODEL_INCOMPATIBLE", `The tokenizer has no token ${JSON.stringify(text)}.`);
  return id;
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
