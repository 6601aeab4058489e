import { expect, it } from "vitest";
import type { Album, NameSource } from "../albums.ts";
import { nameParent } from "./parent-name.ts";

const child = (text: string, source: NameSource = "concepts"): Album => ({
  id: text,
  name: { text, source, score: null, evidence: null },
  parentId: "p",
  cohesion: null,
  trust: null,
  members: [],
});
const name = (names: readonly (string | Album)[], taken: string[] = []): string =>
  nameParent(
    names.map((one) => (typeof one === "string" ? child(one) : one)),
    taken,
  ).text;

it("joins two children, and the two largest of more", () => {
  expect(name(["Kitchens", "Bathrooms"])).toBe("Kitchens and Bathrooms");
  expect(name(["Fruit", "Peppers", "Melons"])).toBe("Fruit, Peppers and more");
});
it("keeps to four words", () => {
  expect(name(["Teddy Bears", "Golden Retrievers"])).toBe("Teddy Bears and more");
});
it("lets children with names of their own speak first", () => {
  expect(name([child("12 alike", "neutral"), "Dogs", "Cats"])).toBe("Dogs, Cats and more");
});
it("is never a name in use", () => {
  expect(name(["Dogs", "Cats"], ["dogs and cats"])).toBe("Dogs and Cats 2");
});
