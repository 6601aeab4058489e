import { expect, it } from "vitest";
import { matchWords } from "./search-words.ts";
import type { Concept } from "./concepts.ts";

const concepts: Concept[] = [
  "dog",
  "grass",
  "hot dog",
  "beach",
  "strawberry",
  "glass",
  "kitchen",
  "dogs",
].map((text) => ({ text, kind: "hyper", reliability: 0.5, parent: -1, mean: 0, deviation: 1 }));
const words = (indices: readonly number[]): string[] => indices.map((i) => concepts[i]!.text);

it("knows a word in any case and number", () => {
  expect(words([matchWords("Dogs", concepts).whole!])).toEqual(["dog"]);
  expect(words([matchWords("beaches", concepts).whole!])).toEqual(["beach"]);
  expect(words([matchWords("strawberries", concepts).whole!])).toEqual(["strawberry"]);
  expect(words([matchWords("glass", concepts).whole!])).toEqual(["glass"]);
});
it("finds the known words in a sentence, the longest first", () => {
  expect(words(matchWords("two hot dogs, and dogs on the grass!", concepts).parts)).toEqual([
    "hot dog",
    "dog",
    "grass",
  ]);
});
it("offers what is spelled alike when nothing is known", () => {
  const match = matchWords("kitchn", concepts);
  expect(match.whole).toBeNull();
  expect(match.parts).toEqual([]);
  expect(words(match.nearest)[0]).toBe("kitchen");
});
it("offers something even for nonsense", () => {
  expect(matchWords("???", concepts).nearest.length).toBeGreaterThan(0);
});
