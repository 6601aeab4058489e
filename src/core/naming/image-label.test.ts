import { expect, it } from "vitest";
import { labelOf } from "./image-label.ts";

it("labels an image by its caption, else by its best word, else not at all", () => {
  expect(labelOf("a dog runs", ["dog"])).toEqual({ text: "a dog runs", source: "caption" });
  expect(labelOf(null, ["grocery store", "food"])).toEqual({ text: "Grocery Store", source: "concepts" });
  expect(labelOf("", [])).toEqual({ text: "", source: "none" });
});
