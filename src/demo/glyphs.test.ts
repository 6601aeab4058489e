import { describe, expect, it } from "vitest";
import { text, textWidth, wrapText } from "./glyphs.ts";

describe("textWidth", () => {
  it("adds letters and the gaps between them, scaled by the height of capitals", () => {
    // A = 4, gap 1.3, I = .6: 5.9 units of which 6 are the height of a capital.
    expect(textWidth("AI", 6)).toBeCloseTo(5.9);
    expect(textWidth("AI", 12)).toBeCloseTo(11.8);
    expect(textWidth("", 6)).toBe(0);
  });

  it("names a letter that it does not know", () => {
    expect(() => textWidth("ok é", 6)).toThrow('no "é"');
  });
});

describe("wrapText", () => {
  it("breaks where the next word would be too wide", () => {
    // Each II is 2.5 wide, a space with its gaps 4.2: two words are 9.2, three 15.9.
    expect(wrapText("II II II", 6, 9.3)).toEqual(["II II", "II"]);
    expect(wrapText("II II II", 6, 9.1)).toEqual(["II", "II", "II"]);
  });

  it("keeps a word that is too wide on a line of its own", () => {
    expect(wrapText("I WWWW I", 6, 5)).toEqual(["I", "WWWW", "I"]);
  });
});

describe("text", () => {
  it("draws one stroke a letter and none for a space", () => {
    expect(text(0, 10, "a b", { size: 6, color: "black" }).match(/<path/g)).toHaveLength(2);
  });

  it("puts its middle or its end where it is told", () => {
    const leftOf = (anchor: "start" | "middle" | "end") =>
      Number(/translate\(([\d.-]+)/.exec(text(100, 50, "AI", { size: 60, color: "black", anchor }))![1]);
    expect([leftOf("start"), leftOf("middle"), leftOf("end")]).toEqual([100, 70.5, 41]);
  });
});
