import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planDemo } from "./plan.ts";

const plan = planDemo(1);
const pictures = plan.flatMap((file) => (file.content === "picture" ? [file] : []));
const kinds = [...new Set(pictures.map((file) => file.kind))];

/** What differs between two plans beside the functions that draw. */
const listing = (seed: number) =>
  planDemo(seed).map((file) => (file.content === "picture" ? { ...file, draw: null } : file));

describe("planDemo", () => {
  it("plans about 120 files of at least ten kinds, at least six of each", () => {
    expect(plan.length).toBeGreaterThanOrEqual(115);
    expect(plan.length).toBeLessThanOrEqual(130);
    expect(kinds.length).toBeGreaterThanOrEqual(10);
    for (const kind of kinds) expect(pictures.filter((file) => file.kind === kind).length).toBeGreaterThan(5);
  });

  it("plans the same for the same seed and something else for another", () => {
    expect(listing(5)).toEqual(listing(5));
    expect(listing(5)).not.toEqual(listing(6));
  });

  it("never gives two files names that one file system would take for the same", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const names = planDemo(seed).map((file) => file.name.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 20 },
    );
  });

  it("gives no file a name that says what it shows", () => {
    const words = kinds.flatMap((kind) => kind.split(" ")).filter((word) => word !== "screen");
    for (const { name } of plan)
      expect(words.filter((word) => name.toLowerCase().includes(word))).toEqual([]);
  });

  it("lets every way of naming files cover at least five kinds, so that a name is no hint", () => {
    const kindsByStem = new Map<string, Set<string>>();
    for (const { name, kind, encoding } of pictures) {
      if (encoding.crop > 0) continue; // near copies are few
      const stem = /^[A-Za-z]+/.exec(name)![0];
      kindsByStem.set(stem, (kindsByStem.get(stem) ?? new Set()).add(kind));
    }
    expect([...kindsByStem].filter(([, covered]) => covered.size < 5).map(([stem]) => stem)).toEqual([]);
  });

  it("holds five exact copies, five near ones, one truncated picture and one text, each after its original", () => {
    const count = (content: string) => plan.filter((file) => file.content === content).length;
    expect([count("copy"), count("truncated"), count("text")]).toEqual([5, 1, 1]);
    expect(pictures.filter((file) => file.encoding.crop > 0)).toHaveLength(5);
    plan.forEach((file, i) => {
      if ("of" in file) expect(plan.slice(0, i).map(({ name }) => name)).toContain(file.of);
    });
  });

  it("draws wide, tall and square pictures in JPEG, PNG and WebP, some dated, some stored on their side", () => {
    const shapes = new Set(
      pictures.map((file) => {
        const { width, height } = file.draw();
        return Math.sign(width - height);
      }),
    );
    expect(shapes).toEqual(new Set([-1, 0, 1]));
    expect(new Set(pictures.map((file) => file.encoding.format))).toEqual(new Set(["jpeg", "png", "webp"]));
    expect(pictures.some((file) => file.encoding.takenAt !== null)).toBe(true);
    expect(pictures.some((file) => file.encoding.isSideways)).toBe(true);
  });

  it("draws every picture of any seed without fonts, links or numbers that are none", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const file of planDemo(seed))
          if (file.content === "picture") {
            const { drawing } = file.draw();
            expect(drawing).not.toMatch(/<text|<image|href|NaN|undefined|Infinity/);
          }
      }),
      { numRuns: 4 },
    );
  });
});
