import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashDistance } from "../perceptual-hash.ts";
import { createRandom } from "../random.ts";
import { NEAR_BITS, nearHashes } from "./near-hashes.ts";

describe("nearHashes", () => {
  it("finds pairs of few bits and no others, worked by hand", () => {
    const hashes = ["0000000000000000", "ffffffffffffffff", "1000100010001111", "0000000000000fff"];
    // 0 and 2 differ in 7 bits; 0 and 3 in 12.
    expect(nearHashes(hashes)).toEqual([{ a: 0, b: 2 }]);
  });

  it("pairs equal hashes with the first of them only", () => {
    const same = "0123456789abcdef";
    expect(nearHashes([same, same, same])).toEqual([
      { a: 0, b: 1 },
      { a: 0, b: 2 },
    ]);
  });

  it("misses no pair that comparing all with all finds, wherever its bits lie", () => {
    const property = fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
      const random = createRandom(seed);
      const hashes = new Set<string>();
      while (hashes.size < 12) {
        let value = BigInt(random.int(2 ** 31)) * BigInt(random.int(2 ** 31));
        for (let copy = 0; copy < 3; copy++) {
          hashes.add(BigInt.asUintN(64, value).toString(16).padStart(16, "0"));
          for (let flips = random.int(10); flips > 0; flips--) value ^= 1n << BigInt(random.int(64));
        }
      }
      const list = [...hashes];
      const expected = list.flatMap((one, a) =>
        list.flatMap((other, b) => (a < b && hashDistance(one, other) <= NEAR_BITS ? [{ a, b }] : [])),
      );
      expect(nearHashes(list)).toEqual(expected);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it("takes none", () => {
    expect(nearHashes([])).toEqual([]);
  });
});
