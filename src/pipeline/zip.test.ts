import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, describe, expect, it } from "vitest";
import yauzl from "yauzl";
import { drawPicture, EXIF_OF_LONDON, toSharp } from "../../test/fixtures/images.ts";
import { createMemoryJournal } from "../adapters/journal/memory.ts";
import { createDiskOutput } from "../adapters/output/disk.ts";
import { writeZip } from "./zip.ts";

const made: string[] = [];
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))));

const WHOLE = { keepLocation: true };
const CALL = { signal: new AbortController().signal };

async function create(files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "albumen-zip-"));
  made.push(folder);
  const root = join(folder, "out");
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
    await utimes(join(root, path), 1_600_000_000, 1_600_000_000);
  }
  return { folder, root, target: { output: createDiskOutput(root), journal: createMemoryJournal() } };
}

/** Name → [content, compression method]. */
async function unzip(file: string): Promise<Map<string, [string, number]>> {
  const zip = await yauzl.openPromise(file);
  const entries = new Map<string, [string, number]>();
  for await (const entry of zip.eachEntry()) {
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    entries.set(entry.fileName, [bytes.toString(), entry.compressionMethod]);
  }
  zip.close();
  return entries;
}

describe("writeZip", () => {
  it("holds the tree and the extra files, pictures stored, text deflated, without the catalog", async () => {
    const { folder, target } = await create({
      "Höhlen 👩‍👩‍👧/a.jpg": "picture",
      "index.html": "gallery",
      ".albumen/catalog.db": "rows",
      ".albumen/thumbnails/ab/abcd.webp": "thumb",
    });
    const file = join(folder, "all.zip");
    const progress: number[] = [];
    const result = await writeZip(target, file, [".albumen/thumbnails/ab/abcd.webp"], WHOLE, {
      ...CALL,
      onProgress: (done) => progress.push(done),
    });
    expect(result).toEqual({ files: 3, sizeBytes: 19, leftOut: [] });
    expect(progress).toEqual([1, 2, 3]);
    expect(Object.fromEntries(await unzip(file))).toEqual({
      ".albumen/thumbnails/ab/abcd.webp": ["thumb", 0],
      "Höhlen 👩‍👩‍👧/a.jpg": ["picture", 0],
      "index.html": ["gallery", 8],
    });
  });

  it("is the same again, over its own earlier version, even inside the output", async () => {
    const { root, target } = await create({ "Dogs/a.jpg": "woof" });
    const file = join(root, "all.zip");
    await writeZip(target, file, [], WHOLE, CALL);
    const first = await readFile(file);
    await writeZip(target, file, [], WHOLE, CALL);
    expect((await readFile(file)).equals(first)).toBe(true);
    expect([...(await unzip(file)).keys()]).toEqual(["Dogs/a.jpg"]);
  });

  it("takes places out of pictures, and leaves out what it cannot take them out of, unless told to keep them", async () => {
    const { folder, root, target } = await create({
      "Dogs/big.tif": "II+\0 a BigTIFF",
      "Dogs/plain.jpg": "woof",
    });
    const located = await toSharp(drawPicture(40, 30, 1))
      .withExif(EXIF_OF_LONDON)
      .jpeg()
      .toBuffer();
    await writeFile(join(root, "Dogs/a.jpg"), located);
    const file = join(folder, "all.zip");
    const result = await writeZip(target, file, [], { keepLocation: false }, CALL);
    expect(result).toMatchObject({ files: 2, sizeBytes: located.length + 4 });
    expect(result.leftOut.map(({ place }) => place)).toEqual(["Dogs/big.tif"]);
    expect((await unzip(file)).has("Dogs/big.tif")).toBe(false);
    expect((await unzip(file)).get("Dogs/a.jpg")![0]).not.toBe(located.toString());
    expect(await readFile(join(root, "Dogs/a.jpg"))).toEqual(located);

    expect((await writeZip(target, file, [], WHOLE, CALL)).leftOut).toEqual([]);
    expect((await unzip(file)).get("Dogs/a.jpg")![0]).toBe(located.toString());
    expect((await unzip(file)).has("Dogs/big.tif")).toBe(true);
  });

  it("does not touch a file that it did not write", async () => {
    const { folder, target } = await create({ "Dogs/a.jpg": "woof" });
    const file = join(folder, "all.zip");
    await writeFile(file, "mine");
    await expect(writeZip(target, file, [], WHOLE, CALL)).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  it("leaves nothing behind when cancelled", async () => {
    const { folder, target } = await create({ "Dogs/a.jpg": "woof", "Dogs/b.jpg": "x".repeat(5_000_000) });
    const controller = new AbortController();
    const call = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(writeZip(target, join(folder, "all.zip"), [], WHOLE, call)).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(await readdir(folder)).toEqual(["out"]);
  });
});
