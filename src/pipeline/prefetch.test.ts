import { expect, it } from "vitest";
import { lookAhead, prefetch } from "./prefetch.ts";

const later = <T>(value: T, ms: number): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));

it("keeps the items' order however long each takes", async () => {
  const got: number[] = [];
  for await (const value of prefetch([30, 1, 10, 2], 4, (ms) => later(ms, ms))) got.push(value);
  expect(got).toEqual([30, 1, 10, 2]);
});

it("has at most the limit running or waiting beside the one in hand", async () => {
  let unread = 0;
  let most = 0;
  for await (const value of prefetch(Array(20).keys(), 3, async (n) => {
    most = Math.max(most, ++unread);
    return later(n, 1);
  })) {
    expect(value).toBeTypeOf("number");
    unread--;
  }
  expect(most).toBe(3 + 1);
});

it("throws a failure at its item's turn, after what came before it, and lets nothing outlive it", async () => {
  const got: number[] = [];
  let finished = 0;
  const run = async (): Promise<void> => {
    for await (const value of prefetch([1, 2, 3], 3, async (n) => {
      if (n === 2) throw new Error("two");
      await later(n, n === 3 ? 20 : 1);
      finished++;
      return n;
    }))
      got.push(value);
  };
  await expect(run()).rejects.toThrow("two");
  expect(got).toEqual([1]);
  expect(finished).toBe(2);
});

it("hands a result over while the next item is slow to come", async () => {
  let isSlow = true;
  const items = async function* () {
    yield 1;
    await later(null, 50);
    isSlow = false;
    yield 2;
  };
  const got: [number, boolean][] = [];
  for await (const value of prefetch(items(), 4, async (n) => n)) got.push([value, isSlow]);
  expect(got).toEqual([
    [1, true],
    [2, false],
  ]);
});

it("looks ahead as far as it may, and lets its source end when the consumer stops", async () => {
  let given = 0;
  let isEnded = false;
  const items = async function* () {
    try {
      while (true) yield ++given;
    } finally {
      isEnded = true;
    }
  };
  for await (const value of lookAhead(items(), 5)) {
    await later(null, 5);
    expect(given).toBeLessThanOrEqual(value + 5);
    if (value === 3) break;
  }
  expect(given).toBe(3 + 5);
  expect(isEnded).toBe(true);
});

it("throws what its source throws, after what came before it", async () => {
  const items = async function* () {
    yield 1;
    throw new Error("two");
  };
  const got: number[] = [];
  const reading = (async () => {
    for await (const value of lookAhead(items(), 5)) got.push(value);
  })();
  await expect(reading).rejects.toThrow("two");
  expect(got).toEqual([1]);
});
