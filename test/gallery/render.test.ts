import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BUNDLE, bundleGallery } from "../../scripts/bundle-gallery.ts";
import { previewOrder, renderGallery } from "../../src/gallery/render.ts";
import { byLikeness, decodePictures, encodeGallery, type GalleryWire } from "../../src/gallery/wire.ts";
import { PIXELS, sampleAlbum, sampleGallery, sampleImage } from "./sample.ts";

/** Contents of every element of a kind, in order. */
function contentsOf(html: string, tag: "script" | "style"): string[] {
  return [...html.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, "g"))].map((match) => match[1]!);
}

function wireOf(html: string): GalleryWire {
  return JSON.parse(/id="gallery-data">([^]*?)<\/script>/.exec(html)![1]!) as GalleryWire;
}

const HOSTILE = "</script><img src=x onerror=alert(1)><!--\u2028\u202egpj.exe";

describe("renderGallery", () => {
  it("gives the client back every image as it was", () => {
    const images = [
      sampleImage(0, {
        album: 1,
        x: 0.25,
        y: 0.5,
        similarity: 0.875,
        representativeRank: 0,
        caption: "Á",
        tags: ["a", "b"],
      }),
      sampleImage(1, {
        file: "top.heic",
        thumb: null,
        takenAt: "2020-01-02T03:04:05",
        tags: ["b"],
        width: 7,
        height: 9,
        isDouble: true,
      }),
    ];
    const data = sampleGallery({ albums: [sampleAlbum({ id: "a" }), sampleAlbum({ id: "b" })], images });
    const [first, second] = decodePictures(wireOf(renderGallery(data)).images);
    expect(first).toEqual({
      index: 0,
      sha: images[0]!.sha256,
      file: images[0]!.file,
      name: "IMG_00000.jpg",
      thumb: images[0]!.thumb,
      album: 1,
      x: 0.25,
      y: 0.5,
      similarity: 0.875,
      rank: 0,
      isDouble: false,
      caption: "Á",
      tags: ["a", "b"],
      takenAt: "",
      width: 400,
      height: 300,
    });
    expect(second).toMatchObject({
      file: "top.heic",
      thumb: null,
      album: 0,
      caption: "",
      tags: ["b"],
      takenAt: "2020-01-02T03:04:05",
      width: 7,
      height: 9,
      isDouble: true,
    });
  });

  it("has an album's likest pictures first, and behind them all those that another one stands for", () => {
    const images = [0.9, 0.95, 0.5, 0.8].map((similarity, i) =>
      sampleImage(i, { similarity, isDouble: i === 1 || i === 3 }),
    );
    const pictures = decodePictures(encodeGallery(sampleGallery({ images })).images);
    expect(pictures.toSorted(byLikeness).map(({ index }) => index)).toEqual([0, 2, 1, 3]);
  });

  it("shows Unsorted last, and keeps parents and images with their albums", () => {
    const albums = [
      sampleAlbum({ id: "unsorted" }),
      sampleAlbum({ id: "child", parentId: "parent" }),
      sampleAlbum({ id: "parent" }),
    ];
    const wire = encodeGallery(
      sampleGallery({ albums, images: [sampleImage(0), sampleImage(1, { album: 1 })] }),
    );
    expect(wire.albums.map(({ id, parent }) => [id, parent])).toEqual([
      ["child", 1],
      ["parent", -1],
      ["unsorted", -1],
    ]);
    expect(wire.images.album).toEqual([2, 0]);
  });

  it("groups failures by what went wrong", () => {
    const failures = [
      { source: "b.jpg", code: "IMAGE_TRUNCATED", reason: "ends early" },
      { source: "a.jpg", code: "IMAGE_EMPTY", reason: "0 bytes" },
      { source: "c.jpg", code: "IMAGE_TRUNCATED", reason: "ends early" },
    ] as const;
    expect(
      encodeGallery(sampleGallery({ failures })).failures.map(({ code, files }) => [
        code,
        files.map(({ source }) => source),
      ]),
    ).toEqual([
      ["IMAGE_EMPTY", ["a.jpg"]],
      ["IMAGE_TRUNCATED", ["b.jpg", "c.jpg"]],
    ]);
  });

  it("lets no text end an element or become one", () => {
    const html = renderGallery(
      sampleGallery({
        title: HOSTILE,
        albums: [sampleAlbum({ id: HOSTILE, name: HOSTILE })],
        images: [
          sampleImage(0, { file: `${HOSTILE}/${HOSTILE}`, caption: HOSTILE.repeat(200), tags: [HOSTILE] }),
        ],
        failures: [{ source: HOSTILE, code: "IMAGE_EMPTY", reason: HOSTILE }],
      }),
    );
    expect([html.includes("<img"), html.includes("<!--"), /[\u2028\u202e]/.test(html)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(wireOf(html).albums[0]!.id).toBe(HOSTILE);
  });

  it("allows its own script and style by hash, pictures beside it, and nothing else", () => {
    const atlas = { tilePx: 2, columns: 1, rowsPerSheet: 1, sheets: [PIXELS] };
    const html = renderGallery(sampleGallery({ images: [sampleImage(0)], atlas }));
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
    const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [, script] = contentsOf(html, "script");
    const [style] = contentsOf(html, "style");
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      "img-src 'self' data: file:",
      `script-src ${hashOf(script!)}`,
      `style-src ${hashOf(style!)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(contentsOf(html, "script")[2]).toBe(JSON.stringify(PIXELS));
    expect(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(html)).toBe(false);
    expect(/<[a-z][^>]*\s(style|on\w+)=/.test(html.replaceAll(script!, ""))).toBe(false);
  });

  it("lists the albums' folders where scripts do not run", () => {
    const html = renderGallery(sampleGallery({ images: [sampleImage(0, { file: "Été & co/1.jpg" })] }));
    expect(html).toContain('<li><a href="./%C3%89t%C3%A9%20%26%20co">a</a>, 1 picture</li>');
  });

  it("spends less than 300 bytes an image besides its text", () => {
    const size = (count: number) =>
      Buffer.byteLength(
        renderGallery(sampleGallery({ images: Array.from({ length: count }, (_, i) => sampleImage(i)) })),
      );
    expect((size(2000) - size(1000)) / 1000).toBeLessThan(300);
  });
});

describe("previewOrder", () => {
  it("asks for the first cover of every album before any second", () => {
    const ranks = [-1, 1, 0, 1, 0];
    const albums = [0, 1, 1, 0, 0];
    const images = ranks.map((representativeRank, i) =>
      sampleImage(i, { representativeRank, album: albums[i]! }),
    );
    expect(previewOrder({ images })).toEqual([4, 2, 3, 1]);
  });
});

it("bundles the client as its sources stand (else: npm run build:gallery)", async () => {
  expect(await readFile(BUNDLE, "utf8")).toBe(await bundleGallery());
});
