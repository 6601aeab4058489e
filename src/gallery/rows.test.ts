import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { justify, rowsBetween, shownAspect } from "./rows.ts";

describe("justify", () => {
  it("closes a row once it would be no higher than the target, and leaves the last at the target", () => {
    // Three squares in 320 with gaps of 10 are 100 high; the fourth begins a new row.
    expect(justify([1, 1, 1, 1], { width: 320, targetHeight: 100, gap: 10 })).toEqual([
      { first: 0, count: 3, top: 0, height: 100 },
      { first: 3, count: 1, top: 110, height: 100 },
    ]);
  });

  it("places every picture once, in rows that fill the width and do not overlap", () => {
    const aspects = fc.array(fc.double({ min: 0.5, max: 2.4, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(aspects, fc.integer({ min: 300, max: 2000 }), (list, width) => {
        const rows = justify(list, { width, targetHeight: 190, gap: 6 });
        expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(list.length);
        rows.forEach((row, i) => {
          const next = rows[i + 1];
          if (!next) return;
          expect(next.first).toBe(row.first + row.count);
          expect(next.top).toBeCloseTo(row.top + row.height + 6);
          const widths = list
            .slice(row.first, next.first)
            .reduce((sum, aspect) => sum + aspect * row.height, 0);
          expect(widths + 6 * (row.count - 1)).toBeCloseTo(width);
        });
      }),
    );
  });
});

it("gives the rows that touch a span", () => {
  const rows = justify([1, 1, 1, 1], { width: 100, targetHeight: 100, gap: 10 }); // tops 0, 110, 220, 330
  expect(rowsBetween(rows, 100, 220)).toEqual({ start: 1, end: 2 });
  expect(rowsBetween(rows, 99, 221)).toEqual({ start: 0, end: 3 });
  expect(rowsBetween(rows, 1000, 2000)).toEqual({ start: 4, end: 4 });
});

it("shows a picture of unknown size as a square, and cuts panoramas", () => {
  expect(shownAspect(0, 0)).toBe(1);
  expect(shownAspect(9000, 1000)).toBe(2.4);
  expect(shownAspect(100, 1000)).toBe(0.5);
});
