import { expect, it } from "vitest";
import { prefetch } from "./prefetch.ts";

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
