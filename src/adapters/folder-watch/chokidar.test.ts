import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { watchFolders } from "./chokidar.ts";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "albumen-watched-")));
  folders.push(folder);
  return folder;
}

describe("watchFolders", () => {
  it("tells of new files once each has settled, and not of excluded ones", async () => {
    const folder = makeFolder();
    mkdirSync(join(folder, "out"));
    writeFileSync(join(folder, "old.jpg"), "was there");
    const stop = new AbortController();
    const answers = watchFolders([folder], { exclude: [join(folder, "out")], settleMs: 200 }, stop.signal);
    expect(await answers.next()).toEqual({ done: false, value: 0 }); // it watches
    const first = answers.next();
    writeFileSync(join(folder, "out", "made.jpg"), "ours");
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep", "b.jpg"), "whole");
    writeFileSync(join(folder, "deep", "c.jpg"), "whole");
    const growing = join(folder, "a.jpg");
    writeFileSync(growing, "half");
    let isWritten = false;
    const writing = (async () => {
      for (let i = 0; i < 8; i++) {
        await wait(100);
        appendFileSync(growing, " more");
      }
      isWritten = true;
    })();
    let told = 0;
    for (let next = first; told < 3; next = answers.next()) {
      const { value } = await next;
      told += value ?? 0;
      if (told === 3) expect(isWritten).toBe(true);
    }
    await writing;

    const last = answers.next();
    stop.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });
});
