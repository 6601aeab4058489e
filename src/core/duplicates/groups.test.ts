import { describe, expect, it } from "vitest";
import { areDifferentShots, bestShot, findBursts, groupPairs, type Shot } from "./groups.ts";

const looks = (sharpness: number, exposure: number) => ({
  sharpness,
  exposure,
  perceptualHash: "0123456789abcdef",
});
const shot = (changes: Partial<Shot> = {}): Shot => ({
  width: 400,
  height: 300,
  sizeBytes: 1000,
  takenAt: null,
  camera: null,
  readable: 1,
  looks: looks(100, 0.5),
  ...changes,
});

describe("groupPairs", () => {
  it("joins what hangs together, and leaves single ones out", () => {
    const pairs = [
      { a: 5, b: 1 },
      { a: 1, b: 3 },
      { a: 0, b: 4 },
    ];
    expect(groupPairs(7, pairs)).toEqual([
      [0, 4],
      [1, 3, 5],
    ]);
    expect(groupPairs(3, [])).toEqual([]);
  });
});

describe("findBursts", () => {
  const at = (time: string, camera = "X") => shot({ takenAt: `2024-05-01T10:00:${time}`, camera });
  const alike = () => 0.95;

  it("chains shots of one camera that follow each other within 10 s", () => {
    const shots = [at("30"), at("00"), at("09"), at("19"), at("31", "Y"), shot()];
    expect(findBursts(shots, alike)).toEqual([[1, 2, 3]]);
  });

  it("parts what was taken in haste of different things", () => {
    const shots = [at("00"), at("02"), at("04"), at("06")];
    const similarity = (a: number, b: number) => (Math.floor(a / 2) === Math.floor(b / 2) ? 0.9 : 0.2);
    expect(findBursts(shots, similarity)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
});

describe("areDifferentShots", () => {
  it("says so only when both times are known and differ", () => {
    const [first, second] = [
      shot({ takenAt: "2024-05-01T10:00:00" }),
      shot({ takenAt: "2024-05-01T10:00:01" }),
    ];
    expect([
      areDifferentShots(first, second),
      areDifferentShots(first, first),
      areDifferentShots(first, shot()),
    ]).toEqual([true, false, false]);
  });
});

describe("bestShot", () => {
  it("keeps of copies the largest, then the least compressed, and says why", () => {
    const large = shot({ width: 800, height: 600 });
    expect(bestShot([shot(), large, shot()], "near")).toEqual({ index: 1, why: "the largest, 800 x 600 px" });
    expect(bestShot([shot(), shot({ sizeBytes: 1500 })], "near")).toEqual({
      index: 1,
      why: "the least compressed",
    });
    expect(bestShot([shot(), shot()], "near")).toEqual({ index: 0, why: "as good as the others" });
  });

  it("keeps of a burst the sharpest, then the best exposed", () => {
    const sharp = shot({ looks: looks(200, 0.1) });
    const light = shot({ looks: looks(199, 0.6) });
    expect(bestShot([shot(), sharp], "burst")).toEqual({ index: 1, why: "the sharpest" });
    expect(bestShot([shot(), sharp, light], "burst")).toEqual({ index: 2, why: "the best exposed" });
  });

  it("never keeps a half file when a whole one is there", () => {
    const half = shot({ width: 900, readable: 0.92 });
    expect(bestShot([half, shot()], "near")).toEqual({ index: 1, why: "the only whole file" });
  });
});
