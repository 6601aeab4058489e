import { describe, expect, it } from "vitest";
import { toyConcepts, toyPicture } from "../../../test/fixtures/toy-concepts.ts";
import { gateCaption } from "./caption-gate.ts";
import { countMentions, countNouns, nounsIn } from "./caption-words.ts";
import { tagsOf } from "./tags.ts";
import { dot, rowOf } from "../vectors.ts";

const concepts = toyConcepts([
  { text: "person", reliability: 0.9 },
  { text: "man", parent: "person", reliability: 0.6 },
  { text: "boy", parent: "person", reliability: 0.3 },
  { text: "animal" },
  { text: "dog", parent: "animal" },
  { text: "dogs", parent: "animal", kind: "words" },
  { text: "ball" },
  { text: "red ball" },
  { text: "running", kind: "words" },
]);
const textsOf = (words: readonly number[]) => words.map((word) => concepts.concepts[word].text);

describe("nounsIn", () => {
  it("finds nouns in order, plural or singular, the longest first", () => {
    expect(textsOf(nounsIn("Two Dogs and a man with a red ball", concepts))).toEqual([
      "dog",
      "man",
      "red ball",
    ]);
  });
  it("leaves out verbs, parts of words and what the table does not know", () => {
    expect(nounsIn("a dogma running on the moon", concepts)).toEqual([]);
    expect(nounsIn("", concepts)).toEqual([]);
  });
});

it("countNouns counts a caption once, countMentions counts it for the broader nouns too", () => {
  const captions = ["a dog and a dog", "a man", "a boy and a dog"];
  const named = (counts: Map<number, number>) =>
    Object.fromEntries([...counts].map(([word, count]) => [concepts.concepts[word].text, count]));
  expect(named(countNouns(captions, concepts))).toEqual({ dog: 2, man: 1, boy: 1 });
  expect(named(countMentions(captions, concepts))).toEqual({
    dog: 2,
    animal: 2,
    man: 1,
    boy: 1,
    person: 2,
  });
});

describe("gateCaption", () => {
  const shown = (text: string, cosines: Record<string, number>, score = -1) =>
    gateCaption({ text, score }, toyPicture(concepts, cosines), concepts).shown;

  it("hides what the captioner is unsure of, whatever the picture says", () => {
    expect(shown("a dog", { dog: 0.9 }, -2.3)).toBe(false);
    expect(shown("a dog", { dog: 0.9 }, -2.1)).toBe(true);
  });

  it("hides a dog that the picture does not look like, as subject and beside it", () => {
    // 0.25 is 2.5 deviations of 0.1: the bar.
    expect(shown("a dog with a ball", { dog: 0.26 })).toBe(true);
    expect(shown("a dog with a ball", { dog: 0.24 })).toBe(false);
    expect(shown("a ball beside a dog", { ball: 0.5, dog: 0.1 })).toBe(false);
  });

  it("asks the picture about things only where they are the subject", () => {
    expect(shown("a ball beside a dog", { ball: 0.1, dog: 0.5 })).toBe(false);
    expect(shown("a dog beside a ball", { dog: 0.5 })).toBe(true);
  });

  it("takes any well recognised word for people as a witness of a person", () => {
    expect(shown("a boy", { man: 0.16 })).toBe(true);
    expect(shown("a man", { person: 0.14 })).toBe(false);
    // "boy" itself was recognised too badly to count.
    expect(shown("a boy", { boy: 0.5 })).toBe(false);
  });

  it("shows a caption that names nothing it could ask about", () => {
    expect(shown("a view of something", {})).toBe(true);
  });

  it("goes by the score alone without a table", () => {
    const vector = toyPicture(concepts, {});
    expect(gateCaption({ text: "a dog", score: -1 }, vector, null).shown).toBe(true);
    expect(gateCaption({ text: "a dog", score: -3 }, vector, null).shown).toBe(false);
  });
});

describe("tagsOf", () => {
  const tags = (cosines: Record<string, number>) => {
    const vector = toyPicture(concepts, cosines);
    const fits = concepts.concepts.map((_, word) => dot(rowOf(concepts.vectors, word), vector));
    return tagsOf(fits, concepts).map(({ text }) => text);
  };

  it("gives the nouns that stand out, best first", () => {
    expect(tags({ dog: 0.5, animal: 0.4, person: 0.19, running: 0.6 })).toEqual(["dog", "animal"]);
  });
  it("leaves out what fits much less than the best", () => {
    expect(tags({ dog: 0.8, ball: 0.3 })).toEqual(["dog"]);
  });
  it("gives none where nothing stands out, and five at most", () => {
    expect(tags({ dog: 0.1 })).toEqual([]);
    expect(tags({ person: 0.4, man: 0.4, boy: 0.4, animal: 0.4, dog: 0.4, ball: 0.4 }).length).toBe(5);
  });
});
