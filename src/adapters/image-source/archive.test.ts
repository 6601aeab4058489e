import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack, type Header } from "tar-stream";
import { afterAll, describe, expect, it } from "vitest";
import { ZipFile } from "yazl";
import { listAll, testImageSource } from "../../../test/conformance/image-source.ts";
import type { ImageSource, SourceItem } from "../../ports/image-source.ts";
import { createArchives } from "./archive.ts";
import { openSources } from "./open.ts";

const base = mkdtempSync(join(tmpdir(), "albumen-archive-"));
const opened: ImageSource[] = [];
afterAll(async () => {
  for (const source of opened) await source.close?.();
  rmSync(base, { recursive: true, force: true });
});
const scratch = join(base, "scratch");
const { signal } = new AbortController();
const wanted = { signal, before: null } as const;

type MoreHeader = Partial<Header> & { readonly name: string };
type Files = ReadonlyMap<string, Uint8Array>;
const TIME = new Date("2024-05-01T12:00:00Z");
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 7, 7);

async function zipOf(files: Files): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of files) zip.addBuffer(Buffer.from(bytes), name, { mtime: TIME });
  zip.end();
  return buffer(zip.outputStream);
}
async function tarOf(files: Files, more: readonly MoreHeader[] = []): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of files) tar.entry({ name, mtime: TIME }, Buffer.from(bytes));
  for (const header of more) tar.entry(header);
  tar.finalize();
  return buffer(tar);
}
const FORMATS = {
  zip: zipOf,
  tar: tarOf,
  "tar.gz": async (files: Files) => gzipSync(await tarOf(files)),
};

let archives = 0;
async function write(extension: string, bytes: Uint8Array): Promise<string> {
  const path = join(base, `${archives++}.${extension}`);
  await writeFile(path, bytes);
  return path;
}

function sourceOf(path: string, maxBytes?: number): ImageSource {
  const reader = createArchives({ scratch, ...(maxBytes === undefined ? {} : { maxBytes }) });
  const source = { ...reader, list: (signal: AbortSignal) => reader.list(path, null, signal) };
  opened.push(source);
  return source;
}

/** The entry's name, with what was made of it unless it is a picture. */
function shown(item: SourceItem): string {
  const source = item.kind === "location" ? item.location.source : item.source;
  const name = source.includes("!/") ? source.slice(source.indexOf("!/") + 2) : "whole";
  if (item.kind === "location") return name;
  return item.kind === "failed" ? `failed ${item.error.code} ${name}` : `${item.kind} ${name}`;
}
const list = async (source: ImageSource): Promise<string[]> => (await listAll(source)).map(shown);

for (const [format, make] of Object.entries(FORMATS)) {
  testImageSource(format, {
    create: async (files) => {
      const source = openSources({
        roots: [await write(format, await make(files))],
        exclude: [],
        user: null,
        columns: { url: null, user: null },
        scratch,
        stdin: () => process.stdin,
        urls: { read: () => Promise.reject(new Error("there are no URLs here")) },
        buckets: null,
      });
      opened.push(source);
      return source;
    },
  });

  describe(`pictures in a ${format}`, () => {
    it("are those by name or content; system files are passed over", async () => {
      const files = new Map([
        ["a.jpg", Uint8Array.of(1)],
        ["2024/may/b.PNG", Uint8Array.of(2)],
        ["no extension", JPEG],
        ["README", Uint8Array.of(3)],
        ["notes.txt", Uint8Array.of(4)],
        ["__MACOSX/._a.jpg", Uint8Array.of(5)],
        [".hidden.jpg", Uint8Array.of(6)],
      ]);
      const source = sourceOf(await write(format, await make(files)));
      expect(await list(source)).toEqual([
        "a.jpg",
        "2024/may/b.PNG",
        "no extension",
        "skipped README",
        "skipped notes.txt",
      ]);
      await source.close!();
    });

    it("are read again later, one alone or after the archive was closed", async () => {
      const files = new Map([
        ["a.jpg", Uint8Array.of(1, 2)],
        ["b.jpg", Uint8Array.of(3)],
      ]);
      const source = sourceOf(await write(format, await make(files)));
      const items = await listAll(source);
      const read = async (i: number) => {
        const item = items[i]!;
        if (item.kind !== "location") throw new Error(item.kind);
        const outcome = await source.read({ ...item.location, stamp: null }, wanted);
        return outcome.kind === "bytes" ? [...outcome.bytes] : null;
      };
      expect([await read(1), await read(0), await read(1)]).toEqual([[3], [1, 2], [3]]);
      await source.close!();
      expect(await read(0)).toEqual([1, 2]);
      await source.close!();
      expect(readdirSync(base).includes("scratch") ? readdirSync(scratch) : []).toEqual([]);
    });

    it("that are too large are refused unread", async () => {
      const files = new Map([
        ["a.jpg", new Uint8Array(1001)],
        ["b.jpg", Uint8Array.of(1)],
      ]);
      expect(await list(sourceOf(await write(format, await make(files)), 1000))).toEqual([
        "failed FILE_TOO_LARGE a.jpg",
        "b.jpg",
      ]);
    });

    it("are taken up to where the archive is damaged, and that is told", async () => {
      const files = new Map(["a.jpg", "b.jpg"].map((name) => [name, noise(100_000)]));
      const path = await write(format, await make(files));
      await truncate(path, 150_000);
      const found = await list(sourceOf(path));
      expect(found.at(-1)).toBe("failed ARCHIVE_CORRUPT whole");
      // A zip's list of entries is at its end.
      expect(found.slice(0, -1)).toEqual(
        format === "zip" ? [] : format === "tar" ? ["a.jpg", "b.jpg"] : ["a.jpg"],
      );
    });
  });
}

