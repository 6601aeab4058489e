import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testTextEmbedder } from "../../../test/conformance/embedder.ts";
import { sharedOrSkip } from "../../../test/support/packs.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import { starterOrSkip } from "../../../test/support/starter.ts";
import { dot, rowOf } from "../../core/vectors.ts";
import { openBundledModel } from "../../models/model.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { createStarterEmbedder } from "./onnx.ts";
import { openSentenceEncoder, type SentenceEncoder } from "./sentence.ts";

const trunk = await starterOrSkip("trunk");
const sentence = await starterOrSkip("sentence");
const reference = sharedOrSkip("reference/starter");
const call = { signal: new AbortController().signal };

describe.skipIf(!trunk.isAvailable || !sentence.isAvailable)(
  titleOf("with trunk and sentence model", trunk, sentence),
  () => testTextEmbedder("starter", { create: () => createStarterEmbedder(valueOf(sentence)) }),
);

describe.skipIf(!trunk.isAvailable || !sentence.isAvailable || !reference.isAvailable)(
  titleOf("sentence model against the recorded outputs", trunk, sentence, reference),
  () => {
    const read = <T>(file: string) => JSON.parse(readFileSync(join(valueOf(reference), file), "utf8")) as T;
    let encoder: SentenceEncoder;
    let embedder: Embedder;

    beforeAll(async () => {
      const options = valueOf(sentence);
      encoder = await openSentenceEncoder(await openBundledModel("starter", options), "sentence", 256);
      embedder = await createStarterEmbedder(options);
    });
    afterAll(async () => {
      await encoder?.dispose();
      await embedder?.dispose();
    });

    it("cuts texts into the recorded tokens", () => {
      // The recorded ids are those of the search queries, in their order.
      const { ids } = read<{ ids: number[][] }>("minilm.json");
      const { queries } = read<{ queries: string[] }>("search.json");
      expect(queries.map((query) => encoder.tokenize(query))).toEqual(ids);
    });

    it("keeps the closing token of a text that is too long", () => {
      const ids = encoder.tokenize("word ".repeat(300));
      expect([ids.length, ids[0], ids.at(-1)]).toEqual([256, 101, 102]);
    });

    it("gives the recorded vectors of thirty sentences, hard ones among them", async () => {
      const { sentences, vectors } = read<{ sentences: string[]; vectors: number[][] }>("minilm.json");
      const encoded = await encoder.encode(sentences, call);
      vectors.forEach((wanted, i) => {
        expect(dot(rowOf(encoded, i), Float32Array.from(wanted))).toBeGreaterThanOrEqual(0.9999);
      });
    });

    it("finds the recorded pictures for eight queries, in order", async () => {
      const { queries, scores } = read<{ queries: string[]; scores: number[][] }>("search.json");
      const bytes = Uint8Array.from(readFileSync(join(valueOf(reference), "embeddings.f32")));
      const images = { data: new Float32Array(bytes.buffer), rows: 43, dims: 768 };
      const texts = await embedder.embedTexts!(queries, call);
      const firstThree = (row: number[]) =>
        row
          .map((score, i) => ({ score, i }))
          .sort((a, b) => b.score - a.score)
          .slice(0, 3)
          .map(({ i }) => i);
      scores.forEach((wanted, q) => {
        const found = wanted.map((_, i) => dot(rowOf(texts, q), rowOf(images, i)));
        wanted.forEach((score, i) => expect(Math.abs(found[i]! - score)).toBeLessThan(1e-3));
        expect(firstThree(found)).toEqual(firstThree(wanted));
      });
    });
  },
);
