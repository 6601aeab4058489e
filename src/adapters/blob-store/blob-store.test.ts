import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { testBlobStore } from "../../../test/conformance/blob-store.ts";
import { available, missing, titleOf, type Available } from "../../../test/support/skip.ts";
import { createFolderBlobStore } from "./folder.ts";
import { createMemoryBlobStore } from "./memory.ts";

const scratch = mkdtempSync(join(tmpdir(), "albumen-blobs-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
const freshCatalog = () => join(scratch, String(folders++));
const open = (catalog: string) =>
  createFolderBlobStore({ catalog, folder: "thumbnails", extension: ".webp" });

testBlobStore("memory", { create: async () => createMemoryBlobStore() });
testBlobStore("folder", { create: async () => open(freshCatalog()) });

describe("the folder blob store", () => {
  it("says where a key lies, and puts it there", async () => {
    const catalog = freshCatalog();
    const store = open(catalog);
    await store.put("abcdef", Uint8Array.of(1));
    expect(store.pathOf("abcdef")).toBe("thumbnails/ab/cd/abcdef.webp");
    expect(await readdir(join(catalog, "thumbnails/ab/cd"))).toEqual(["abcdef.webp"]);
  });

  it("says OUTPUT_UNWRITABLE, and leaves nothing behind, when a file stands in its way", async () => {
    const catalog = freshCatalog();
    await mkdir(join(catalog, "thumbnails"), { recursive: true });
    await writeFile(join(catalog, "thumbnails/aa"), "a file where a folder should be");
    await expect(open(catalog).put("aabbcc", Uint8Array.of(1))).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
    });
    expect(readdirSync(join(catalog, "thumbnails")).sort()).toEqual(["aa"]);
  });

  const unprivileged: Available<true> =
    process.getuid?.() === 0 ? missing("the super-user may write read-only folders") : available(true);
  it.skipIf(!unprivileged.isAvailable)(titleOf("says that a folder is read-only", unprivileged), async () => {
    const catalog = freshCatalog();
    await mkdir(catalog);
    await chmod(catalog, 0o500);
    await expect(open(catalog).put("abcdef", Uint8Array.of(1))).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
    });
  });

  const smallDisk = mountSmallDisk();
  it.skipIf(!smallDisk.isAvailable)(
    titleOf("says DISK_FULL, keeps what it has, and leaves no half file", smallDisk),
    async () => {
      if (!smallDisk.isAvailable) return;
      try {
        const store = open(smallDisk.value);
        await store.put("aaaa", new Uint8Array(100_000));
        await expect(store.put("aabb", new Uint8Array(2_000_000))).rejects.toMatchObject({
          code: "DISK_FULL",
        });
        expect((await store.get("aaaa"))!.length).toBe(100_000);
        expect(await store.has("aabb")).toBe(false);
        expect(await readdir(join(smallDisk.value, "thumbnails/aa/bb"))).toEqual([]);
      } finally {
        execFileSync("umount", [smallDisk.value]);
      }
    },
  );
});

/** A disk of 1 MB in memory; only the super-user of a Linux machine may make one. */
function mountSmallDisk(): Available<string> {
  const folder = mkdtempSync(join(scratch, "disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
    return available(folder);
  } catch {
    return missing("a small tmpfs cannot be mounted here");
  }
}
