import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawDemo, writeDemo } from "./sharp.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "albumen-demo-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function firstHashes(count: number, seed: number): Promise<string[]> {
  const hashes: string[] = [];
  for await (const { name, bytes } of drawDemo({ seed })) {
    hashes.push(`${name} ${createHash("sha256").update(bytes).digest("hex")}`);
    if (hashes.length === count) break;
  }
  return hashes;
}

describe("drawDemo", () => {
  it("draws the same bytes for the same seed and others for another", async () => {
    const [one, again, other] = [await firstHashes(3, 1), await firstHashes(3, 1), await firstHashes(3, 2)];
    expect(again).toEqual(one);
    expect(other.filter((hash) => one.includes(hash))).toEqual([]);
  });

  it("stops when it is aborted", async () => {
    const control = new AbortController();
    const draw = async () => {
      for await (const image of drawDemo({ signal: control.signal })) {
        expect(image.bytes.length).toBeGreaterThan(0);
        control.abort();
      }
    };
    await expect(draw()).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("writeDemo", () => {
  it("leaves nothing behind when it is aborted", async () => {
    const parent = join(dir, "aborted");
    await expect(writeDemo(join(parent, "demo"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(await readdir(parent)).toEqual([]);
  });

  it("refuses a folder with something in it, and a file", async () => {
    const folder = join(dir, "taken");
    await mkdir(folder);
    await writeFile(join(folder, "mine.txt"), "mine");
    await expect(writeDemo(folder)).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
    await expect(writeDemo(join(folder, "mine.txt"))).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
    expect(await readdir(folder)).toEqual(["mine.txt"]);
  });
});
