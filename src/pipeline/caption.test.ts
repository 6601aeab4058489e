import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMemoryBlobStore } from "../adapters/blob-store/memory.ts";
import { createPpmDecoder, encodePpm } from "../adapters/image-decoder/ppm.ts";
import { createMemorySource } from "../adapters/image-source/memory.ts";
import { openDatabase } from "../adapters/store/database.ts";
import { createSqliteStore } from "../adapters/store/sqlite.ts";
import { AlbumenError } from "../errors.ts";
import type { Captioner } from "../ports/captioner.ts";
import { captionImages } from "./caption.ts";
import type { PipelineEvent } from "./events.ts";

/** Says the red of a picture, unless `say` has something else in mind. */
function captionerOf(
  say: (reds: readonly number[]) => ReturnType<Captioner["caption"]> = async (reds) =>
    reds.map((red) => ({ text: `red ${red}`, score: -1 })),
): Captioner & { readonly batches: number[][]; disposals: number } {
  const batches: number[][] = [];
  const captioner = {
    id: "reds@1",
    maxBatch: 4,
    input: { side: 2, fit: "squash", resizeTo: 2, filter: "bilinear" } as const,
    batches,
    disposals: 0,
    async caption(images: readonly { data: Uint8Array }[]) {
      const reds = images.map(({ data }) => data[0]!);
      batches.push(reds);
      return say(reds);
    },
    async dispose() {
      captioner.disposals++;
    },
  };
  return captioner;
}

function shelfOf(reds: readonly number[]) {
  const bytes = reds.map((red) =>
    encodePpm({
      width: 2,
      height: 2,
      data: Uint8Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? red : 0)),
    }),
  );
  const images = bytes.map((data) => createHash("sha256").update(data).digest("hex"));
  const source = createMemorySource(bytes.map((data, i) => ({ source: `${i}.ppm`, bytes: data })));
  const store = createSqliteStore({ db: openDatabase(":memory:"), vectorFolder: null });
  const events: PipelineEvent[] = [];
  const write = async (
    captioner: Captioner,
    { sendsTo = null as string | null, signal = new AbortController().signal, some = images } = {},
  ) => {
    const kept = await captionImages(
      some,
      "captions/reds@1",
      { open: async () => captioner, sendsTo },
      {
        store,
        decoder: createPpmDecoder(),
        source,
        originals: createMemoryBlobStore(),
        placesOf: async (image) => {
          const i = images.indexOf(image);
          return i < 0 ? [] : [{ source: `${i}.ppm`, name: `${i}.ppm`, user: null, stamp: "1" }];
        },
      },
      { signal, report: (event) => events.push(event) },
    );
    return some.map((image) => kept.get(image)?.text ?? null);
  };
  const notices = () => events.flatMap((event) => (event.kind === "notice" ? [event.text] : []));
  return { images, write, notices, events };
}

describe("captionImages", () => {
  it("writes a caption an image in batches, once", async () => {
    const shelf = shelfOf([1, 2, 3, 4, 5]);
    const first = captionerOf();
    expect(await shelf.write(first)).toEqual(["red 1", "red 2", "red 3", "red 4", "red 5"]);
    expect(first.batches).toEqual([[1, 2, 3, 4], [5]]);
    expect(first.disposals).toBe(1);
    expect(shelf.events.at(-1)).toEqual({ kind: "progress", stage: "caption", done: 5, total: 5 });
    const second = captionerOf();
    expect(await shelf.write(second)).toEqual(["red 1", "red 2", "red 3", "red 4", "red 5"]);
    expect(second.batches).toEqual([]);
    expect(shelf.notices()).toEqual([]);
  });

  it("halves a batch that does not fit into memory, and keeps the order", async () => {
    const shelf = shelfOf([1, 2, 3, 4]);
    const captioner = captionerOf(async (reds) => {
      if (reds.length > 1) throw new AlbumenError("OUT_OF_MEMORY", "too many", { isRetryable: true });
      return reds.map((red) => ({ text: `red ${red}`, score: -1 }));
    });
    expect(await shelf.write(captioner)).toEqual(["red 1", "red 2", "red 3", "red 4"]);
    expect(captioner.batches.map((batch) => batch.length)).toEqual([4, 2, 1, 1, 2, 1, 1]);
    expect(shelf.notices()).toEqual([]);
  });

  it("goes on without the images that the captioner fails on, and says how many and why", async () => {
    const shelf = shelfOf([1, 13, 3, 14]);
    const captioner = captionerOf(async (reds) => {
      if (reds.includes(13)) throw new Error("thirteen");
      return reds.map((red) =>
        red === 14
          ? new AlbumenError("LLM_ANSWER_INVALID", "The model's answer is empty.")
          : { text: `red ${red}`, score: -1 },
      );
    });
    expect(await shelf.write(captioner)).toEqual(["red 1", null, "red 3", null]);
    expect(shelf.notices()).toEqual(["2 pictures without a caption: thirteen"]);
  });

  it("takes an empty caption for none", async () => {
    const shelf = shelfOf([1]);
    expect(await shelf.write(captionerOf(async () => [{ text: "", score: 0 }]))).toEqual([null]);
    expect(shelf.notices()).toEqual(["1 picture without a caption: The caption is empty."]);
  });

  it("stops asking a captioner that is gone, keeps what it wrote, and says so", async () => {
    const shelf = shelfOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const captioner = captionerOf(async (reds) => {
      if (reds.includes(5)) throw new AlbumenError("LLM_UNREACHABLE", "It is down.", { hint: "Start it." });
      return reds.map((red) => ({ text: `red ${red}`, score: -1 }));
    });
    const texts = await shelf.write(captioner);
    expect(texts).toEqual(["red 1", "red 2", "red 3", "red 4", null, null, null, null, null]);
    expect(captioner.batches.length).toBe(2);
    expect(captioner.disposals).toBe(1);
    expect(shelf.notices()).toEqual(["5 pictures without a caption: It is down. Start it."]);
  });

  it("says before it does where pictures are sent to", async () => {
    const shelf = shelfOf([1, 2]);
    await shelf.write(captionerOf(), { sendsTo: "api.example.org" });
    expect(shelf.notices()).toEqual(["Sending 2 small pictures to api.example.org for captions."]);
    await shelf.write(captionerOf(), { sendsTo: "api.example.org" });
    expect(shelf.notices().length).toBe(1);
  });

  it("leaves out an image that cannot be read any more", async () => {
    const shelf = shelfOf([1, 2]);
    const some = [shelf.images[0]!, "0".repeat(64), shelf.images[1]!];
    expect(await shelf.write(captionerOf(), { some })).toEqual(["red 1", null, "red 2"]);
  });

  it("stops when cancelled, and frees the captioner", async () => {
    const shelf = shelfOf([1, 2, 3, 4, 5]);
    const controller = new AbortController();
    const captioner = captionerOf(async (reds) => {
      controller.abort();
      return reds.map((red) => ({ text: `red ${red}`, score: -1 }));
    });
    await expect(shelf.write(captioner, { signal: controller.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    expect(captioner.batches.length).toBe(1);
    expect(captioner.disposals).toBe(1);
  });
});
