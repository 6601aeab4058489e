import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactUrl, redactUrls } from "./url-secrets.ts";

describe("a URL shown to people", () => {
  it.each([
    ["https://ana:s3cret@cdn.test/a.jpg", "https://***@cdn.test/a.jpg"],
    ["https://s3cret@cdn.test/a.jpg", "https://***@cdn.test/a.jpg"],
    ["http:\\\\ana:s3cret@cdn.test\\a.jpg", "http:\\\\***@cdn.test\\a.jpg"],
    ["http:ana:s3cret@cdn.test/a.jpg", "http:***@cdn.test/a.jpg"],
    [
      "https://b.s3.test/k.jpg?X-Amz-Date=2026&X-Amz-Signature=s3cret&X-Amz-Expires=60",
      "https://b.s3.test/k.jpg?X-Amz-Date=2026&X-Amz-Signature=***&X-Amz-Expires=60",
    ],
    ["https://x.blob.test/k.jpg?sv=1&sig=s3cret%3D", "https://x.blob.test/k.jpg?sv=1&sig=***"],
    ["https://cdn.test/a.jpg?access_token=s3cret", "https://cdn.test/a.jpg?access_token=***"],
    ["https://cdn.test/a.jpg?%74oken=s3cret", "https://cdn.test/a.jpg?%74oken=***"],
    ["https://cdn.test/a.jpg?w=200;api-key=s3cret", "https://cdn.test/a.jpg?w=200;api-key=***"],
    ["https://cdn.test/a.jpg#token=s3cret", "https://cdn.test/a.jpg"],
  ])("hides what opens a door: %s", (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it.each([
    "https://cdn.test/a@2x.jpg?w=200&h=100",
    "/photos/a?token=b.jpg",
    "C:\\photos\\me@home.jpg",
    "s3://bucket/token=1/a.jpg",
  ])("leaves the rest as written: %s", (text) => {
    expect(redactUrl(text)).toBe(text);
  });

  it("hides secrets in the middle of a sentence", () => {
    expect(redactUrls("https://a:b@c.test/x redirects to https://d.test/y?sig=e twice.")).toBe(
      "https://***@c.test/x redirects to https://d.test/y?sig=*** twice.",
    );
  });

  it("never shows a password, wherever in the URL it stands", () => {
    const secret = fc.stringMatching(/^[a-z0-9]{8}$/).map((text) => `zz${text}`);
    const name = fc.constantFrom("token", "X-Amz-Signature", "sig", "access_token", "KEY");
    fc.assert(
      fc.property(secret, name, (hidden, parameter) => {
        const url = `https://u:${hidden}@h.test/p?a=1&${parameter}=${hidden}#${hidden}`;
        expect(redactUrl(url)).not.toContain(hidden);
        expect(redactUrl(redactUrl(url))).toBe(redactUrl(url));
      }),
    );
  });
});
