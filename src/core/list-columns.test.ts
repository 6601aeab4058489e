import { expect, it } from "vitest";
import { findColumns, looksLikePlace } from "./list-columns.ts";

const guessed = { url: null, user: null };
const find = (first: string[], second: string[] | null, wanted = {}) => {
  const { hasHeader, place, user } = findColumns("l.csv", first, second, { ...guessed, ...wanted });
  return [hasHeader, place, user];
};

it("finds the usual names, however they are written", () => {
  expect(find(["id", "Image URL", "User-ID"], ["1", "https://h/a", "7"])).toEqual([true, 1, 2]);
  expect(find(["owner", "src"], ["ana", "a.jpg"])).toEqual([true, 1, 0]);
  expect(find(["file_name"], null)).toEqual([true, 0, null]);
});

it("prefers, of several usual names, the one whose values look like places", () => {
  expect(find(["image", "path"], ["17", "in/17.jpg"])).toEqual([true, 1, null]);
  expect(find(["url", "image"], ["https://h/page", "https://h/a.jpg"])).toEqual([true, 0, null]);
});

it("takes a column by its looks when it is the only one", () => {
  expect(find(["a", "b"], ["x", "https://h/a.jpg"])).toEqual([true, 1, null]);
});

it("takes a first row with a place in it for an image, not for a header", () => {
  expect(find(["https://h/a.jpg", "ana"], ["https://h/b.jpg", "bob"])).toEqual([false, 0, null]);
  expect(find(["https://h/a.jpg", "ana"], null, { user: "2" })).toEqual([false, 0, 1]);
});

it("takes the columns it is told, by name or number", () => {
  expect(find(["thumb", "big"], ["https://h/s.jpg", "https://h/b.jpg"], { url: "BIG" })).toEqual([
    true,
    1,
    null,
  ]);
  expect(find(["url", "who"], ["https://h/s.jpg", "ana"], { user: "who" })).toEqual([true, 0, 1]);
  expect(find(["a", "b"], ["1", "2"], { url: "2" })).toEqual([true, 1, null]);
});

it("says which columns there are when none is surely the one", () => {
  const unsure = () => find(["a", "b"], ["1", "2"]);
  expect(unsure).toThrow(
    expect.objectContaining({ code: "LIST_COLUMN_UNKNOWN", hint: expect.stringMatching(/: a, b\./) }),
  );
  expect(() => find(["a", "b"], ["x.jpg", "y.jpg"])).toThrow(/surely/);
  expect(() => find(["url"], ["x.jpg"], { user: "who" })).toThrow(/no column "who"/);
});

it("knows places by scheme or extension", () => {
  const texts = ["https://h/x?y", "s3://b/k", "file:///a", "a/b.JPG", "x.pdf", "ana", "3.14"];
  expect(texts.map(looksLikePlace)).toEqual([true, true, true, true, false, false, false]);
});
