import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import { createGuardedLookup } from "./guarded-lookup.ts";

const addressesOf = (...texts: string[]): LookupAddress[] =>
  texts.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

/** `answers`: what the name means, the first time and each time after; the last one stays. */
function openLookup(answers: readonly (readonly string[])[], allowPrivate = false) {
  let [nowMs, asked] = [0, 0];
  const lookup = createGuardedLookup({
    resolve: async () => addressesOf(...answers[Math.min(asked++, answers.length - 1)]!),
    allowPrivate,
    now: () => nowMs,
  });
  return {
    asked: () => asked,
    pass: (ms: number) => (nowMs += ms),
    /** the addresses, or the error's code */
    look: (options: { all?: boolean; family?: number } = { all: true }): Promise<string[] | string> =>
      new Promise((resolve) =>
        lookup("name.test", options, (error, found) =>
          resolve(
            error
              ? String(error.code)
              : [found].flat().map((one) => (typeof one === "string" ? one : one.address)),
          ),
        ),
      ),
  };
}

describe("the lookup that connections use", () => {
  it("asks once and gives the same checked addresses until a minute has passed", async () => {
    const { look, asked, pass } = openLookup([["8.8.8.8"], ["127.0.0.1"]]);
    expect(await Promise.all([look(), look()])).toEqual([["8.8.8.8"], ["8.8.8.8"]]);
    pass(59_999);
    expect([await look(), asked()]).toEqual([["8.8.8.8"], 1]);
    pass(1);
    expect([await look(), asked()]).toEqual(["FETCH_REFUSED", 2]);
  });

  it("gives only the public ones of a name's addresses", async () => {
    const { look } = openLookup([["10.0.0.1", "::ffff:127.0.0.1", "8.8.8.8", "fd00::1", "2606:4700::1"]]);
    expect(await look()).toEqual(["8.8.8.8", "2606:4700::1"]);
    expect(await look({ family: 6 })).toEqual(["2606:4700::1"]);
    expect(await look({ family: 4 })).toEqual(["8.8.8.8"]);
    expect(await look({})).toEqual(["8.8.8.8"]);
  });

  it("gives all of them once private ones are allowed", async () => {
    expect(await openLookup([["10.0.0.1", "8.8.8.8"]], true).look()).toEqual(["10.0.0.1", "8.8.8.8"]);
  });

  it("says so when a name has no address of the kind that is wanted", async () => {
    expect(await openLookup([["8.8.8.8"]]).look({ family: 6 })).toBe("ENOTFOUND");
  });
});
