import { assert, asyncProperty, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { beamSearch, type BeamRules, type Prefix } from "./beam-search.ts";

const END = 1;
const rules: BeamRules = { begin: 0, end: END, never: [0], maxTokens: 4, beams: 2, lengthPower: 1 };

/** A decoder given as a table: prefix → probabilities of the tokens 0, 1 (end), 2, 3. */
const table = (rows: Record<string, readonly number[]>) => {
  const calls: Prefix[][] = [];
  const step = async (prefixes: readonly Prefix[]) => {
    calls.push([...prefixes]);
    return Float32Array.from(prefixes.flatMap(({ tokens }) => rows[tokens.join("")]!.map(Math.log)));
  };
  return { calls, step };
};

describe("beamSearch", () => {
  it("finds the sentence that greedy search would miss", async () => {
    // Greedy: 2 (.6), then 3 (.4) → .24. Better: 3 (.4), then end (.9) → .36.
    const { step } = table({
      "0": [0, 0, 0.6, 0.4],
      "02": [0, 0.2, 0.4, 0.4],
      "03": [0, 0.9, 0.05, 0.05],
      "022": [0, 0.5, 0.25, 0.25],
      "023": [0, 0.5, 0.25, 0.25],
    });
    const [sentence] = await beamSearch(1, rules, 4, step);
    expect(sentence!.tokens).toEqual([0, 3, END]);
    expect(sentence!.score).toBeCloseTo(Math.log(0.36) / 3, 6);
  });

  it("divides by the length with begin and end, to the given power", async () => {
    const { step } = table({ "0": [0, 1, 0, 0] });
    const certain = await beamSearch(1, { ...rules, beams: 1 }, 4, step);
    expect(certain[0]).toEqual({ tokens: [0, END], score: 0 });
    const half = table({ "0": [0, 0.5, 0.25, 0.25] });
    const [sentence] = await beamSearch(1, { ...rules, beams: 1, lengthPower: 0.7 }, 4, half.step);
    expect(sentence!.score).toBeCloseTo(Math.log(0.5) / 2 ** 0.7, 6);
  });

  it("never writes a forbidden token, however likely", async () => {
    const { step } = table({ "0": [0.97, 0.01, 0.01, 0.01] });
    const [sentence] = await beamSearch(1, { ...rules, beams: 1, maxTokens: 1 }, 4, step);
    expect(sentence!.tokens).toEqual([0, END]);
  });

  it("prefers the lower token when two are equally likely", async () => {
    const { step } = table({ "0": [0, 0, 0.5, 0.5] });
    const [sentence] = await beamSearch(1, { ...rules, maxTokens: 1 }, 4, step);
    expect(sentence!.tokens).toEqual([0, 2]);
  });

  it("takes the best unfinished sentence when none ends in time", async () => {
    const { step } = table({ "0": [0, 0, 0.3, 0.7], "02": [0, 0, 0.5, 0.5], "03": [0, 0, 0.9, 0.1] });
    const [sentence] = await beamSearch(1, { ...rules, maxTokens: 2 }, 4, step);
    expect(sentence!.tokens).toEqual([0, 3, 2]);
    expect(sentence!.score).toBeCloseTo(Math.log(0.63) / 3, 6);
  });

  it("asks once a token for all items, and no more for an item whose sentences have ended", async () => {
    const calls: string[] = [];
    const step = async (prefixes: readonly Prefix[]) => {
      calls.push(prefixes.map(({ item, tokens }) => `${item}:${tokens.join("")}`).join(" "));
      // Item 0 ends at once; item 1 says 2 and then ends.
      return Float32Array.from(
        prefixes.flatMap(({ item, tokens }) =>
          (item === 0 || tokens.length > 1 ? [0, 1, 0, 0] : [0, 0, 1, 0]).map(Math.log),
        ),
      );
    };
    const sentences = await beamSearch(2, { ...rules, beams: 1 }, 4, step);
    expect(sentences.map(({ tokens }) => tokens)).toEqual([
      [0, END],
      [0, 2, END],
    ]);
    expect(calls).toEqual(["0:0 1:0", "1:02"]);
  });

  it("answers nothing for no items without asking the decoder", async () => {
    expect(await beamSearch(0, rules, 4, () => Promise.reject(new Error("asked")))).toEqual([]);
  });

  it("gives an item the same sentence alone and in company", async () => {
    const vocabulary = 6;
    const step = async (prefixes: readonly Prefix[]) =>
      Float32Array.from(
        prefixes.flatMap(({ item, tokens }) =>
          Array.from(
            { length: vocabulary },
            (_, token) =>
              // any fixed function of item, prefix and token
              Math.sin((item + 1) * 12.9898 + tokens.reduce((a, t) => a * 3.7 + t, 1) + token * 78.233) * 3,
          ),
        ),
      );
    await assert(
      asyncProperty(integer({ min: 1, max: 5 }), integer({ min: 1, max: 4 }), async (items, beams) => {
        const all = await beamSearch(items, { ...rules, beams }, vocabulary, step);
        for (let item = 0; item < items; item++) {
          const alone = await beamSearch(1, { ...rules, beams }, vocabulary, (prefixes) =>
            step(prefixes.map(({ tokens }) => ({ item, tokens }))),
          );
          expect(alone[0]).toEqual(all[item]);
          expect(all[item]!.score).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});
