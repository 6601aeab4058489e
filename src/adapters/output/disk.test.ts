import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { testOutput } from "../../../test/conformance/output.ts";
import { createDiskOutput } from "./disk.ts";

const made: string[] = [];
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))));

async function create() {
  const folder = await mkdtemp(join(tmpdir(), "albumen-output-"));
  made.push(folder);
  const root = join(folder, "out");
  const pathOf = (place: string) => (isAbsolute(place) ? place : join(root, place));
  return {
    folder,
    root,
    output: createDiskOutput(root),
    sourceAt: (name: string) => join(folder, "in", name),
    put: async (place: string, content: string) => {
      await mkdir(dirname(pathOf(place)), { recursive: true });
      await writeFile(pathOf(place), content);
    },
    read: (place: string) => readFile(pathOf(place), "utf8"),
  };
}

testOutput("disk", create);

describe("disk and symbolic links", () => {
  it("does not follow a folder that a link replaced", async () => {
    const { output, folder, root, put } = await create();
    await put("x", "x");
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(root, "Dogs"));
    await expect(output.makeFolder("Dogs")).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
    await expect(output.makeFolder("Dogs/Puppies")).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
    expect(await output.inspect("Dogs")).toMatchObject({ kind: "other" });
    expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  });

  it("links the file that a symbolic link among the sources leads to", async () => {
    const { output, sourceAt, put, read } = await create();
    await put(sourceAt("real.jpg"), "woof");
    await symlink("real.jpg", sourceAt("alias.jpg"));
    await output.makeFolder("Dogs");
    expect(await output.inspect(sourceAt("alias.jpg"))).toMatchObject({ kind: "link", sizeBytes: 4 });
    await output.link(sourceAt("alias.jpg"), "Dogs/a.jpg");
    expect(await output.inspect("Dogs/a.jpg")).toMatchObject({ kind: "file", links: 2 });
    expect(await read("Dogs/a.jpg")).toBe("woof");
  });
});
