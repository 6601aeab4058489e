/**
 * The gallery page at 10,000 images: how long it takes to make, how large it is, how soon a browser paints it and how
 * smoothly its map moves; and how many neighbours the map keeps, beside two principal axes.
 *
 * `npm run bench:gallery [-- --images N]`. Pictures are made up; the browser part needs a Chromium, the map part the
 * labelled features beside the repository; each says so and is left out where it lacks them.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { makeAtlas, makePreviews } from "../src/adapters/atlas/sharp.ts";
import { createMemoryBlobStore } from "../src/adapters/blob-store/memory.ts";
import { layoutMap } from "../src/core/map-layout.ts";
import { principalAxes, projectOn } from "../src/core/map-neighbours.ts";
import { createRandom } from "../src/core/random.ts";
import { normalizeRows, type Vectors } from "../src/core/vectors.ts";
import { previewOrder, renderGallery } from "../src/gallery/render.ts";
import { chromiumOrSkip } from "../test/support/browser.ts";
import { sampleAlbum, sampleGallery, sampleImage } from "../test/gallery/sample.ts";
import { hasFeatures, readFeatures } from "./features.ts";
import { machine, mean, table } from "./report.ts";

const { values } = parseArgs({ options: { images: { type: "string", default: "10000" } } });
const COUNT = Number(values.images);
const ALBUMS = 100;
const DIMS = 768;
const NEAREST = 15;
/** the budgets that the program itself gives */
const ATLAS_BUDGET_BYTES = 9_000_000;
const PREVIEW_BUDGET_BYTES = 3_000_000;

const call = { signal: new AbortController().signal };

async function timed<T>(work: () => T | Promise<T>): Promise<{ result: T; ms: number }> {
  const started = performance.now();
  const result = await work();
  return { result, ms: Math.round(performance.now() - started) };
}

/** 100 kinds of noisy unit vectors, an album each. */
function madeUpVectors(): { vectors: Vectors; album: Int32Array } {
  const random = createRandom(1);
  const centres = Float32Array.from({ length: ALBUMS * DIMS }, () => random.next() - 0.5);
  const album = Int32Array.from({ length: COUNT }, (_, i) => i % ALBUMS);
  const data = new Float32Array(COUNT * DIMS);
  for (let i = 0; i < COUNT; i++)
    for (let j = 0; j < DIMS; j++)
      data[i * DIMS + j] = centres[album[i]! * DIMS + j]! + 1.5 * (random.next() - 0.5);
  return { vectors: normalizeRows({ data, rows: COUNT, dims: DIMS }), album };
}

/** Thumbnails with something to compress: soft noise in a colour of its own. */
async function madeUpThumbnails(keys: readonly string[]) {
  const store = createMemoryBlobStore();
  const random = createRandom(2);
  for (const key of keys) {
    const rough = Buffer.from(Uint8Array.from({ length: 24 * 18 * 3 }, () => random.int(256)));
    const picture = sharp(rough, { raw: { width: 24, height: 18, channels: 3 } }).resize(256, 192);
    await store.put(key, await picture.webp({ quality: 75, effort: 0 }).toBuffer());
  }
  return store;
}

async function measurePage() {
  const { vectors, album } = madeUpVectors();
  const layout = await timed(() => layoutMap(vectors, album, { seed: 1 }));
  const images = Array.from({ length: COUNT }, (_, i) =>
    sampleImage(i, {
      album: album[i]!,
      x: layout.result[2 * i]!,
      y: layout.result[2 * i + 1]!,
      representativeRank: i < ALBUMS * 5 ? Math.floor(i / ALBUMS) : -1,
      caption: i < ALBUMS * 5 ? "two people walk along the beach at sunset" : null,
      tags: ["beach", `word ${i % 500}`, "outdoors"],
    }),
  );
  const thumbnails = await madeUpThumbnails(images.map((image) => image.sha256));
  const atlas = await timed(() =>
    makeAtlas(
      images.map((image) => image.sha256),
      thumbnails,
      { budgetBytes: ATLAS_BUDGET_BYTES },
      call,
    ),
  );
  const wanted = previewOrder({ images }).map((i) => [i, images[i]!.sha256] as const);
  const previews = await timed(() =>
    makePreviews(wanted, thumbnails, { budgetBytes: PREVIEW_BUDGET_BYTES }, call),
  );
  const albums = Array.from({ length: ALBUMS }, (_, i) =>
    sampleAlbum({ id: `album-${i}`, name: `Album number ${i}` }),
  );
  const data = sampleGallery({ albums, images, atlas: atlas.result, previews: previews.result });
  const page = await timed(() => renderGallery(data));
  return {
    html: page.result,
    figures: {
      layoutMs: layout.ms,
      atlasMs: atlas.ms,
      tilePx: atlas.result?.tilePx ?? 0,
      previewsMs: previews.ms,
      previews: previews.result.size,
      renderMs: page.ms,
      pageBytes: Buffer.byteLength(page.result),
    },
  };
}

