/** What every backend of the BlobStore port must do. */
import { describe, expect, it } from "vitest";
import type { BlobStore } from "../../src/ports/blob-store.ts";

const KEY = "0123456789abcdef";

export function testBlobStore(name: string, options: { create(): Promise<BlobStore> }): void {
  describe(`blob store ${name}`, () => {
    it("gives back what was put", async () => {
      const store = await options.create();
      await store.put(KEY, Uint8Array.of(1, 2, 3));
      expect(await store.has(KEY)).toBe(true);
      expect([...(await store.get(KEY))!]).toEqual([1, 2, 3]);
    });

    it("knows nothing of other keys", async () => {
      const store = await options.create();
      await store.put(KEY, Uint8Array.of(1));
      expect(await store.has("fedcba98")).toBe(false);
      expect(await store.get("fedcba98")).toBeNull();
    });

    it("keeps the first bytes of a key", async () => {
      const store = await options.create();
      await store.put(KEY, Uint8Array.of(1));
      await store.put(KEY, Uint8Array.of(2));
      expect([...(await store.get(KEY))!]).toEqual([1]);
    });

    it("keeps its own copy", async () => {
      const store = await options.create();
      const bytes = Uint8Array.of(1);
      await store.put(KEY, bytes);
      bytes[0] = 9;
      (await store.get(KEY))!.fill(9);
      expect([...(await store.get(KEY))!]).toEqual([1]);
    });

    it("forgets what is deleted, and what was never there", async () => {
      const store = await options.create();
      await store.put(KEY, Uint8Array.of(1));
      await store.delete(KEY);
      await store.delete(KEY);
      expect(await store.has(KEY)).toBe(false);
    });

    it("takes many writers of one key", async () => {
      const store = await options.create();
      const bytes = new Uint8Array(100_000).fill(7);
      await Promise.all(Array.from({ length: 20 }, () => store.put(KEY, bytes)));
      expect((await store.get(KEY))!.length).toBe(100_000);
    });

    it.each(["", "abc", "ABCD", "../../etc/passwd", "a".repeat(65), "ab/cd"])(
      "refuses the key %j",
      async (key) => {
        const store = await options.create();
        await expect(store.put(key, Uint8Array.of(1))).rejects.toMatchObject({ code: "INTERNAL" });
      },
    );
  });
}
