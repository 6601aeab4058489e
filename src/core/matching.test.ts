import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { matchAlbums, maximumAssignment } from "./matching.ts";

describe("maximumAssignment", () => {
  it("finds the best pairs, worked by hand", () => {
    // 7 + 8 + 9 would need column 1 twice; 7 (0,1) + 6 (1,0) + 9 (2,2) = 22 is best.
    expect([...maximumAssignment([4, 7, 1, 6, 8, 2, 3, 5, 9], 3, 3)]).toEqual([1, 0, 2]);
  });

  it("equals trying every permutation, whatever the shape", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
        (rows, columns, stream) => {
          const value = Array.from({ length: rows * columns }, () => stream.next().value as number);
          const best = (row: number, used: number): number =>
            row === rows
              ? 0
              : Math.max(
                  rows > columns ? best(row + 1, used) : -Infinity,
                  ...Array.from({ length: columns }, (_, j) =>
                    used & (1 << j) ? -Infinity : value[row * columns + j] + best(row + 1, used | (1 << j)),
                  ),
                );
          const column = maximumAssignment(value, rows, columns);
          const used = [...column].filter((j) => j >= 0);
          expect(new Set(used).size).toBe(Math.min(rows, columns));
          expect(used.length).toBe(Math.min(rows, columns));
          expect([...column].reduce((sum, j, i) => sum + (j < 0 ? 0 : value[i * columns + j]), 0)).toBe(
            best(0, 0),
          );
        },
      ),
    );
  });
});

const set = (...images: string[]) => new Set(images);

describe("matchAlbums", () => {
  it("keeps an album's id when it loses one image and gains another", () => {
    const match = matchAlbums(new Map([["a", set("1", "2", "3")]]), [set("2", "3", "9")]);
    expect(match.idOf).toEqual(["a"]);
    expect(match.kept).toEqual([{ id: "a", cluster: 0, shared: 2 }]);
    expect([match.born, match.died, match.merged, match.split]).toEqual([[], [], [], []]);
  });

  it("tells births and deaths", () => {
    const match = matchAlbums(new Map([["a", set("1", "2")]]), [set("8", "9")]);
    expect(match.idOf).toEqual([null]);
    expect(match.born).toEqual([0]);
    expect(match.died).toEqual([{ id: "a", members: 0 }]);
  });

  it("gives a merged cluster the id of the larger album and tells the merge", () => {
    const match = matchAlbums(
      new Map([
        ["a", set("1", "2")],
        ["b", set("3", "4", "5")],
      ]),
      [set("1", "2", "3", "4", "5")],
    );
    expect(match.idOf).toEqual(["b"]);
    expect(match.merged).toEqual([{ from: "a", into: "b", members: 2 }]);
  });

  it("leaves the id with the larger part of a split album and tells the split", () => {
    const match = matchAlbums(new Map([["a", set("1", "2", "3", "4", "5")]]), [
      set("1", "2"),
      set("3", "4", "5"),
    ]);
    expect(match.idOf).toEqual([null, "a"]);
    expect(match.split).toEqual([{ from: "a", cluster: 0, members: 2 }]);
  });

  it("does not carry an id over to a cluster that shares too little with it", () => {
    const match = matchAlbums(
      new Map([
        ["a", set("1", "2", "3", "4")],
        ["b", set("5", "6", "7", "8")],
      ]),
      [set("5", "6", "7", "1", "x", "y", "z"), set("2", "3", "4")],
    );
    expect(match.idOf).toEqual(["b", "a"]);
    const lost = matchAlbums(new Map([["a", set("1", "2", "3")]]), [
      set("1"),
      set("2", "p", "q", "r"),
      set("3", "s", "t"),
    ]);
    expect(lost.idOf).toEqual(["a", null, null]);
  });
});
