import { describe, expect, it } from "vitest";
import { toyAlbums, toyConcepts, toyPicture } from "../../../test/fixtures/toy-concepts.ts";
import { treeOf } from "./concept-tree.ts";
import { fitWords, rankWords } from "./word-fit.ts";

const concepts = toyConcepts([
  { text: "animal" },
  { text: "dog", parent: "animal" },
  { text: "cat", parent: "animal" },
  { text: "sea" },
]);

describe("fitWords", () => {
  it("takes the median over the images, by the length of their mean, worked by hand", () => {
    // Three pictures on the axes of dog, dog and sea: the mean is (2/3, 1/3), of length sqrt(5)/3.
    const { vectors } = toyAlbums([
      [toyPicture(concepts, { dog: 1 }), toyPicture(concepts, { dog: 1 }), toyPicture(concepts, { sea: 1 })],
    ]);
    const { fit, floor } = fitWords([0, 1, 2], vectors, concepts);
    expect(fit[1]).toBeCloseTo(3 / Math.sqrt(5), 5);
    expect(fit[3]).toBe(0);
    // Sorted 0, 1, 1: two of three reach 1.
    expect(floor[1]).toBe(1);
  });

  it("is the same for any number of images of one kind, in fours or not", () => {
    const picture = toyPicture(concepts, { dog: 0.6, sea: 0.3 });
    for (const count of [1, 3, 4, 5, 9, 40]) {
      const { vectors, albums } = toyAlbums([Array.from({ length: count }, () => picture)]);
      const { fit, floor } = fitWords(albums[0].rows, vectors, concepts);
      expect(fit[1]).toBeCloseTo(0.6, 5);
      expect(floor[3]).toBeCloseTo(0.3, 5);
    }
  });

  it("is 0 for no images", () => {
    const { vectors } = toyAlbums([[toyPicture(concepts, { dog: 1 })]]);
    expect([...fitWords([], vectors, concepts).fit]).toEqual([0, 0, 0, 0]);
  });
});

describe("rankWords", () => {
  const rank = (...fits: number[][]) =>
    rankWords(
      fits.map((fit) => ({ fit: Float32Array.from(fit), floor: Float32Array.from(fit) })),
      concepts,
    );
  const of = (ranked: ReturnType<typeof rank>[number], text: string) =>
    ranked.find(({ word }) => concepts.concepts[word].text === text)!;

  it("gives a broader word what its narrower words have, worked by hand", () => {
    // Fits in deviations 3, 3, 3 and 0: log-odds 1.2 a deviation, so exp(3.6) = 36.598 thrice and 1.
    const [ranked] = rank([0.3, 0.3, 0.3, 0]);
    expect(of(ranked, "animal").share).toBeCloseTo((3 * 36.598) / (3 * 36.598 + 1), 4);
    expect(of(ranked, "dog").share).toBeCloseTo(36.598 / (3 * 36.598 + 1), 4);
    expect(of(ranked, "animal").standing).toBeCloseTo(3, 5);
    // Standing 3 of 6: half of the share.
    expect(of(ranked, "animal").score).toBeCloseTo(of(ranked, "animal").share / 2, 5);
    expect(concepts.concepts[ranked[0].word].text).toBe("animal");
  });

  it("counts what an album has over its siblings, worked by hand", () => {
    const [first, second] = rank([0, 0.4, 0, 0.4], [0, 0, 0, 0.4]);
    // The siblings' mean of dog is 0.2: two deviations over it. Sea is 0.4 in both: none.
    expect(of(first, "dog").lead).toBeCloseTo(2, 5);
    expect(of(first, "sea").lead).toBeCloseTo(0, 5);
    expect(of(first, "dog").share).toBeGreaterThan(of(first, "sea").share);
    expect(concepts.concepts[second[0].word].text).toBe("sea");
  });

  it("leaves out words below the background", () => {
    expect(rank([-0.1, 0, -0.1, 0.3])[0].map(({ word }) => word)).toEqual([3]);
  });

  it("answers no albums with nothing", () => {
    expect(rank()).toEqual([]);
  });
});

describe("treeOf", () => {
  it("gives each word its broader ones, nearest first, and more information the narrower it is", () => {
    const { lineage, specificity } = treeOf(concepts);
    expect(lineage[1]).toEqual([1, 0]);
    expect(specificity[1]).toBe(1);
    // Three of four words are under animal: (ln 4 - ln 3) / ln 4.
    expect(specificity[0]).toBeCloseTo(0.2075, 4);
  });

  it("cuts a circle of parents where it meets itself", () => {
    const circle = toyConcepts([
      { text: "hen", parent: "egg" },
      { text: "egg", parent: "hen" },
    ]);
    expect(treeOf(circle).lineage).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it("lets nouns of captions name albums only when they were recognised, and adjectives never", () => {
    const { isName, isEvidence } = treeOf(
      toyConcepts([
        { text: "snow" },
        { text: "beach", parent: "snow", kind: "words", reliability: 0.4 },
        { text: "yard", parent: "snow", kind: "words", reliability: 0.1 },
        { text: "snowy", parent: "snow", kind: "words", reliability: 0.4 },
        { text: "running", kind: "words", reliability: 0.9 },
      ]),
    );
    expect(isName).toEqual([true, true, false, false, false]);
    expect(isEvidence).toEqual([true, true, true, true, false]);
  });
});
