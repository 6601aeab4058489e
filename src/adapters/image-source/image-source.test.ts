import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { appendFile, chmod, mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { listAll, testImageSource } from "../../../test/conformance/image-source.ts";
import { makeHostileFolder } from "../../../test/fixtures/images.ts";
import { available, missing, titleOf, type Available } from "../../../test/support/skip.ts";
import type { SourceItem } from "../../ports/image-source.ts";
import { createFolderSource, isGlob } from "./folder.ts";
import { createMemorySource } from "./memory.ts";

const scratch = mkdtempSync(join(tmpdir(), "albumen-source-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
async function freshFolder(): Promise<string> {
  const folder = join(scratch, String(folders++));
  await mkdir(folder);
  return folder;
}

/** Makes the files (with their folders), each holding its own name. */
async function write(folder: string, ...names: readonly (string | Buffer)[]): Promise<void> {
  for (const name of names) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
    if (typeof name === "string" && name.includes("/"))
      await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(path, name);
  }
}

const { signal } = new AbortController();
const wanted = { signal, before: null } as const;

testImageSource("memory", {
  create: async (files) => createMemorySource([...files].map(([source, bytes]) => ({ source, bytes }))),
});
testImageSource("folder", {
  create: async (files) => {
    const folder = await freshFolder();
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    return createFolderSource({ roots: [folder] });
  },
});

/** `photo.jpg` for a location, `skipped notes.txt`, `failed FILE_… name`; paths from `folder`. */
function describeItem(item: SourceItem, folder: string): string {
  if (item.kind === "location") return relative(folder, item.location.source);
  const name = relative(folder, item.source);
  return item.kind === "failed" ? `failed ${item.error.code} ${name}` : `${item.kind} ${name}`;
}

async function list(
  folder: string,
  options: Partial<Parameters<typeof createFolderSource>[0]> = {},
): Promise<string[]> {
  const items = await listAll(createFolderSource({ roots: [folder], ...options }));
  return items.map((item) => describeItem(item, folder));
}

describe("the folder source", () => {
  it("lists all that is below, bytewise by path, and says what it skips", async () => {
    const folder = await freshFolder();
    await write(
      folder,
      "b/x.jpg",
      "b.jpg",
      "B.png",
      "a/deep/er/1.heic",
      "é.jpg",
      "z.JPEG",
      "notes.txt",
      "🌅.webp",
      "ｆ.gif",
    );
    // As bytes: B < a < b. < b/ < n < z < é (c3) < ｆ (ef) < 🌅 (f0); as UTF-16 the last two would change places.
    expect(await list(folder)).toEqual([
      "B.png",
      "a/deep/er/1.heic",
      "b.jpg",
      "b/x.jpg",
      "skipped notes.txt",
      "z.JPEG",
      "é.jpg",
      "ｆ.gif",
      "🌅.webp",
    ]);
  });

  it("orders any names as their whole paths are ordered", async () => {
    const name = fc.stringMatching(/^[a-c. !~0]{1,4}$/).filter((text) => !/^\.|^ | $|\.$/.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
        async (paths) => {
          const folder = await freshFolder();
          for (const path of paths) await write(folder, `${path.join("/")}x.jpg`).catch(() => undefined); // a file is in the way
          const names = await list(folder);
          expect(names).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("passes over hidden files, system files and catalogs", async () => {
    const folder = await freshFolder();
    await write(
      folder,
      ".hidden.jpg",
      ".albumen/thumbnails/ab/cd/abcd.webp",
      "@eaDir/x.jpg",
      "__MACOSX/._a.jpg",
      "._a.jpg",
      "a.jpg",
    );
    expect(await list(folder)).toEqual(["a.jpg"]);
  });

  it("enters no excluded folder, by whatever path it is reached", async () => {
    const folder = await freshFolder();
    await write(folder, "a.jpg", "albums/Dogs/a.jpg");
    await symlink(join(folder, "albums"), join(folder, "link to albums"));
    const exclude = [join(folder, "albums"), join(folder, "nowhere")];
    expect(await list(folder, { exclude })).toEqual(["a.jpg"]);
  });

  it("enters every folder once, however the links loop", async () => {
    const folder = await freshFolder();
    await write(folder, "in/1.jpg");
    await symlink(folder, join(folder, "in/up"));
    await symlink(join(folder, "in"), join(folder, "again"));
    await symlink(join(folder, "self"), join(folder, "self"));
    expect(await list(folder)).toEqual(["again/1.jpg", "failed FILE_UNREADABLE self"]);
  });

  it("follows links to files, or counts them as skipped when told not to", async () => {
    const folder = await freshFolder();
    await write(folder, "a.jpg");
    await symlink(join(folder, "a.jpg"), join(folder, "b.jpg"));
    await symlink(join(folder, "nowhere.jpg"), join(folder, "c.jpg"));
    expect(await list(folder)).toEqual(["a.jpg", "b.jpg", "failed FILE_NOT_FOUND c.jpg"]);
    expect(await list(folder, { followSymlinks: false })).toEqual([
      "a.jpg",
      "skipped b.jpg",
      "skipped c.jpg",
    ]);
  });

  it("knows images without an extension by their bytes, whatever else has none", async () => {
    const folder = await freshFolder();
    const expected = await makeHostileFolder(folder);
    const items = await listAll(createFolderSource({ roots: [folder] }));
    expect(items.length).toBe(expected.size);
    for (const item of items) {
      const source = item.kind === "location" ? item.location.source : item.source;
      const isListed = item.kind === "location";
      expect([source, isListed]).toEqual([source, expected.get(source)!.kind !== "skipped"]);
    }
  });

  it("fails a name that is not UTF-8 and goes on", async ({ skip }) => {
    const folder = await freshFolder();
    try {
      await write(folder, Buffer.from("caf\xe9.jpg", "latin1"), "a.jpg", "z.jpg");
    } catch {
      skip("this file system takes no name that is not UTF-8");
    }
    expect(await list(folder)).toEqual(["a.jpg", "failed FILE_UNREADABLE caf\\xe9.jpg", "z.jpg"]);
  });

  const unprivileged: Available<true> =
    process.getuid?.() === 0 ? missing("the super-user may read every folder") : available(true);
  it.skipIf(!unprivileged.isAvailable)(
    titleOf("fails a folder it may not read and goes on", unprivileged),
    async () => {
      const folder = await freshFolder();
      await write(folder, "a.jpg", "locked/b.jpg", "z.jpg");
      await chmod(join(folder, "locked"), 0);
      expect(await list(folder)).toEqual(["a.jpg", "failed FILE_UNREADABLE locked", "z.jpg"]);
      await chmod(join(folder, "locked"), 0o700);
    },
  );

  it("skips pipes and sockets instead of waiting for them", async () => {
    const folder = await freshFolder();
    execFileSync("mkfifo", [join(folder, "pipe.jpg"), join(folder, "pipe")]);
    expect(await list(folder)).toEqual(["skipped pipe", "skipped pipe.jpg"]);
  });

  it("takes single files, and several roots, each place once", async () => {
    const folder = await freshFolder();
    await write(folder, "a.jpg", "sub/b.jpg", "notes.txt");
    const roots = ["sub/b.jpg", "sub", ".", "missing.jpg", "notes.txt"].map((name) => join(folder, name));
    expect(await list(folder, { roots })).toEqual([
      "sub/b.jpg",
      "a.jpg",
      "skipped notes.txt",
      "failed FILE_NOT_FOUND missing.jpg",
    ]);
  });

  it("takes globs, and files whose names look like one", async () => {
    const folder = await freshFolder();
    await write(folder, "a.jpg", "b.png", "sub/c.jpg", "sub/deep/d.jpg", "odd [1].jpg", "notes.txt");
    const glob = (pattern: string) => list(folder, { roots: [join(folder, pattern)] });
    expect(await glob("*.jpg")).toEqual(["a.jpg", "odd [1].jpg"]);
    expect(await glob("**/*.jpg")).toEqual(["a.jpg", "odd [1].jpg", "sub/c.jpg", "sub/deep/d.jpg"]);
    expect(await glob("sub/*")).toEqual(["sub/c.jpg"]);
    expect(await glob("{a,b}.*")).toEqual(["a.jpg", "b.png"]);
    expect(await glob("*.t?t")).toEqual(["skipped notes.txt"]);
    expect(await glob("odd [1].jpg")).toEqual(["odd [1].jpg"]);
    expect(await glob("*.gif")).toEqual([]);
    expect([isGlob("photos/*.jpg"), isGlob("photos")]).toEqual([true, false]);
  });

  it("names the owner in every location", async () => {
    const folder = await freshFolder();
    await write(folder, "a.jpg");
    const [item] = await listAll(createFolderSource({ roots: [folder], user: "ana" }));
    expect(item).toMatchObject({ kind: "location", location: { user: "ana", name: "a.jpg" } });
  });

  it("stamps a file anew when it is written or replaced, and only then", async () => {
    const folder = await freshFolder();
    const path = join(folder, "a.jpg");
    const stamp = async () => {
      const [item] = await listAll(createFolderSource({ roots: [folder] }));
      return item?.kind === "location" ? item.location.stamp : null;
    };
    await write(folder, "a.jpg", "b.txt");
    const time = new Date("2024-01-01T00:00:00Z");
    await utimes(path, time, time);
    const first = await stamp();
    expect(await stamp()).toBe(first);
    // Same size, same time, other file.
    await writeFile(join(folder, "b.txt"), "A.JPG");
    await utimes(join(folder, "b.txt"), time, time);
    await rename(join(folder, "b.txt"), path);
    const second = await stamp();
    expect(second).not.toBe(first);
    await utimes(path, time, new Date("2024-01-01T00:00:00.001Z"));
    expect(await stamp()).not.toBe(second);
  });
});

describe("reading from the folder source", () => {
  const location = (source: string) => ({ source, name: "", user: null, stamp: null });

  it("says so when a file changes under its hands", async () => {
    const folder = await freshFolder();
    const path = join(folder, "growing.jpg");
    await writeFile(path, new Uint8Array(64 * 1024 * 1024));
    const source = createFolderSource({ roots: [folder] });
    const reading = expect(source.read(location(path), wanted)).rejects.toMatchObject({
      code: "FILE_CHANGED",
      isRetryable: true,
    });
    const stop = new AbortController();
    const growing = (async () => {
      while (!stop.signal.aborted) await appendFile(path, "x");
    })();
    await reading;
    stop.abort();
    await growing;
  });

  it("refuses a file over the limit without reading it", async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, "big.jpg"), new Uint8Array(1001));
    const source = createFolderSource({ roots: [folder], maxBytes: 1000 });
    await expect(source.read(location(join(folder, "big.jpg")), wanted)).rejects.toMatchObject({
      code: "FILE_TOO_LARGE",
    });
  });

  it("gives bytes that own their buffer, so that they can move to a thread", async () => {
    const folder = await freshFolder();
    await write(folder, "a.jpg");
    const source = createFolderSource({ roots: [folder] });
    const read = await source.read(location(join(folder, "a.jpg")), wanted);
    if (read.kind !== "bytes") throw new Error("no bytes");
    const { bytes } = read;
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
  });

  it("does not hang on a pipe that took a file's place", async () => {
    const folder = await freshFolder();
    execFileSync("mkfifo", [join(folder, "a.jpg")]);
    const source = createFolderSource({ roots: [folder] });
    await expect(source.read(location(join(folder, "a.jpg")), wanted)).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
    });
  });
});
