import { describe, expect, it } from "vitest";
import type { AlbumEvidence } from "./evidence.ts";
import { colorName, neutralNames } from "./neutral.ts";

const nothing: AlbumEvidence = {
  albumId: "a",
  size: 5,
  rows: new Int32Array(),
  captions: [],
  fileNames: [],
  dates: [],
  places: [],
  meanColors: [],
  aspectRatios: [],
};
const textsOf = (known: Partial<AlbumEvidence>) =>
  neutralNames({ ...nothing, ...known }).map(({ text }) => text);

describe("neutralNames", () => {
  it("says a day, a month, some months or a year, whichever holds all dates", () => {
    const dates = (...days: string[]) => textsOf({ size: days.length, dates: days })[0];
    expect(dates("2024-03-17T08:00:00", "2024-03-17T23:00:00")).toBe("17 March 2024");
    expect(dates("2024-03-17", "2024-03-02")).toBe("March 2024");
    expect(dates("2024-03-17", "2024-05-02")).toBe("March to May 2024");
    expect(dates("2024-01-17", "2024-12-02")).toBe("2024");
    expect(dates("2023-12-31", "2024-01-01")).toBe("Alike");
  });

  it("says no date when fewer than four of five images have one", () => {
    expect(textsOf({ size: 5, dates: Array(4).fill("2024-03-17") })[0]).toBe("17 March 2024");
    expect(textsOf({ size: 5, dates: Array(3).fill("2024-03-17") })[0]).toBe("Alike");
  });

  it("leaves out what is no date", () => {
    expect(textsOf({ size: 1, dates: ["2024-13-01"] })).toEqual(["Single Picture"]);
    expect(textsOf({ size: 1, dates: ["yesterday"] })).toEqual(["Single Picture"]);
  });

  it("says where, when all places are near each other", () => {
    const paris = { latitude: 48.85, longitude: 2.35 };
    expect(textsOf({ size: 2, places: [paris, { latitude: 48.95, longitude: 2.25 }] })[0]).toBe(
      "Near 48.9°N 2.3°E",
    );
    expect(textsOf({ size: 2, places: [paris, { latitude: -33.9, longitude: 151.2 }] })[0]).toBe("Alike");
    expect(textsOf({ size: 1, places: [{ latitude: -33.87, longitude: -70.6 }] })[0]).toBe(
      "Near 33.9°S 70.6°W",
    );
  });

  it("says a colour or a shape that three of five images have", () => {
    const blue = [40, 60, 200] as const;
    const red = [200, 40, 40] as const;
    expect(textsOf({ meanColors: [blue, blue, blue, red, red] })).toEqual(["Mostly Blue", "Alike"]);
    expect(textsOf({ meanColors: [blue, blue, red, red] })).toEqual(["Alike"]);
    expect(textsOf({ aspectRatios: [0.46, 0.5, 0.56, 1, 1] })).toEqual(["Tall Pictures", "Alike"]);
    expect(textsOf({ aspectRatios: [3, 3, 3, 1, 1], meanColors: [blue, blue, blue, blue, blue] })).toEqual([
      "Mostly Blue",
      "Wide Pictures",
      "Wide, Mostly Blue",
      "Alike",
    ]);
  });
});

it("colorName knows the wheel, the greys and the browns", () => {
  expect(colorName([10, 10, 10])).toBe("Black");
  expect(colorName([250, 250, 250])).toBe("White");
  expect(colorName([128, 128, 128])).toBe("Grey");
  expect(colorName([60, 60, 60])).toBe("Dark Grey");
  expect(colorName([255, 0, 0])).toBe("Red");
  expect(colorName([255, 160, 30])).toBe("Orange");
  expect(colorName([120, 80, 40])).toBe("Brown");
  expect(colorName([255, 255, 0])).toBe("Yellow");
  expect(colorName([0, 255, 0])).toBe("Green");
  expect(colorName([0, 200, 190])).toBe("Teal");
  expect(colorName([0, 0, 255])).toBe("Blue");
  expect(colorName([130, 0, 255])).toBe("Purple");
  expect(colorName([255, 200, 210])).toBe("Pink");
});
