import { assert, asyncProperty, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { PLAIN_RULES, searchSentences, type Prefix, type SearchRules } from "./beam-search.ts";

const END = 1;
const rules: SearchRules = { ...PLAIN_RULES, prompt: [0], end: END, never: [0], maxLength: 5, beams: 2 };

/** A decoder given as a table: prefix → probabilities of the tokens 0, 1 (end), 2, 3. */
const table = (rows: Record<string, readonly number[]>) => {
  const calls: Prefix[][] = [];
  const step = async (prefixes: readonly Prefix[]) => {
    calls.push([...prefixes]);
    return Float32Array.from(prefixes.flatMap(({ tokens }) => rows[tokens.join("")]!.map(Math.log)));
  };
  return { calls, step };
};

/** Some fixed function of item, prefix and token. */
const VOCABULARY = 6;
const waves = async (prefixes: readonly Prefix[]) =>
  Float32Array.from(
    prefixes.flatMap(({ item, tokens }) =>
      Array.from(
        { length: VOCABULARY },
        (_, token) =>
          Math.sin((item + 1) * 12.9898 + tokens.reduce((a, t) => a * 3.7 + t, 1) + token * 78.233) * 3,
      ),
    ),
  );

describe("searchSentences", () => {
  it("finds the sentence that greedy search would miss", async () => {
    // Greedy: 2 (.6), then 2 (.4). Better: 3 (.4), then end (.9) → .36.
    const { step } = table({
      "0": [0, 0, 0.6, 0.4],
      "02": [0, 0.2, 0.4, 0.4],
      "03": [0, 0.9, 0.05, 0.05],
      "022": [0, 0.5, 0.25, 0.25],
      "023": [0, 0.5, 0.25, 0.25],
    });
    const [sentence] = await searchSentences(1, rules, step);
    expect(sentence!.tokens).toEqual([0, 3, END]);
    expect(sentence!.score).toBeCloseTo(Math.log(0.36) / 2, 6);
    const [greedy] = await searchSentences(1, { ...rules, beams: 1, maxLength: 3 }, step);
    expect(greedy!.tokens).toEqual([0, 2, 2]);
  });

  it("divides by the length after the prompt, to the given power", async () => {
    const { step } = table({ "023": [0, 0.5, 0.25, 0.25], "0232": [0, 0.5, 0.25, 0.25] });
    const prompt = [0, 2, 3];
    const [one] = await searchSentences(1, { ...rules, prompt, beams: 1, lengthPower: 0.7 }, step);
    expect(one!.tokens).toEqual([0, 2, 3, END]);
    expect(one!.score).toBeCloseTo(Math.log(0.5), 6);
    const [two] = await searchSentences(
      1,
      { ...rules, prompt, beams: 1, lengthPower: 0.7, minLength: 4, maxLength: 5 },
      step,
    );
    // Without the end, 2 and 3 have .5 each; then the end has .5.
    expect(two!.tokens).toEqual([0, 2, 3, 2, END]);
    expect(two!.score).toBeCloseTo(Math.log(0.25) / 2 ** 0.7, 6);
  });

  it("counts the whole sentence where a model's scores were measured so", async () => {
    const { step } = table({ "0": [0, 0.5, 0.25, 0.25] });
    const [sentence] = await searchSentences(1, { ...rules, beams: 1, scoredLength: "sentence" }, step);
    expect(sentence!.score).toBeCloseTo(Math.log(0.5) / 2, 6);
  });

  it("prefers a longer sentence the more, the higher the power", async () => {
    // .5 at once, or .4 x .9 x .9 = .324.
    const rows = {
      "0": [0, 0.5, 0.1, 0.4],
      "02": [0, 1, 0, 0],
      "03": [0, 0, 0.9, 0.1],
      "032": [0, 0.9, 0.05, 0.05],
      "033": [0, 0.9, 0.05, 0.05],
    };
    const lengths = await Promise.all(
      [-1, 0, 2].map(async (lengthPower) => {
        const [sentence] = await searchSentences(1, { ...rules, lengthPower }, table(rows).step);
        return sentence!.tokens.length;
      }),
    );
    expect(lengths).toEqual([2, 2, 4]);
  });

  it("never writes a forbidden token, however likely", async () => {
    const { step } = table({ "0": [0.97, 0.01, 0.01, 0.01] });
    const [sentence] = await searchSentences(1, { ...rules, beams: 1, maxLength: 2 }, step);
    expect(sentence!.tokens).toEqual([0, END]);
  });

  it("does not end before the smallest length", async () => {
    const { step } = table({ "0": [0, 0.9, 0.1, 0], "02": [0, 0.9, 0.1, 0], "022": [0, 0.9, 0.1, 0] });
    const [sentence] = await searchSentences(1, { ...rules, beams: 1, minLength: 3 }, step);
    expect(sentence!.tokens).toEqual([0, 2, 2, END]);
  });

  it("makes tokens less likely that the sentence holds: logits when greedy, log-probabilities with beams", async () => {
    // Greedy divides the logit 2 of token 2 by 1.5, below the 1.9 of token 3.
    const logits = async (prefixes: readonly Prefix[]) =>
      Float32Array.from(prefixes.flatMap(() => [-9, -9, 2, 1.9]));
    const changed = { ...rules, prompt: [0, 2], repetitionPenalty: 1.5, maxLength: 3 };
    const [greedy] = await searchSentences(1, { ...changed, beams: 1 }, logits);
    expect(greedy!.tokens).toEqual([0, 2, 3]);
    // With beams log(.525) = -.644 x 1.5 = -.967 against log(.475) = -.744.
    const [beam] = await searchSentences(1, changed, logits);
    expect(beam!.tokens).toEqual([0, 2, 3]);
    expect(beam!.score).toBeCloseTo(-0.744, 3);
  });

  it("writes no pair of tokens twice when told so", async () => {
    const always = async (prefixes: readonly Prefix[]) =>
      Float32Array.from(prefixes.flatMap(() => [0, 0.1, 0.6, 0.3].map(Math.log)));
    const [sentence] = await searchSentences(1, { ...rules, beams: 1, maxLength: 7, noRepeat: 2 }, always);
    // 0 2 2, then 22 is taken: 3; then 2; then 22 and 23 are taken: end.
    expect(sentence!.tokens).toEqual([0, 2, 2, 3, 2, END]);
  });

  it("prefers the lower token when two are equally likely", async () => {
    const { step } = table({ "0": [0, 0, 0.5, 0.5] });
    const [sentence] = await searchSentences(1, { ...rules, maxLength: 2 }, step);
    expect(sentence!.tokens).toEqual([0, 2]);
  });

  it("takes the best unfinished sentence when none ends in time", async () => {
    const { step } = table({ "0": [0, 0, 0.3, 0.7], "02": [0, 0, 0.5, 0.5], "03": [0, 0, 0.9, 0.1] });
    const [sentence] = await searchSentences(1, { ...rules, maxLength: 3 }, step);
    expect(sentence!.tokens).toEqual([0, 3, 2]);
    expect(sentence!.score).toBeCloseTo(Math.log(0.63) / 2, 6);
  });

  it("lets an end count only when it is among the likeliest continuations, unless told otherwise", async () => {
    // The end is third: behind two that go on, one of which never ends.
    const rows = {
      "0": [0, 0.2, 0.5, 0.3],
      "02": [0, 0, 0.5, 0.5],
      "03": [0, 0, 0.5, 0.5],
    };
    const changed = { ...rules, maxLength: 3, lengthPower: 0 };
    const [strict] = await searchSentences(1, changed, table(rows).step);
    expect(strict!.tokens).toEqual([0, 2, 2]);
    // 2 (.5) and the end (.2) of one beam: with one beam that goes on before it, it still counts.
    const lenient = { ...changed, endRank: "among-open" as const };
    const close = { ...rows, "0": [0, 0.3, 0.5, 0.2], "02": [0, 0, 0.5, 0.5] };
    const [sentence] = await searchSentences(1, lenient, table(close).step);
    expect(sentence!.tokens).toEqual([0, END]);
  });

  it("stops with the first ended sentences, or when no open one beats them", async () => {
    // Ended after two tokens: log(.3) / 1 and log(.45 x .45) / 2 = -.80. Open: log(.45 x .55) / 2 = -.70, which the
    // third token makes log(.45 x .55 x .9) / 3 = -.50; the other, log(.25 x .6 x .5) / 3 = -.86, is beaten.
    const rows = {
      "0": [0, 0.3, 0.25, 0.45],
      "03": [0, 0.45, 0.55, 0],
      "02": [0, 0.4, 0.6, 0],
      "032": [0, 0.9, 0.1, 0],
      "022": [0, 0.5, 0.5, 0],
    };
    const first = table(rows);
    const [early] = await searchSentences(1, { ...rules, stop: "first" }, first.step);
    expect(early!.tokens).toEqual([0, 3, END]);
    expect(first.calls.length).toBe(2);
    const unbeaten = table(rows);
    const [best] = await searchSentences(1, rules, unbeaten.step);
    expect(best!.tokens).toEqual([0, 3, 2, END]);
    expect(best!.score).toBeCloseTo(Math.log(0.45 * 0.55 * 0.9) / 3, 6);
    expect(unbeaten.calls.length).toBe(3);
  });

  it("asks once a token for all items, and no more for an item that is done", async () => {
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
    const sentences = await searchSentences(2, { ...rules, beams: 1 }, step);
    expect(sentences.map(({ tokens }) => tokens)).toEqual([
      [0, END],
      [0, 2, END],
    ]);
    expect(calls).toEqual(["0:0 1:0", "1:02"]);
  });

  it("tells each prefix which one of the step before it goes on from", async () => {
    await assert(
      asyncProperty(integer({ min: 1, max: 3 }), integer({ min: 1, max: 4 }), async (items, beams) => {
        let before: readonly Prefix[] = [];
        await searchSentences(items, { ...rules, beams, maxLength: 6 }, async (prefixes) => {
          for (const { item, tokens, parent } of prefixes) {
            if (before.length === 0) {
              expect(parent).toBe(null);
              continue;
            }
            expect(before[parent!]).toMatchObject({ item, tokens: tokens.slice(0, -1) });
          }
          before = prefixes;
          return waves(prefixes);
        });
        expect(before.length).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });

  it("answers nothing for no items without asking the decoder", async () => {
    expect(await searchSentences(0, rules, () => Promise.reject(new Error("asked")))).toEqual([]);
  });

  it("gives an item the same sentence alone and in company", async () => {
    await assert(
      asyncProperty(integer({ min: 1, max: 5 }), integer({ min: 1, max: 4 }), async (items, beams) => {
        const all = await searchSentences(items, { ...rules, beams }, waves);
        for (let item = 0; item < items; item++) {
          const alone = await searchSentences(1, { ...rules, beams }, (prefixes) =>
            waves(prefixes.map((prefix) => ({ ...prefix, item }))),
          );
          expect(alone[0]).toEqual(all[item]);
          expect(all[item]!.score).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});
