import { expect, it } from "vitest";
import { addressesByHost, hostOf, leastAddresses } from "./placeholders.ts";

it("counts the addresses of each host", () => {
  const urls = [
    "https://a.test/1.jpg",
    "https://a.test/2.jpg",
    "https://b.test/1.jpg",
    "https://A.test/3.jpg",
  ];
  expect(addressesByHost(urls)).toEqual(
    new Map([
      ["a.test", 3],
      ["b.test", 1],
    ]),
  );
});

it("counts an address once, whatever size, signature or scheme it is asked for with", () => {
  const urls = ["?w=100", "?w=200", "#top", "?X-Amz-Signature=1", "?X-Amz-Signature=2", ""].map(
    (tail) => `https://a.test/1.jpg${tail}`,
  );
  expect(addressesByHost([...urls, "http://a.test/1.jpg"])).toEqual(new Map([["a.test", 1]]));
});

it("asks for five addresses, and at large hosts for one in a thousand", () => {
  expect([1, 5, 5000, 5001, 2_000_000].map(leastAddresses)).toEqual([5, 5, 5, 6, 2000]);
});

it("tells the host of a URL", () => {
  expect(["https://u:p@H.example:8080/x", "http://h?x", "/in/a.jpg"].map(hostOf)).toEqual([
    "h.example:8080",
    "h",
    "",
  ]);
});
