import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkName, quoted } from "./name-rules.ts";

const because = (answer: string, language?: string): string => {
  const checked = checkName(answer, language);
  return checked.kind === "bad" ? checked.because : `good: ${checked.text}`;
};

describe("checkName", () => {
  it("takes a name as it is, without quotes, full stop and double spaces", () => {
    expect(checkName("Mountain Bikes")).toEqual({ kind: "good", text: "Mountain Bikes" });
    expect(checkName(' "Mountain  Bikes." ')).toEqual({ kind: "good", text: "Mountain Bikes" });
    expect(checkName("Cats & Dogs")).toEqual({ kind: "good", text: "Cats & Dogs" });
    expect(checkName("80s T-Shirts")).toEqual({ kind: "good", text: "80s T-Shirts" });
  });

  it("refuses what could leave or break a folder", () => {
    for (const answer of [
      "../../etc",
      "a/b",
      "a\\b",
      "C:",
      "Dogs\u0000",
      "Dogs\u202egod",
      ".hidden",
      "Dogs\nCats",
      "<b>",
    ])
      expect(because(answer)).toBe("It holds characters that cannot be in a folder's name.");
  });

  it("refuses what is no name: too long, too many words, no words, a refusal, or empty of meaning", () => {
    expect(because("x".repeat(10_000))).toBe("A name has at most 60 characters; this has 10000.");
    expect(because("Dogs In The Deep Snow")).toBe("A name has at most 4 words; this has 5.");
    expect(because("")).toBe("There are no words in it.");
    expect(because("2024")).toBe("There are no words in it.");
    expect(because("I can't do that")).toBe("It is no name.");
    expect(because("Sorry")).toBe("It is no name.");
    expect(because("Photos")).toBe("It says nothing about the pictures.");
    expect(because("Untitled")).toBe("It says nothing about the pictures.");
  });

  it("takes other letters in other languages only", () => {
    expect(because("夕焼け")).toBe("It is not English.");
    expect(because("夕焼け", "ja")).toBe("good: 夕焼け");
    expect(because("Café Crème")).toBe("good: Café Crème");
  });

  it("lets nothing through that is unsafe, whatever is answered", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string()), (answer) => {
        const checked = checkName(answer, "ja");
        if (checked.kind === "bad") return;
        expect(checked.text).toMatch(/^\S+( \S+){0,3}$/u);
        expect(checked.text).not.toMatch(/[\p{C}/\\:*?"<>|]|^\./u);
        expect(checked.text.length).toBeLessThanOrEqual(60);
      }),
      { numRuns: 2000 },
    );
  });
});

it("quotes a stranger's text on one line, cut", () => {
  expect(quoted("a\n\u0007b")).toBe("“a b”");
  expect(quoted("abcdef", 3)).toBe("“abc…”");
});
