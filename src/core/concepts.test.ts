import { array, assert, double, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { measureBackground, type ConceptTable } from "./concepts.ts";

const tableOf = (count: number): ConceptTable => ({
  concepts: Array.from({ length: count }, (_, i) => ({
    text: `word ${i}`,
    kind: "hyper",
    reliability: 0.5,
    parent: -1,
    mean: 0,
    deviation: 1,
  })),
  vectors: { data: new Float32Array(count), rows: count, dims: 1 },
  isUnmeasured: true,
});

describe("measureBackground", () => {
  it("takes the median and the spread of each word halfway to those of all", () => {
    // Five pictures, two words. Medians .2 and .4, typical mean .3. Distances from the median: 0, .1, .1, .2, .2 and twice
    // that, so spreads .14826 and .29652; typical spread, the mean of the two, .22239.
    const cosines = [0.0, 0.1, 0.2, 0.3, 0.4].flatMap((x) => [x, 2 * x]);
    const { concepts, isUnmeasured } = measureBackground(tableOf(2), cosines, 5);
    expect(concepts[0]!.mean).toBeCloseTo(0.25, 10);
    expect(concepts[1]!.mean).toBeCloseTo(0.35, 10);
    expect(concepts[0]!.deviation).toBeCloseTo(Math.sqrt(0.14826 * 0.22239), 10);
    expect(concepts[1]!.deviation).toBeCloseTo(Math.sqrt(0.29652 * 0.22239), 10);
    expect(isUnmeasured).toBeUndefined();
  });

  it("is not moved by the few pictures that a word fits", () => {
    // Ten pictures of which two are of the word; without them all cosines are .1.
    const cosines = [0.1, 0.1, 0.1, 0.1, 0.9, 0.1, 0.9, 0.1, 0.1, 0.1];
    expect(measureBackground(tableOf(1), cosines, 10).concepts[0]!.mean).toBeCloseTo(0.1, 10);
  });

  it("leaves the word of a heap of one kind standing out", () => {
    // Four pictures of the first word; the other nine words fit nothing.
    const row = [0.8, ...Array.from({ length: 9 }, () => 0.1)];
    const [first] = measureBackground(tableOf(10), [...row, ...row, ...row, ...row], 4).concepts;
    // Typical mean (.8 + 9 x .1) / 10 = .17.
    expect(first!.mean).toBeCloseTo((0.8 + 0.17) / 2, 10);
    expect(0.8).toBeGreaterThan(first!.mean);
  });

  it("has nothing to say about no pictures", () => {
    const table = tableOf(3);
    expect(measureBackground(table, [], 0)).toBe(table);
  });

  it("gives a deviation above 0 and a mean in between, whatever the pictures", () => {
    assert(
      property(
        array(tuple(...[0, 1, 2].map(() => double({ min: -1, max: 1, noNaN: true }))), {
          minLength: 1,
          maxLength: 20,
        }),
        (rows) => {
          for (const { mean, deviation } of measureBackground(tableOf(3), rows.flat(), rows.length)
            .concepts) {
            expect(deviation).toBeGreaterThan(0);
            expect(Math.abs(mean)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});
