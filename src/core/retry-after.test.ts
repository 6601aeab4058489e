import { expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const NOON_MS = Date.UTC(2026, 0, 1, 12);

it.each([
  ["0", 0],
  ["7", 7_000],
  [" 3600 ", 3_600_000],
  ["Thu, 01 Jan 2026 12:00:30 GMT", 30_000],
  ["Thu, 01 Jan 2026 11:59:30 GMT", 0],
])("reads seconds and dates: %j is %d ms at noon", (value, ms) => {
  expect(retryAfterMs(value, NOON_MS)).toBe(ms);
});

it.each([null, "", "soon", "7 s"])("says that %j tells no time", (value) => {
  expect(retryAfterMs(value, NOON_MS)).toBeNull();
});
