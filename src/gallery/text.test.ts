import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countOf, displayText, escapeHtml, fold, jsonForScript, relativeUrl } from "./text.ts";

describe("displayText", () => {
  it("shows controls, bidirectional overrides and half characters as U+FFFD", () => {
    expect(displayText("a\nb\u202egpj.exe\ud83d")).toBe("a\ufffdb\ufffdgpj.exe\ufffd");
  });

  it("keeps emoji, accents and right-to-left letters", () => {
    expect(displayText("Été 🏖️ שלום")).toBe("Été 🏖️ שלום");
  });

  it("cuts 10 kB to 600 characters and an ellipsis, never through a character", () => {
    const shown = displayText(`a${"😀".repeat(5000)}`);
    expect(shown).toHaveLength(601);
    expect(shown.endsWith("\ufffd…")).toBe(true);
  });
});

describe("fold", () => {
  it("takes case and accents away", () => {
    expect(fold("Straße in ÅRHUS, Łódź, Café")).toBe("strasse in arhus, lodz, cafe");
    expect(fold("Œuvre ①")).toBe("oeuvre 1");
    expect(fold("İstanbul")).toBe("istanbul");
  });

  it("changes nothing the second time", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => fold(fold(text)) === fold(text)));
  });
});

describe("jsonForScript", () => {
  it("gives JSON without a '<' that parses to the same value, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constant("</script><!--<script>")), (text) => {
        const json = jsonForScript({ text });
        expect(json).not.toContain("<");
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

describe("relativeUrl", () => {
  it("encodes what would be a scheme, a query, a fragment, a host or an escape", () => {
    expect(relativeUrl("javascript:alert(1)")).toBe("./javascript%3Aalert(1)");
    expect(relativeUrl("a?b#c/100%.jpg")).toBe("./a%3Fb%23c/100%25.jpg");
    expect(relativeUrl("//evil.example/x.png")).toBe("./evil.example/x.png");
    expect(relativeUrl("new\nline/\ud800.jpg")).toBe("./new%0Aline/%EF%BF%BD.jpg");
  });

  it("stays on the page's host for any path", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (path) => {
        const url = new URL(relativeUrl(path), "https://page.example/out/index.html");
        expect(url.host).toBe("page.example");
        expect(url.search + url.hash).toBe("");
      }),
    );
  });

  it("keeps a catalog that lies beside the output reachable", () => {
    expect(relativeUrl("../state/thumbs/ab.webp")).toBe("./../state/thumbs/ab.webp");
  });
});

it("escapes HTML by number", () => {
  expect(escapeHtml(`<a b="c">'&'`)).toBe("&#60;a b=&#34;c&#34;&#62;&#39;&#38;&#39;");
});

it("counts in words", () => {
  expect(countOf(1, "picture")).toBe("1 picture");
  expect(countOf(2418, "picture")).toBe("2,418 pictures");
});