/** Bytes that do not shrink. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 255);
}

describe("a zip archive", () => {
  it("may name its entries as it likes: a name is never a path", async () => {
    const bytes = await zipOf(new Map([["aa/aa/evil.jpg", Uint8Array.of(1)]]));
    // The same length, so that the archive stays sound.
    const path = await write(
      "zip",
      Buffer.from(bytes.toString("latin1").replaceAll("aa/aa/", "../../"), "latin1"),
    );
    const [item] = await listAll(sourceOf(path));
    expect(item).toMatchObject({
      kind: "location",
      location: { source: `${path}!/../../evil.jpg`, name: "evil.jpg" },
    });
  });

  it("fails an encrypted entry and goes on", async () => {
    const bytes = await zipOf(
      new Map([
        ["a.jpg", Uint8Array.of(1)],
        ["b.jpg", Uint8Array.of(2)],
      ]),
    );
    const central = bytes.indexOf("PK\x01\x02", 0, "latin1");
    bytes[central + 8]! |= 1; // general purpose bit 0: encrypted
    expect(await list(sourceOf(await write("zip", bytes)))).toEqual([
      "failed ARCHIVE_ENCRYPTED a.jpg",
      "b.jpg",
    ]);
  });

  it("refuses a bomb by what it claims, and one that lies about it", async () => {
    const zeros = new Uint8Array(65 * 1024 * 1024);
    const path = await write("zip", await zipOf(new Map([["a.jpg", zeros]])));
    expect(await list(sourceOf(path))).toEqual(["failed FILE_TOO_LARGE a.jpg"]);
    const lying = await readFile(path);
    const central = lying.indexOf("PK\x01\x02", 0, "latin1");
    lying.writeUInt32LE(1000, central + 24); // uncompressed size
    const source = sourceOf(await write("zip", lying));
    const [item] = await listAll(source);
    if (item?.kind !== "location") throw new Error("it should look harmless");
    await expect(source.read(item.location, wanted)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT" });
    await source.close!();
  });

  it("stamps an entry by its content, not by the archive", async () => {
    const stamps = async (files: Files) =>
      (await listAll(sourceOf(await write("zip", await zipOf(files))))).map(
        (item) => item.kind === "location" && item.location.stamp,
      );
    const [a] = await stamps(new Map([["a.jpg", Uint8Array.of(1)]]));
    const [b, again] = await stamps(
      new Map([
        ["x.jpg", Uint8Array.of(2)],
        ["a.jpg", Uint8Array.of(1)],
      ]),
    );
    expect(again).toBe(a);
    expect(b).not.toBe(a);
  });

  it("tells a picture whose bytes do not fit its checksum", async () => {
    const bytes = await zipOf(new Map([["a.jpg", noise(2000)]]));
    bytes[bytes.indexOf("a.jpg") + 500]! ^= 1;
    const source = sourceOf(await write("zip", bytes));
    const [item] = await listAll(source);
    if (item?.kind !== "location") throw new Error("a.jpg is not listed");
    await expect(source.read(item.location, wanted)).rejects.toMatchObject({ code: "ARCHIVE_CORRUPT" });
    await source.close!();
  });
});

describe("a tar archive", () => {
  it("gives only files: links, pipes and devices are skipped", async () => {
    const headers: MoreHeader[] = [
      { name: "link.jpg", type: "symlink", linkname: "/etc/passwd" },
      { name: "hard.jpg", type: "link", linkname: "a.jpg" },
      { name: "pipe.jpg", type: "fifo" },
      { name: "folder.jpg/", type: "directory" },
    ];
    const bytes = await tarOf(new Map([["a.jpg", Uint8Array.of(1)]]), headers);
    expect(await list(sourceOf(await write("tar", bytes)))).toEqual([
      "a.jpg",
      "skipped link.jpg",
      "skipped hard.jpg",
      "skipped pipe.jpg",
    ]);
  });

  it("stops unpacking a bomb", async () => {
    const bytes = await tarOf(new Map([["a.txt", new Uint8Array(80 * 1024 * 1024)]]));
    expect(await list(sourceOf(await write("tar.gz", gzipSync(bytes))))).toEqual([
      "skipped a.txt",
      "failed FILE_TOO_LARGE whole",
    ]);
  });

  it("is read by its content, whatever it is called", async () => {
    const files = new Map([["a.jpg", Uint8Array.of(1)]]);
    expect(await list(sourceOf(await write("tar", gzipSync(await tarOf(files)))))).toEqual(["a.jpg"]);
    expect(await list(sourceOf(await write("tar", Buffer.from("BZh91AY"))))).toEqual([
      "failed SOURCE_UNSUPPORTED whole",
    ]);
    expect(await list(sourceOf(join(base, "gone.zip")))).toEqual(["failed FILE_NOT_FOUND whole"]);
  });
});
