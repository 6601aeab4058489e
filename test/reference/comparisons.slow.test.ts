/** What `npm run check:reference` compares, as tests. */
import { describe, expect, it } from "vitest";
import { sharedOrSkip } from "../support/packs.ts";
import { titleOf, valueOf } from "../support/skip.ts";
import { hasPassed, type Comparison } from "./comparison.ts";
import { encoders } from "./encoders.ts";
import { layouts } from "./layouts.ts";
import { preprocessing } from "./preprocessing.ts";
import { tokenizers } from "./tokenizers.ts";

const reference = sharedOrSkip("reference");

describe.skipIf(!reference.isAvailable)(titleOf("what the originals recorded", reference), () => {
  it.each([
    ["pictures and pixel values, of 33 files by 7 processors", preprocessing, 462],
    ["vectors of 4 models in every precision, of pictures and of texts", encoders, 1_296],
    ["token ids of 60 texts by 3 tokenizers", tokenizers, 180],
    ["tensors of 5 full-size checkpoints", layouts, 5],
  ] as const)(
    "gives the recorded %s",
    async (_what, compare: (folder: string) => AsyncIterable<Comparison>, count) => {
      let compared = 0;
      const failed: Comparison[] = [];
      for await (const comparison of compare(valueOf(reference))) {
        compared++;
        if (!hasPassed(comparison)) failed.push(comparison);
      }
      expect(failed).toEqual([]);
      expect(compared).toBe(count);
    },
    60_000,
  );
});
