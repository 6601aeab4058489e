import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { applyConstraints } from "./constraints.ts";

describe("applyConstraints", () => {
  const none = { pins: new Map<number, string>(), mustLink: [], cannotLink: [] };
  const zero = () => 0;

  it("changes nothing without constraints", () => {
    const found = applyConstraints(Int32Array.of(0, 1, -1), 2, none, zero);
    expect([...found.assignment]).toEqual([0, 1, -1]);
    expect(found.k).toBe(2);
  });

  it("pulls linked rows to where most of them are", () => {
    const found = applyConstraints(
      Int32Array.of(0, 0, 1, -1),
      2,
      {
        ...none,
        mustLink: [
          [2, 0],
          [0, 1],
          [3, 1],
        ],
      },
      zero,
    );
    expect([...found.assignment]).toEqual([0, 0, 0, 0]);
  });

  it("lets pinned rows follow the company they were put into", () => {
    // Rows 3 and 4 were moved to the rows 0, 1 and 2, which the new grouping keeps apart from them.
    const pins = new Map([
      [3, "a"],
      [4, "a"],
    ]);
    const company = new Map([["a", [0, 1, 2]]]);
    const assignment = Int32Array.of(0, 0, 0, 1, 1, 1);
    const found = applyConstraints(assignment, 2, { ...none, pins, company }, zero);
    expect([...found.assignment]).toEqual([0, 0, 0, 0, 0, 1]);
    expect(found.groupCluster).toEqual(new Map([["a", 0]]));
  });

  it("opens a cluster for a row that may be in none of the others", () => {
    const found = applyConstraints(Int32Array.of(0, 0), 1, { ...none, cannotLink: [[0, 1]] }, zero);
    expect([...found.assignment]).toEqual([0, 1]);
    expect(found.k).toBe(2);
  });

  it("refuses constraints that contradict each other, naming the rows", () => {
    expect(() =>
      applyConstraints(
        Int32Array.of(0, 0, 0),
        1,
        {
          ...none,
          mustLink: [
            [0, 1],
            [1, 2],
          ],
          cannotLink: [[0, 2]],
        },
        zero,
      ),
    ).toThrow("Rows 0 and 2");
  });

  it("honours every constraint exactly, whatever the assignment", () => {
    const row = fc.integer({ min: 0, max: 11 });
    const pair = fc.tuple(row, row);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 12, maxLength: 12 }),
        fc.array(pair, { maxLength: 6 }),
        fc.array(pair, { maxLength: 6 }),
        fc.array(fc.tuple(row, fc.constantFrom("a", "b", "c")), { maxLength: 5 }),
        (assignment, mustLink, cannotLink, pinList) => {
          const constraints = { pins: new Map(pinList), mustLink, cannotLink };
          let found;
          try {
            found = applyConstraints(Int32Array.from(assignment), 4, constraints, zero);
          } catch (error) {
            expect((error as Error).message).toContain("both to stay together and to stay apart");
            return;
          }
          const at = found.assignment;
          for (const [a, b] of mustLink) expect(at[a]).toBe(at[b]);
          for (const [a, b] of cannotLink) expect(at[a] !== at[b] || at[a] === -1).toBe(true);
          for (const [a, x] of constraints.pins) {
            expect(at[a]).toBeGreaterThanOrEqual(0);
            expect(found.groupCluster.get(x)).toBe(at[a]);
            for (const [b, y] of constraints.pins) expect(at[a] === at[b]).toBe(x === y);
          }
          const named = new Set([...mustLink.flat(), ...cannotLink.flat(), ...constraints.pins.keys()]);
          assignment.forEach((c, i) => {
            if (!named.has(i)) expect(at[i]).toBe(c);
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
