import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { scanFiles } from "./scan-files.ts";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));
const { signal } = new AbortController();
const bytes = (text: string) => Buffer.from(text, "latin1");

describe("scanFiles", () => {
  it("finds a string anywhere: across blocks, in a compressed file, in a name, below folders", async () => {
    const folder = mkdtempSync(join(tmpdir(), "albumen-scan-"));
    folders.push(folder);
    mkdirSync(join(folder, "deep"));
    const block = 1 << 20;
    writeFileSync(
      join(folder, "across.db"),
      Buffer.concat([Buffer.alloc(block - 3), bytes("needle"), Buffer.alloc(9)]),
    );
    writeFileSync(join(folder, "deep", "packed.json.gz"), gzipSync(`{"a":"needle"}`));
    writeFileSync(join(folder, "deep", "needle.webp"), "nothing inside");
    writeFileSync(join(folder, "clean"), "needl e");
    const {
      files,
      bytes: read,
      found,
    } = await scanFiles([folder, join(folder, "not there")], [bytes("needle")], signal);
    expect(files).toBe(4);
    expect(read).toBe(block + 12 + 14 + 14 + 7);
    expect(found.map((path) => path.slice(folder.length + 1)).sort()).toEqual(
      ["across.db", join("deep", "needle.webp"), join("deep", "packed.json.gz")].sort(),
    );
  });
});
