import { describe, expect, it } from "vitest";
import { cleanWord, foldName, pluralOf, titleCase, wordsOf } from "./wording.ts";

describe("pluralOf", () => {
  it.each([
    ["dog", "dogs"],
    ["grand piano", "grand pianos"],
    ["butterfly", "butterflies"],
    ["monkey", "monkeys"],
    ["dress", "dresses"],
    ["church", "churches"],
    ["monarch", "monarchs"],
    ["tomato", "tomatoes"],
    ["wolf", "wolves"],
    ["person", "people"],
    ["t-shirt", "t-shirts"],
    ["building", "buildings"],
    ["school bus", "school buses"],
  ])("counts %s as %s", (one, many) => expect(pluralOf(one)).toBe(many));

  it.each([
    "snow",
    "food",
    "people",
    "shoes",
    "glasses",
    "sheep",
    "swimming",
    "red wine",
    "swimming trunks",
    "",
  ])("leaves %j alone", (noun) => expect(pluralOf(noun)).toBe(noun));
});

describe("foldName", () => {
  it.each([
    ["Dogs", "dog"],
    ["CAFÉ", "cafe"],
    ["Butterflies", "butterfly"],
    ["Dresses", "dress"],
    ["People", "person"],
    ["Wolves", "Wolf"],
    ["Dogs & Snow", "dog snow"],
  ])("takes %j for %j", (a, b) => expect(foldName(a)).toBe(foldName(b)));

  it.each([
    ["Dogs", "Dogs 2"],
    ["Glass", "Grass"],
    ["Bus", "Bu"],
  ])("tells %j from %j", (a, b) => expect(foldName(a)).not.toBe(foldName(b)));
});

describe("titleCase", () => {
  it.each([
    ["dogs on grass", "Dogs on Grass"],
    ["t-shirts", "T-Shirts"],
    ["cd players", "CD Players"],
    ["hen-of-the-woods", "Hen-of-the-Woods"],
    ["potter's wheels", "Potter's Wheels"],
    ["the sea", "The Sea"],
  ])("writes %j as %j", (a, b) => expect(titleCase(a)).toBe(b));
});

describe("cleanWord", () => {
  it("leaves nothing that a path or a terminal could take amiss", () => {
    expect(cleanWord("../..\\Dog\u0000\u202e:\n cat\u00a0")).toBe("dog cat");
    expect(cleanWord("???")).toBe("");
  });
});

it("wordsOf reads words without accents, apostrophes and hyphens bind", () => {
  expect(wordsOf("A T-Shirt, the potter’s café!")).toEqual(["a", "t-shirt", "the", "potter’s", "cafe"]);
});
