import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNameRoom, isNumbered, nameKey, safeFileName, safeFolderName } from "./folder-names.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** Text that tries to get out: pieces of paths, devices, controls, half characters, whole Unicode. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "/",
        "\\",
        "..",
        ".",
        " ",
        "\0",
        "\n",
        "\u202e",
        "\u200d",
        "CON",
        "nul.",
        "COM¹",
        ":",
        "~",
      ),
      fc.constantFrom(
        "e\u0301",
        "👩‍👩‍👧",
        "\ud800",
        "\ufeff",
        "\uffff",
        "(2)",
        ".jpg",
        "-rf",
        "=1+1",
        "a".repeat(200),
      ),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

function expectSafe(name: string) {
  expect(name).not.toBe("");
  expect(name).not.toMatch(/[/\\:*?"<>|\p{Cc}\p{Surrogate}\u202a-\u202e\u2066-\u2069]/u);
  expect(name).not.toMatch(/[. ]$/);
  expect(name).not.toMatch(/^[. ]/);
  expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)/i);
  expect(name).toBe(name.normalize("NFC"));
  expect(bytes(name)).toBeLessThanOrEqual(255);
}

describe("safeFolderName", () => {
  it.each([
    ["Dogs", "Dogs"],
    ["../../etc", "etc"],
    ["..", "Album"],
    ["", "Album"],
    ["\u200d\u202e", "Album"],
    ["AC/DC", "AC-DC"],
    ["C:\\Windows", "C--Windows"],
    ["con", "con_"],
    ["Aux.old", "Aux_.old"],
    ["CONcert", "CONcert"],
    ["Beach, 2024.", "Beach, 2024"],
    ["  two   words \n three ", "two words three"],
    ["cafe\u0301", "café"],
    ["-rf", "rf"],
    ["=HYPERLINK(1)", "HYPERLINK(1)"],
    ["\u202egpj.exe", "gpj.exe"],
    ["👩‍👩‍👧 family", "👩‍👩‍👧 family"],
  ])("makes %j into %j", (text, name) => {
    expect(safeFolderName(text)).toBe(name);
  });

  it("is one safe name of its folder whatever a model wrote", () => {
    fc.assert(
      fc.property(hostile, (text) => expectSafe(safeFolderName(text))),
      { numRuns: 2000 },
    );
  });

  it("leaves a safe name as it is", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const name = safeFolderName(text);
        expect(safeFolderName(name)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  it("cuts at a grapheme", () => {
    // A family is 18 bytes: 14 of them fit into 255, and no half one.
    expect(safeFolderName("👩‍👩‍👧".repeat(20))).toBe("👩‍👩‍👧".repeat(14));
  });

  it("cuts inside a grapheme that is longer than a name can be", () => {
    const name = safeFolderName(`z${"\u0334".repeat(500)}`);
    expect(bytes(name)).toBe(255);
  });
});

describe("safeFileName", () => {
  it.each([
    ["IMG_0001.JPG", "IMG_0001.JPG"],
    ["a  b.jpg", "a  b.jpg"],
    ["con.jpg", "con_.jpg"],
    [".hidden.jpg", "hidden.jpg"],
    [".jpg", "image.jpg"],
    ["a\nb.png", "a b.png"],
    ["no extension", "no extension"],
    ["../x.jpg", "-x.jpg"],
    ["-1.jpg", "-1.jpg"],
  ])("makes %j into %j", (text, name) => {
    expect(safeFileName(text)).toBe(name);
  });

  it("is safe whatever a file is called", () => {
    fc.assert(
      fc.property(hostile, (text) => expectSafe(safeFileName(text))),
      { numRuns: 2000 },
    );
  });

  it("keeps the extension of a name of 300 bytes", () => {
    const name = safeFileName(`${"ä".repeat(150)}.jpeg`);
    expect(name).toBe(`${"ä".repeat(125)}.jpeg`); // 250 + 5 bytes
  });
});

describe("createNameRoom", () => {
  it("numbers names that some file system takes for one", () => {
    const room = createNameRoom(["Index.html"]);
    expect(room.take("index.html")).toBe("index (2).html");
    expect(room.take("a.jpg")).toBe("a.jpg");
    expect(room.take("A.JPG")).toBe("A (2).JPG");
    expect(room.take("a.jpg")).toBe("a (3).jpg");
    expect(room.take("straße")).toBe("straße");
    expect(room.take("STRASSE")).toBe("STRASSE (2)");
  });

  it("gives no name twice, and only safe ones", () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 30 }), (texts) => {
        const room = createNameRoom();
        const names = [...texts, ...texts].map((text) => room.take(safeFileName(text)));
        names.forEach(expectSafe);
        expect(new Set(names.map(nameKey)).size).toBe(names.length);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a numbered name within 255 bytes", () => {
    const room = createNameRoom();
    room.take(`${"x".repeat(251)}.jpg`);
    expect(room.take(`${"x".repeat(251)}.jpg`)).toBe(`${"x".repeat(247)} (2).jpg`);
  });

  it("numbers ten thousand equal names in a moment", () => {
    const room = createNameRoom();
    const names = Array.from({ length: 10_000 }, () => room.take("image.jpg"));
    expect(names.at(-1)).toBe("image (10000).jpg");
  });
});

it("knows a numbered name of a wanted one", () => {
  expect(isNumbered("Dogs", "Dogs")).toBe(true);
  expect(isNumbered("Dogs (12)", "Dogs")).toBe(true);
  expect(isNumbered("Dogs (old)", "Dogs")).toBe(false);
  expect(isNumbered("dogs", "Dogs")).toBe(false);
  expect(isNumbered("Dogs and cats", "Dogs")).toBe(false);
});