/** First contentful paint, and frame times of 90 frames of panning and of zooming, in ms. */
async function measureBrowser(html: string) {
  const executable = chromiumOrSkip();
  if (!executable.isAvailable) return null;
  const folder = await mkdtemp(join(tmpdir(), "albumen-bench-"));
  const browser = await chromium.launch({
    executablePath: executable.value,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const file = join(folder, "index.html");
    await writeFile(file, html);
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const paints: number[] = [];
    for (let i = 0; i < 5; i++) {
      await page.goto(pathToFileURL(file).href);
      await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
      paints.push(
        await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]!.startTime),
      );
    }
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    await page.goto(`${pathToFileURL(file).href}#/map`);
    await page.reload();
    await page.waitForTimeout(2500);
    const pan = await framesWhile(page, (i) => page.mouse.move(700 + 4 * i, 450 + 2 * i), true);
    const zoom = await framesWhile(page, () => page.mouse.wheel(0, -40), false);
    await page.locator("#search").click();
    const search = await page.evaluate(async () => {
      const input = document.querySelector<HTMLInputElement>("#search")!;
      const started = performance.now();
      input.value = "beach";
      input.dispatchEvent(new Event("input"));
      return performance.now() - started;
    });
    return { paints, elements, pan, zoom, search };
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function framesWhile(
  page: Page,
  act: (i: number) => Promise<void>,
  isDrag: boolean,
): Promise<number[]> {
  await page.mouse.move(700, 450);
  if (isDrag) await page.mouse.down();
  const frames = page.evaluate(async () => {
    const times: number[] = [];
    let last = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
    while (times.length < 90) {
      const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
      times.push(now - last);
      last = now;
    }
    return times;
  });
  for (let i = 0; i < 60; i++) await act(i);
  const times = await frames;
  if (isDrag) await page.mouse.up();
  return times;
}

/** Share of each row's 15 nearest that are also among its 15 nearest on the plane. */
function neighboursKept(vectors: Vectors, plane: Vectors): number {
  const nearest = (base: Vectors, i: number) => {
    const order = Array.from({ length: base.rows }, (_, j) => {
      let sum = 0;
      for (let d = 0; d < base.dims; d++)
        sum += (base.data[i * base.dims + d]! - base.data[j * base.dims + d]!) ** 2;
      return [sum, j] as const;
    });
    return new Set(
      order
        .sort((a, b) => a[0] - b[0])
        .slice(0, NEAREST + 1)
        .map(([, j]) => j),
    );
  };
  // Every third row is asked, against all: enough for two digits.
  const asked = Array.from({ length: Math.ceil(vectors.rows / 3) }, (_, i) => 3 * i);
  return mean(
    asked.map((i) => {
      const there = nearest(vectors, i);
      const here = nearest(plane, i);
      return [...here].filter((j) => j !== i && there.has(j)).length / NEAREST;
    }),
  );
}

function measureAxes(vectors: Vectors): Vectors {
  // More axes than are kept: the iteration settles the first two sooner in company.
  const seen = projectOn(principalAxes(vectors, 16, createRandom(1)), vectors);
  const data = Float32Array.from(
    { length: vectors.rows * 2 },
    (_, at) => seen.data[(at >> 1) * seen.dims + (at & 1)]!,
  );
  return { data, rows: vectors.rows, dims: 2 };
}

async function measureMap(name: string) {
  const { vectors, labels } = readFeatures("starter", name);
  const kinds = [...new Set(labels)];
  const plane = async (assignment: Int32Array): Promise<Vectors> => ({
    data: await layoutMap(vectors, assignment, { seed: 1 }),
    rows: vectors.rows,
    dims: 2,
  });
  const told = Int32Array.from(labels, (label) => kinds.indexOf(label));
  return {
    pack: name,
    twoAxes: rounded(neighboursKept(vectors, measureAxes(vectors))),
    map: rounded(neighboursKept(vectors, await plane(new Int32Array(vectors.rows).fill(-1)))),
    mapToldAlbums: rounded(neighboursKept(vectors, await plane(told))),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function spreadOf(times: readonly number[]) {
  const order = [...times].sort((a, b) => a - b);
  const at = (share: number) => rounded(order[Math.floor(share * (order.length - 1))]!);
  return { median: at(0.5), p95: at(0.95) };
}

const page = await measurePage();
const seen = await measureBrowser(page.html);
const inBrowser = seen && {
  firstPaintMs: spreadOf(seen.paints),
  elements: seen.elements,
  panFrameMs: spreadOf(seen.pan),
  zoomFrameMs: spreadOf(seen.zoom),
  firstSearchMs: rounded(seen.search),
};
const maps = hasFeatures() ? await Promise.all(["heap", "caltech_a"].map(measureMap)) : null;
if (!maps) console.warn("skipped: reference/features is not in the shared folder");

console.log(table(["measure", `${COUNT} images`], Object.entries(page.figures)));
if (inBrowser)
  console.log(
    table(
      ["in the browser, no GPU", "median", "95th of 100"],
      [
        ["first paint, ms", inBrowser.firstPaintMs.median, inBrowser.firstPaintMs.p95],
        ["frame while panning the map, ms", inBrowser.panFrameMs.median, inBrowser.panFrameMs.p95],
        ["frame while zooming the map, ms", inBrowser.zoomFrameMs.median, inBrowser.zoomFrameMs.p95],
        ["first search with its page, ms", inBrowser.firstSearchMs, ""],
        ["elements on the first page", inBrowser.elements, ""],
      ],
    ),
  );
if (maps)
  console.log(
    table(
      [`of the ${NEAREST} nearest, kept by`, "two axes", "the map", "the map, told albums"],
      maps.map(({ pack, twoAxes, map, mapToldAlbums }) => [pack, twoAxes, map, mapToldAlbums]),
    ),
  );
console.log(
  JSON.stringify({ images: COUNT, page: page.figures, browser: inBrowser, maps, machine: machine() }),
);
