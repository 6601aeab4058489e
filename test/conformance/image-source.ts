/** What every backend of the ImageSource port must do. */
import { describe, expect, it } from "vitest";
import type { ImageSource, SourceItem } from "../../src/ports/image-source.ts";

export interface ImageSourceConformance {
  /** a source that holds exactly these files, by name */
  create(files: ReadonlyMap<string, Uint8Array>): Promise<ImageSource>;
}

const { signal } = new AbortController();

export async function listAll(source: ImageSource): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const item of source.list(signal)) items.push(item);
  return items;
}

export function testImageSource(name: string, { create }: ImageSourceConformance): void {
  const files = new Map([
    ["b.jpg", Uint8Array.of(1, 2, 3)],
    ["a.png", Uint8Array.of(4)],
    ["empty.jpg", new Uint8Array(0)],
  ]);

  describe(`image source ${name}`, () => {
    it("lists each file once and gives its bytes back, under the stamp it was listed with", async () => {
      const source = await create(files);
      const names: string[] = [];
      for (const item of await listAll(source)) {
        if (item.kind !== "location") throw new Error(`unexpected ${item.kind}`);
        names.push(item.location.name);
        const bytes = files.get(item.location.name)!;
        const read = await source.read(item.location, { signal, before: null });
        if (read.kind !== "bytes") throw new Error("no bytes");
        expect([...read.bytes]).toEqual([...bytes]);
        expect(read.stamp).toBe(item.location.stamp ?? read.stamp);
        expect(read.stamp).not.toBe("");
      }
      expect(names.sort()).toEqual(["a.png", "b.jpg", "empty.jpg"]);
    });

    it("lists in the same order, with the same stamps, every time", async () => {
      const source = await create(files);
      expect(await listAll(source)).toEqual(await listAll(source));
    });

    it("lists nothing of nothing", async () => {
      expect(await listAll(await create(new Map()))).toEqual([]);
    });

    it("gives bytes that the reader may change or detach", async () => {
      const source = await create(files);
      const item = (await listAll(source)).find(
        (found) => found.kind === "location" && found.location.name === "b.jpg",
      );
      if (item?.kind !== "location") throw new Error("b.jpg is not listed");
      const read = async () => {
        const outcome = await source.read(item.location, { signal, before: null });
        if (outcome.kind !== "bytes") throw new Error("no bytes");
        return outcome.bytes;
      };
      (await read()).fill(9);
      expect([...(await read())]).toEqual([1, 2, 3]);
    });

    it("says FILE_NOT_FOUND of a place that is not there", async () => {
      const source = await create(files);
      const location = { source: "/nowhere/x.jpg", name: "x.jpg", user: null, stamp: "1:1:1" };
      await expect(source.read(location, { signal, before: null })).rejects.toMatchObject({
        code: "FILE_NOT_FOUND",
      });
    });

    it("stops within one item once cancelled", async () => {
      const source = await create(files);
      const controller = new AbortController();
      const seen: SourceItem[] = [];
      const reading = (async () => {
        for await (const item of source.list(controller.signal)) {
          seen.push(item);
          controller.abort();
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: "ABORTED" });
      expect(seen.length).toBe(1);
    });
  });
}
