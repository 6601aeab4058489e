import { describe, expect, it } from "vitest";
import { toyAlbums, toyConcepts, toyPicture, type ToyWord } from "../../../test/fixtures/toy-concepts.ts";
import type { AlbumName } from "../albums.ts";
import type { AlbumToName } from "./evidence.ts";
import { nameAlbumsByWords } from "./name-albums.ts";
import { fitWords } from "./word-fit.ts";

const BREEDS = ["beagle", "collie", "poodle", "boxer", "pug"];
const WORDS: readonly ToyWord[] = [
  { text: "animal" },
  { text: "pet", parent: "animal" },
  { text: "dog", parent: "pet" },
  ...BREEDS.map((text): ToyWord => ({ text, parent: "dog", kind: "imagenet" })),
  { text: "cat", parent: "pet" },
  { text: "snow" },
  { text: "beach" },
  { text: "person" },
  { text: "running", kind: "words" },
];
const concepts = toyConcepts(WORDS);
const picture = (cosines: Readonly<Record<string, number>>) => toyPicture(concepts, cosines);
const times = (count: number, cosines: Readonly<Record<string, number>>) =>
  Array.from({ length: count }, () => picture(cosines));

/** The last albums keep the names they have: one for each of `kept`. */
function name(
  pictures: readonly (readonly Float32Array[])[],
  known: readonly Partial<AlbumToName>[] = [],
  takenNames: readonly string[] = [],
  kept: readonly string[] = [],
): AlbumName[] {
  const { vectors, albums: all } = toyAlbums(pictures, known);
  const fits = all.map(({ rows }) => fitWords(rows, vectors, concepts));
  const albums = all.slice(0, all.length - kept.length);
  const siblings = kept.map((text, i) => ({ ...all[albums.length + i]!, name: text }));
  return nameAlbumsByWords({ vectors, concepts, albums, siblings, takenNames }, fits);
}
const textsOf = (names: readonly AlbumName[]) => names.map(({ text }) => text);

describe("nameAlbumsByWords", () => {
  it("names an album by the word that stands out", () => {
    const [dogs, beach] = name([times(4, { dog: 0.7, animal: 0.3 }), times(4, { beach: 0.7 })]);
    expect(dogs).toMatchObject({ text: "Dogs", source: "concepts" });
    expect(dogs!.score).toBeGreaterThan(0.9);
    expect(dogs!.evidence!.words[0]).toMatchObject({ text: "dog" });
    expect(dogs!.evidence!.reason).toContain("“dog”");
    expect(beach!.text).toBe("Beach");
  });

  it("takes the broader word when the narrower ones disagree", () => {
    // Every breed fits as well as the other four; each alone holds about a fifth of the evidence.
    const mixed = Object.fromEntries(BREEDS.map((breed) => [breed, 0.4]));
    expect(textsOf(name([times(4, { ...mixed, dog: 0.4 })]))).toEqual(["Dogs"]);
  });

  it("keeps the narrower word when it alone stands out", () => {
    expect(textsOf(name([times(4, { poodle: 0.8, dog: 0.2 })]))).toEqual(["Poodles"]);
  });

  it("says Dogs, not Pets, where dogs have nearly all of it", () => {
    expect(textsOf(name([times(4, { dog: 0.6, pet: 0.62 })]))).toEqual(["Pets"]);
    expect(textsOf(name([times(4, { dog: 0.75, pet: 0.6 })]))).toEqual(["Dogs"]);
  });

  it("never names an album by a verb or an adjective", () => {
    expect(name([times(4, { running: 0.9 })])[0]!.source).toBe("neutral");
  });

  it("shows no word when none stands out, and says so", () => {
    const [none] = name([times(4, { dog: 0.05, beach: 0.05 })], [{ dates: Array(4).fill("2024-03-02") }]);
    expect(none).toMatchObject({ text: "2 March 2024", source: "neutral", score: null });
    expect(none!.evidence!.reason).toBe(
      "No word stands out enough, so it is named by the date of its images.",
    );
  });

  it("shows no word that half of the images do not agree with", () => {
    const half = [...times(3, { dog: 0.9 }), ...times(3, { dog: 0 })];
    const twoThirds = [...times(4, { dog: 0.9 }), ...times(2, { dog: 0 })];
    expect(name([half])[0]!.source).toBe("neutral");
    expect(textsOf(name([twoThirds]))).toEqual(["Dogs"]);
  });

  it("tells two albums of dogs apart by a second word that separates them", () => {
    const names = name([times(4, { dog: 0.8, snow: 0.5 }), times(4, { dog: 0.85 })]);
    expect(textsOf(names)).toEqual(["Dogs and Snow", "Dogs"]);
  });

  it("takes a weaker second word when the captions confirm it", () => {
    const pictures = [times(4, { dog: 0.8, snow: 0.25 }), times(4, { dog: 0.85 })];
    const captions = ["a dog in the snow", "snow and a dog", "a dog runs on snow"];
    expect(textsOf(name(pictures))).toEqual(["Dogs 2", "Dogs"]);
    const [first] = name(pictures, [{ captions }]);
    expect(first!.text).toBe("Dogs and Snow");
    expect(first!.evidence!.captionWords).toEqual([
      { text: "dog", count: 3 },
      { text: "snow", count: 3 },
    ]);
  });

  it("never tells albums apart by a word that both have", () => {
    const names = name([times(4, { dog: 0.7, snow: 0.5 }), times(4, { dog: 0.7, snow: 0.5 })]);
    expect(textsOf(names)).toEqual(["Dogs", "Dogs 2"]);
  });

  it("tells albums of one word apart by date before it numbers them", () => {
    const dates = Array(4).fill("2023-08-01");
    const names = name([times(4, { dog: 0.8 }), times(4, { dog: 0.7 })], [{}, { dates }]);
    expect(textsOf(names)).toEqual(["Dogs", "Dogs 1 August 2023"]);
  });

  it("gives no taken name again, whatever its case, accents or number", () => {
    expect(textsOf(name([times(4, { dog: 0.8 })], [], ["dÓg"]))).toEqual(["Dogs 2"]);
    expect(textsOf(name([times(4, { dog: 0.8 })], [], ["DOGS", "dog 2"]))).toEqual(["Dogs 3"]);
  });

  it("gives no name to siblings, and tells a new album apart from them", () => {
    const pictures = [times(4, { dog: 0.8, snow: 0.5 }), times(4, { dog: 0.85 })];
    expect(textsOf(name(pictures, [], [], ["Dogs"]))).toEqual(["Dogs and Snow"]);
  });

  it("lets a sibling's picture take no name that the sibling does not have", () => {
    // The sibling shows dogs too, but is called after one of them.
    expect(textsOf(name([times(4, { dog: 0.8 }), times(4, { dog: 0.85 })], [], [], ["Rex"]))).toEqual([
      "Dogs",
    ]);
  });

  it("names neutrally without a table", () => {
    const { albums, vectors } = toyAlbums([times(2, { dog: 0.9 }), times(1, { cat: 0.9 })]);
    const names = nameAlbumsByWords({ vectors, concepts: null, albums, siblings: [], takenNames: [] }, []);
    expect(textsOf(names)).toEqual(["Alike", "Single Picture"]);
    expect(names[0]!.evidence).toMatchObject({ words: [], captionWords: [] });
  });
});
