import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeHostileFiles } from "../../test/fixtures/images.ts";
import { endsEarly, sniffImageFormat } from "./image-format.ts";

const text = (value: string) => new TextEncoder().encode(value);
const files = await makeHostileFiles();
const sound = files.filter(
  ({ name, expected }) => expected.kind === "image" && !/^without end|^nearly whole/.test(name),
);
/** Raw files are TIFFs in all but what their directories say, which the head need not hold; their preview tells whether they end. */
const isRaw = (expected: (typeof files)[number]["expected"]) =>
  expected.kind === "image" && expected.facts.format === "raw";

describe("sniffImageFormat", () => {
  it("tells every format by its bytes, not by its name", () => {
    for (const { name, bytes, expected } of sound) {
      if (expected.kind !== "image" || !expected.facts.format) continue;
      const format = name.endsWith(".nef") ? "tiff" : expected.facts.format;
      expect([name, sniffImageFormat(bytes)]).toEqual([name, format]);
    }
  });

  it("knows raw files and films by their first bytes", () => {
    const film = (brand: string) => text(`\0\0\0\x18ftyp${brand}\0\0\0\0${brand}isom`);
    for (const brand of ["isom", "mp42", "qt  ", "3gp5"]) expect(sniffImageFormat(film(brand))).toBe("video");
    expect(sniffImageFormat(film("crx "))).toBe("raw");
    expect(sniffImageFormat(Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1))).toBe("video");
    expect(sniffImageFormat(text("RIFF....AVI LIST"))).toBe("video");
    expect(sniffImageFormat(text("II*\0\x10\0\0\0CR\x02\0"))).toBe("raw");
    expect(sniffImageFormat(text("\0\0\0\x18ftypM4A \0\0\0\0M4A mp4"))).toBeNull();
  });

  it("knows an SVG behind a prologue, a comment or a byte order mark, but no page that holds one", () => {
    expect(sniffImageFormat(text('<?xml version="1.0"?>\n<!-- drawn -->\n<svg width="1"/>'))).toBe("svg");
    expect(sniffImageFormat(text("\ufeff <svg>"))).toBe("svg");
    expect(sniffImageFormat(text("<svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>"))).toBe("svg");
    expect(sniffImageFormat(text("<html><svg></svg></html>"))).toBeNull();
    expect(sniffImageFormat(text("<?xml version='1.0'?><rss/>"))).toBeNull();
  });

  it("takes no text that happens to start like a picture", () => {
    for (const start of ["BMW is a car maker of some renown.", "GIF89", "RIFF....WAVE", "II*", "%PDF-1.7"])
      expect(sniffImageFormat(text(start))).toBeNull();
  });

  it("never fails, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const format = sniffImageFormat(bytes);
        if (format) endsEarly(bytes, format);
      }),
    );
  });
});

describe("endsEarly", () => {
  it("finds nothing missing in whole files", () => {
    for (const { name, bytes } of sound)
      expect([name, endsEarly(bytes, sniffImageFormat(bytes)!)]).toEqual([name, false]);
  });

  it("finds the end missing in every half", () => {
    for (const { name, bytes, expected } of sound) {
      const format = sniffImageFormat(bytes)!;
      if (isRaw(expected) || format === "svg") continue; // half a text may well end in a tag
      const isOneFrame = name !== "animated.gif"; // the first frame may be whole in the first half
      const half = bytes.slice(0, bytes.length >> 1);
      if (isOneFrame) expect([name, endsEarly(half, format)]).toEqual([name, true]);
    }
  });

  it("never fails on a damaged file", () => {
    fc.assert(
      fc.property(fc.constantFrom(...sound), fc.nat(), fc.nat(255), fc.nat(), ({ bytes }, at, value, cut) => {
        const damaged = bytes.slice(0, 1 + (cut % bytes.length));
        damaged[at % damaged.length] = value;
        const format = sniffImageFormat(damaged);
        if (format) expect(typeof endsEarly(damaged, format)).toBe("boolean");
      }),
      { numRuns: 1000 },
    );
  });
});
