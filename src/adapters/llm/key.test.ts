import { describe, expect, it } from "vitest";
import { isThisMachine } from "./key.ts";

describe("isThisMachine", () => {
  it.each([
    "http://localhost:11434/v1",
    "http://LOCALHOST/v1",
    "http://127.0.0.1:8080/v1",
    "http://127.1.2.3/v1",
    // The URL parser writes these out as 127.0.0.1 and [::1].
    "http://127.1/v1",
    "http://0x7f.1/v1",
    "http://[0:0:0:0:0:0:0:1]:8080/v1",
  ])("is so for %s", (url) => expect(isThisMachine(url)).toBe(true));

  it.each([
    "https://api.openai.com/v1",
    "http://192.168.0.7:11434/v1",
    "http://0.0.0.0:11434/v1",
    "http://128.0.0.1/v1",
    "http://localhost.example.org/v1",
    "http://127.0.0.1.example.org/v1",
    "http://notlocalhost/v1",
    "http://localhost@example.org/v1",
    "http://example.org/127.0.0.1",
    "http://[::2]/v1",
  ])("is not so for %s", (url) => expect(isThisMachine(url)).toBe(false));
});
