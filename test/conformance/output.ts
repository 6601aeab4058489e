/** What every `Output` keeps to. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Output } from "../../src/ports/output.ts";

export interface OutputUnderTest {
  readonly output: Output;
  /** an absolute place for a source of this name */
  sourceAt(name: string): string;
  /** makes a file as a user would, folders and all */
  put(place: string, content: string): Promise<void>;
  read(place: string): Promise<string>;
}

export function testOutput(name: string, create: () => Promise<OutputUnderTest>): void {
  const signal = new AbortController().signal;
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

  describe(name, () => {
    it("sees files and folders, and nothing where nothing is", async () => {
      const { output, put, sourceAt } = await create();
      await put("Dogs/a.jpg", "woof");
      await put(sourceAt("b.jpg"), "miau");
      expect(await output.inspect("Dogs")).toMatchObject({ kind: "folder" });
      expect(await output.inspect("Dogs/a.jpg")).toMatchObject({ kind: "file", sizeBytes: 4, links: 1 });
      expect(await output.inspect(sourceAt("b.jpg"))).toMatchObject({ kind: "file" });
      expect(await output.inspect("Dogs/b.jpg")).toBeNull();
      expect(await output.inspect("Dogs/a.jpg/b.jpg")).toBeNull();
      expect(await output.sha256("Dogs/a.jpg", signal)).toBe(sha256("woof"));
    });

    it("lists all but the catalog, sorted", async () => {
      const { output, put, sourceAt } = await create();
      expect(await output.list(signal)).toEqual([]);
      for (const place of ["b/2.jpg", "b/1.jpg", "a.txt", ".albumen/catalog.db", "b/.albumen"])
        await put(place, "x");
      await put(sourceAt("s.jpg"), "x");
      expect(await output.list(signal)).toEqual([
        { path: "a.txt", kind: "file" },
        { path: "b", kind: "folder" },
        { path: "b/.albumen", kind: "file" },
        { path: "b/1.jpg", kind: "file" },
        { path: "b/2.jpg", kind: "file" },
      ]);
    });

    it("makes folders and those above, twice as well as once, but not where a file is", async () => {
      const { output, put } = await create();
      await output.makeFolder("a/b");
      await output.makeFolder("a/b");
      await put("a/file", "x");
      await expect(output.makeFolder("a/file")).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
      await expect(output.makeFolder("a/file/c")).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
      expect(await output.removeFolder("a")).toBe("not-empty");
      expect(await output.removeFolder("a/b")).toBe("done");
      expect(await output.removeFolder("a/b")).toBe("done");
      expect((await output.list(signal)).map(({ path }) => path)).toEqual(["a", "a/file"]);
    });

    it("links: one file under two names", async () => {
      const { output, put, read, sourceAt } = await create();
      await put(sourceAt("a.jpg"), "woof");
      await output.makeFolder("Dogs");
      const before = await output.inspect(sourceAt("a.jpg"));
      if ((await output.link(sourceAt("a.jpg"), "Dogs/a.jpg")) === "unsupported") return;
      expect(await output.inspect("Dogs/a.jpg")).toEqual({ ...before, links: 2 });
      await output.remove(sourceAt("a.jpg"));
      expect(await read("Dogs/a.jpg")).toBe("woof");
      expect(await output.inspect("Dogs/a.jpg")).toEqual(before);
    });

    it("copies and clones: another file with the same bytes and time", async () => {
      const { output, put, read, sourceAt } = await create();
      await put(sourceAt("a.jpg"), "woof");
      await output.makeFolder("Dogs");
      await output.copy(sourceAt("a.jpg"), "Dogs/a.jpg", signal);
      await output.flush("Dogs/a.jpg");
      const [original, copy] = [await output.inspect(sourceAt("a.jpg")), await output.inspect("Dogs/a.jpg")];
      expect(await read("Dogs/a.jpg")).toBe("woof");
      expect(copy!.stamp).not.toBe(original!.stamp);
      expect(copy!.modifiedMs).toBeCloseTo(original!.modifiedMs, -1);
      if ((await output.clone(sourceAt("a.jpg"), "Dogs/b.jpg")) === "done")
        expect(await read("Dogs/b.jpg")).toBe("woof");
      else expect(await output.inspect("Dogs/b.jpg")).toBeNull();
    });

    it("renames files and folders, which keep their stamps", async () => {
      const { output, put, read } = await create();
      await put("Dogs/a.jpg", "woof");
      const before = await output.inspect("Dogs/a.jpg");
      expect(await output.rename("Dogs", "Puppies")).toBe("done");
      expect(await output.rename("Puppies/a.jpg", "Puppies/b.jpg")).toBe("done");
      expect(await read("Puppies/b.jpg")).toBe("woof");
      expect(await output.inspect("Puppies/b.jpg")).toEqual(before);
      expect(await output.inspect("Dogs")).toBeNull();
    });

    it("overwrites nothing, whichever verb is asked to", async () => {
      const { output, put, read, sourceAt } = await create();
      await put(sourceAt("a.jpg"), "new");
      await put("Dogs/a.jpg", "old");
      await put("Cats/c.jpg", "cat");
      await put("full/x", "x");
      const attempts = [
        () => output.link(sourceAt("a.jpg"), "Dogs/a.jpg"),
        () => output.clone(sourceAt("a.jpg"), "Dogs/a.jpg"),
        () => output.copy(sourceAt("a.jpg"), "Dogs/a.jpg", signal),
        () => output.rename(sourceAt("a.jpg"), "Dogs/a.jpg"),
        () => output.rename("Cats", "full"),
        () => output.write("Dogs/a.jpg", [new TextEncoder().encode("new")], signal),
      ];
      for (const attempt of attempts) {
        const outcome = await attempt().catch((error: unknown) => error);
        if (outcome !== "unsupported") expect(outcome).toMatchObject({ code: "OUTPUT_CONFLICT" });
        expect(await read("Dogs/a.jpg")).toBe("old");
        expect(await read(sourceAt("a.jpg"))).toBe("new");
        expect(await read("full/x")).toBe("x");
      }
    });

    it("never leaves the root", async () => {
      const { output, put, sourceAt } = await create();
      await put(sourceAt("a.jpg"), "x");
      for (const place of ["../a.jpg", "Dogs/../../a.jpg", "Dogs//a.jpg", "./a.jpg", ".."]) {
        await expect(output.link(sourceAt("a.jpg"), place), place).rejects.toMatchObject({
          code: "OUTPUT_CONFLICT",
        });
        await expect(output.makeFolder(place), place).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
        await expect(output.remove(place), place).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
      }
    });

    it("says that a source is missing", async () => {
      const { output, sourceAt } = await create();
      await output.makeFolder("Dogs");
      for (const verb of ["link", "clone", "copy"] as const)
        await expect(output[verb](sourceAt("no.jpg"), "Dogs/no.jpg", signal)).rejects.toMatchObject({
          code: "FILE_NOT_FOUND",
        });
      await expect(output.sha256(sourceAt("no.jpg"), signal)).rejects.toMatchObject({
        code: "FILE_NOT_FOUND",
      });
    });

    it("writes, replaces and removes its own files", async () => {
      const { output, read } = await create();
      const bytes = (text: string) => [new TextEncoder().encode(text), new TextEncoder().encode("!")];
      await output.makeFolder("d");
      await output.write("d/index.html", bytes("one"), signal);
      await output.write("d/next", bytes("two"), signal);
      await output.replace("d/next", "d/index.html");
      expect(await read("d/index.html")).toBe("two!");
      expect(await output.inspect("d/next")).toBeNull();
      await output.remove("d/index.html");
      await output.remove("d/index.html");
      expect(await output.inspect("d/index.html")).toBeNull();
    });
  });
}
