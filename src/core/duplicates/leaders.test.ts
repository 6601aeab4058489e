import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Shot } from "./groups.ts";
import { doublesAmong, findLeaders } from "./leaders.ts";

const shot = (fields: Partial<Shot> & { readonly hash?: string; readonly sharpness?: number } = {}): Shot => {
  const { hash, sharpness = 10, ...rest } = fields;
  return {
    width: 400,
    height: 300,
    sizeBytes: 1000,
    takenAt: null,
    camera: "Phone X",
    readable: 1,
    looks: hash === undefined ? null : { sharpness, exposure: 0.5, perceptualHash: hash },
    ...rest,
  };
};
const [SEA, SEA_AGAIN, WOOD] = ["00000000ffffffff", "00000000fffffffe", "f0f0f0f0a5a5a5a5"];
const alike = () => 1;

describe("findLeaders", () => {
  it("lets the largest of copies and the sharpest of a burst stand for the others", () => {
    const leaders = findLeaders(
      [
        shot({ hash: SEA, width: 200, height: 150 }),
        shot({ hash: SEA_AGAIN }),
        shot({ hash: WOOD, takenAt: "2024-07-01T12:00:00", sharpness: 5 }),
        shot({ hash: "0123456789abcdef", takenAt: "2024-07-01T12:00:04", sharpness: 50 }),
        shot(),
      ],
      alike,
    );
    expect([...leaders]).toEqual([1, 1, 3, 3, 4]);
  });

  it("takes shots of different times with one hash for two pictures when they are no burst", () => {
    const shots = ["12:00:00", "13:00:00"].map((time) => shot({ hash: SEA, takenAt: `2024-07-01T${time}` }));
    expect([...findLeaders(shots, alike)]).toEqual([0, 1]);
  });

  it("asks the embeddings of shots that follow each other", () => {
    const shots = ["12:00:00", "12:00:02"].map((time) => shot({ takenAt: `2024-07-01T${time}` }));
    expect([...findLeaders(shots, () => 0.79)]).toEqual([0, 1]);
    expect([...findLeaders(shots, () => 0.81)]).toEqual([0, 0]);
  });
});

describe("doublesAmong", () => {
  it("keeps the leader where it is among the rows, and else the first", () => {
    const leaders = [2, 2, 2, 3, 9, 9];
    expect([...doublesAmong([0, 1, 2, 3], leaders)]).toEqual([0, 1]);
    expect([...doublesAmong([5, 3, 4], leaders)]).toEqual([4]);
  });

  it("leaves exactly one of each group", () => {
    const groups = fc.array(fc.nat(5), { minLength: 6, maxLength: 30 });
    fc.assert(
      fc.property(groups, (leaders) => {
        const rows = leaders.map((_, row) => row);
        const doubles = doublesAmong(rows, leaders);
        const first = rows.filter((row) => !doubles.has(row));
        expect(first.map((row) => leaders[row]).sort()).toEqual([...new Set(leaders)].sort());
      }),
    );
  });
});
