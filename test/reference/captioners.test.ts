import { describe, expect, it } from "vitest";
import { sharedOrSkip } from "../support/packs.ts";
import { titleOf, valueOf } from "../support/skip.ts";
import { captioners } from "./captioners.ts";
import { hasPassed, type Comparison } from "./comparison.ts";

const reference = sharedOrSkip("reference");

describe.skipIf(!reference.isAvailable)(titleOf("tiny BLIP against transformers 4.57.6", reference), () => {
  it("sees, and writes in 13 ways about 12 pictures, what the original does", async () => {
    const compared = new Map<string, number>();
    const failed: Comparison[] = [];
    for await (const comparison of captioners(valueOf(reference))) {
      compared.set(comparison.group, (compared.get(comparison.group) ?? 0) + 1);
      if (!hasPassed(comparison)) failed.push(comparison);
    }
    expect(failed).toEqual([]);
    expect(compared.get("tiny-blip token ids")).toBe(156);
    expect([...compared.values()].reduce((sum, count) => sum + count, 0)).toBe(793);
  });
});
