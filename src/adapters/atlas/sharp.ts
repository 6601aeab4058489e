/** Small pictures for the gallery page, made from thumbnails with sharp: the map's atlas, and previews. */
import sharp from "sharp";
import type { Atlas } from "../../gallery/data.ts";
import { throwIfAborted } from "../../errors.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Call } from "../../ports/call.ts";

export interface ByteBudget {
  /** most bytes the result may take inside the page, data URIs and all */
  readonly budgetBytes: number;
}

/** Tile sides tried, and bytes a tile takes as base64 at that side (photos of four packs, WebP quality 55). */
const TILES: readonly { readonly px: number; readonly bytes: number }[] = [
  { px: 48, bytes: 1100 },
  { px: 40, bytes: 850 },
  { px: 32, bytes: 600 },
  { px: 24, bytes: 400 },
  { px: 16, bytes: 220 },
];
const TILE_QUALITY = 55;
/** Phones refuse larger textures and canvases sooner than this. */
const SHEET_PX = 2048;
const PREVIEW_PX = 176;
const PREVIEW_QUALITY = 62;
/** Decodes at once; sharp has threads of its own. */
const CONCURRENCY = 4;

/**
 * Puts one tile an image on sheets, at the largest tile side that stays in the budget.
 *
 * @param keys of the thumbnails, in the order of the gallery's images; null or a key without a blob leaves its tile grey
 * @returns null when there are no images, or even the smallest tiles would break the budget
 * @throws `ABORTED`
 */
export async function makeAtlas(
  keys: readonly (string | null)[],
  thumbnails: BlobStore,
  { budgetBytes }: ByteBudget,
  call: Call,
): Promise<Atlas | null> {
  if (keys.length === 0) return null;
  for (const { px, bytes } of TILES) {
    if (bytes * keys.length > budgetBytes) continue;
    const atlas = await drawSheets(keys, thumbnails, px, call);
    if (atlas.sheets.reduce((sum, sheet) => sum + sheet.length, 0) <= budgetBytes) return atlas;
  }
  return null;
}

async function drawSheets(
  keys: readonly (string | null)[],
  thumbnails: BlobStore,
  tilePx: number,
  call: Call,
): Promise<Atlas> {
  const columns = Math.floor(SHEET_PX / tilePx);
  const perSheet = columns * columns;
  const sheets: string[] = [];
  for (let first = 0; first < keys.length; first += perSheet) {
    const onSheet = keys.slice(first, first + perSheet);
    const width = columns * tilePx;
    const height = Math.ceil(onSheet.length / columns) * tilePx;
    const pixels = Buffer.alloc(width * height * 3, 128);
    await forEach(onSheet, call.signal, async (key, i) => {
      const tile = key === null ? null : await tileOf(key, thumbnails, tilePx);
      if (tile) paste(tile, tilePx, pixels, width, (i % columns) * tilePx, Math.floor(i / columns) * tilePx);
      call.onProgress?.(first + i + 1, keys.length);
    });
    const webp = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .webp({ quality: TILE_QUALITY, effort: 3 })
      .toBuffer();
    sheets.push(dataUri(webp));
  }
  return { tilePx, columns, rowsPerSheet: columns, sheets };
}

/** The whole picture squeezed into the square: the page stretches it back, and nothing is cut off. */
async function tileOf(key: string, thumbnails: BlobStore, tilePx: number): Promise<Buffer | null> {
  const bytes = await thumbnails.get(key);
  if (bytes === null) return null;
  return sharp(bytes)
    .resize(tilePx, tilePx, { fit: "fill", fastShrinkOnLoad: true })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer();
}

function paste(
  tile: Buffer,
  tilePx: number,
  sheet: Buffer,
  sheetWidth: number,
  left: number,
  top: number,
): void {
  const stride = tilePx * 3;
  for (let y = 0; y < tilePx; y++)
    tile.copy(sheet, ((top + y) * sheetWidth + left) * 3, y * stride, (y + 1) * stride);
}

/**
 * Pictures of at most 176 pixels a side as data URIs, for as many images as the budget holds, most wanted first.
 *
 * @param wanted pairs of the gallery's image index and its thumbnail's key, best first; unknown keys are left out
 * @throws `ABORTED`
 */
export async function makePreviews(
  wanted: readonly (readonly [image: number, key: string])[],
  thumbnails: BlobStore,
  { budgetBytes }: ByteBudget,
  call: Call,
): Promise<Map<number, string>> {
  const previews = new Map<number, string>();
  let left = budgetBytes;
  for (let i = 0; i < wanted.length; i += CONCURRENCY) {
    throwIfAborted(call.signal);
    const batch = wanted.slice(i, i + CONCURRENCY);
    const uris = await Promise.all(batch.map(([, key]) => previewOf(key, thumbnails)));
    for (const [j, uri] of uris.entries()) {
      if (uri === null) continue;
      left -= uri.length;
      if (left < 0) return previews;
      previews.set(batch[j]![0], uri);
    }
    call.onProgress?.(Math.min(wanted.length, i + CONCURRENCY), wanted.length);
  }
  return previews;
}

async function previewOf(key: string, thumbnails: BlobStore): Promise<string | null> {
  const bytes = await thumbnails.get(key);
  if (bytes === null) return null;
  const webp = await sharp(bytes)
    .resize(PREVIEW_PX, PREVIEW_PX, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: PREVIEW_QUALITY, effort: 3 })
    .toBuffer();
  return dataUri(webp);
}

function dataUri(webp: Buffer): string {
  return `data:image/webp;base64,${webp.toString("base64")}`;
}

/** Runs `visit` over all items, a few at a time, each as soon as another ends. */
async function forEach<T>(
  items: readonly T[],
  signal: AbortSignal,
  visit: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      throwIfAborted(signal);
      const index = next++;
      await visit(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}
