import { describe, expect, it } from "vitest";
import { proveNames, sameMeaningFrom, spokenName, textOfName, type TestedAlbum } from "./proof.ts";

/** Each picture's cosines to the names, in the albums' order. */
function albumOf(name: string | null, ...pictures: readonly number[][]): TestedAlbum {
  return { name, pictures: pictures.length, fits: Float32Array.from(pictures.flat()) };
}

describe("proveNames", () => {
  it("proves names that fit their own pictures best", () => {
    const proofs = proveNames([
      albumOf("Dogs", [0.5, 0.1], [0.4, 0.1]),
      albumOf("Cats", [0.1, 0.5], [0.1, 0.4]),
    ]);
    expect(proofs).toEqual([
      { kind: "proven", share: 1 },
      { kind: "proven", share: 1 },
    ]);
  });

  it("finds two names that were swapped, and says which fits better", () => {
    const [cats, dogs] = proveNames([
      albumOf("Cats", [0.1, 0.5], [0.1, 0.4], [0.2, 0.5]),
      albumOf("Dogs", [0.5, 0.1], [0.4, 0.1]),
    ]);
    expect(cats).toEqual({
      kind: "unproven",
      share: 0,
      because: "“Dogs” fits 3 of 3 of its pictures better.",
    });
    expect(dogs).toMatchObject({ kind: "unproven", because: "“Cats” fits 2 of 2 of its pictures better." });
  });

  it("takes off what a text fits everywhere", () => {
    // "People" fits all pictures by .3 more than it should; the dogs are dogs all the same.
    const [dogs] = proveNames([
      albumOf("Dogs", [0.5, 0.6], [0.5, 0.6]),
      albumOf("People", [0.1, 0.9], [0.1, 0.9]),
    ]);
    expect(dogs!.kind).toBe("proven");
  });

  it("lets a rival win two pictures of three at most", () => {
    // Means: A .3, B .3 over the two albums. A picture of the first album is won by A where A's cosine is higher.
    const won = [0.5, 0.1];
    const lost = [0.1, 0.5];
    const other = albumOf("B", [0.1, 0.4], [0.1, 0.4]);
    const shareOf = (...pictures: number[][]) => proveNames([albumOf("A", ...pictures), other])[0]!;
    expect(shareOf(won, won, lost)).toMatchObject({ kind: "proven", share: 2 / 3 });
    expect(shareOf(won, lost, lost, lost)).toMatchObject({ kind: "unproven", share: 1 / 4 });
  });

  it("does not prove a name that fits no better here than elsewhere", () => {
    // Nothing fits the third album; its name fits the first a little better than its own.
    const proofs = proveNames([
      albumOf("Dogs", [0.5, 0.1, 0.06], [0.5, 0.1, 0.06]),
      albumOf("Cats", [0.1, 0.5, 0.05], [0.1, 0.5, 0.05]),
      albumOf("Volcanoes", [0, 0, 0.05], [0, 0, 0.05]),
    ]);
    expect(proofs[2]).toEqual({
      kind: "unproven",
      share: 1,
      because: "It fits these pictures no better than it fits those of other albums.",
    });
  });

  it("does not set a name against its own numbers", () => {
    const proofs = proveNames([
      albumOf("Dogs", [0.4, 0.41, 0], [0.4, 0.41, 0]),
      albumOf("Dogs 2", [0.4, 0.41, 0], [0.4, 0.41, 0]),
      albumOf("Cats", [0, 0, 0.5]),
    ]);
    expect(proofs.map(({ kind }) => kind)).toEqual(["proven", "proven", "proven"]);
  });

  it("tests nothing where there is nothing to test", () => {
    expect(proveNames([albumOf("Dogs", [0.5])])[0]!.kind).toBe("untested");
    expect(proveNames([albumOf(null, [0, 0]), albumOf("Dogs", [0, 0.5])])[0]!.kind).toBe("untested");
    expect(proveNames([albumOf("Dogs"), albumOf("Cats", [0, 0.5])])[0]!.kind).toBe("untested");
    expect(proveNames([])).toEqual([]);
  });
});

it("reads a name without the number that keeps it apart", () => {
  expect(spokenName("Dogs 2")).toBe("Dogs");
  expect(spokenName("Summer 2024")).toBe("Summer 2024");
  expect(textOfName("Mountain Bikes 3")).toBe("a photo of mountain bikes");
});

it("takes names for the same from 6.5 deviations above what is usual", () => {
  // Mean .3, deviation .1.
  expect(sameMeaningFrom([0.2, 0.4, 0.2, 0.4])).toBeCloseTo(0.95, 6);
});
