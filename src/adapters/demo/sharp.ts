/** The demo pictures as files: drawings become pixels and bytes through sharp. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import sharp from "sharp";
import { createRandom } from "../../core/random.ts";
import type { DemoEncoding, DemoFile } from "../../demo/plan.ts";
import { planDemo } from "../../demo/plan.ts";
import { addGrain, paintGround } from "../../demo/raster.ts";
import type { Picture } from "../../demo/picture.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";

export const DEMO_SEED = 1;

/** Pictures drawn at the same time; sharp works on each off the main thread. */
const CONCURRENCY = 4;

export interface DemoOptions {
  /** the same seed draws the same pictures. Default `DEMO_SEED` */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface DemoImage {
  /** file name without folders */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** what it shows, for tests; null for a file that is broken on purpose */
  readonly kind: string | null;
}

/**
 * Draws 128 files: 116 pictures of 16 kinds, some of them twice, and two broken files; the same bytes for the same seed
 * and the same version of sharp. At most `CONCURRENCY` are in memory, copies' originals aside. Errors: `ABORTED`.
 */
export async function* drawDemo(options: DemoOptions = {}): AsyncGenerator<DemoImage> {
  const plan = planDemo(options.seed ?? DEMO_SEED);
  const originals = new Set(plan.flatMap((file) => ("of" in file ? [file.of] : [])));
  const kept = new Map<string, Uint8Array>();
  const started = new Map<number, Promise<Uint8Array | null>>();
  try {
    for (const [i, file] of plan.entries()) {
      if (options.signal) throwIfAborted(options.signal);
      for (let ahead = i; ahead < Math.min(plan.length, i + CONCURRENCY); ahead++)
        if (!started.has(ahead)) started.set(ahead, renderFile(plan[ahead]!));
      const rendered = await started.get(i)!;
      started.delete(i);
      if (rendered && originals.has(file.name)) kept.set(file.name, rendered);
      yield {
        name: file.name,
        bytes: rendered ?? derive(file, kept),
        kind: "kind" in file ? file.kind : null,
      };
    }
  } finally {
    await Promise.allSettled(started.values());
  }
}

/** The names that `writeDemo` gives its files. */
export function demoNames(options: Pick<DemoOptions, "seed"> = {}): string[] {
  return planDemo(options.seed ?? DEMO_SEED).map(({ name }) => name);
}

/**
 * Draws into the new folder `dir`, which appears whole or not at all; returns the names.
 * Errors: `OUTPUT_CONFLICT` when something stands there already (an empty folder aside), `ABORTED`.
 */
export async function writeDemo(dir: string, options: DemoOptions = {}): Promise<string[]> {
  const target = resolve(dir);
  await refuseOccupied(target);
  const draft = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await mkdir(draft, { recursive: true });
    const names: string[] = [];
    for await (const image of drawDemo(options)) {
      await writeFile(join(draft, image.name), image.bytes, { flag: "wx" });
      names.push(image.name);
    }
    // Whatever came to stand there meanwhile is not overwritten either: only an empty folder gives way to a rename.
    await rename(draft, target);
    return names;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await refuseOccupied(target);
    throw error;
  }
}

async function refuseOccupied(target: string): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") return [basename(target)];
    throw error;
  });
  if (names.length > 0)
    throw new AlbumenError("OUTPUT_CONFLICT", `${target} exists already.`, {
      hint: "Name a new folder for the demo pictures.",
    });
}

/** The bytes of a file that stands by itself; null for one made from another. */
async function renderFile(file: DemoFile): Promise<Uint8Array | null> {
  if (file.content === "text") return new TextEncoder().encode(file.text);
  if (file.content !== "picture") return null;
  const picture = file.draw();
  return encode(await rasterize(picture), picture, file.encoding);
}

function derive(file: DemoFile, kept: ReadonlyMap<string, Uint8Array>): Uint8Array {
  if (!("of" in file)) throw new AlbumenError("INTERNAL", `${file.name} was not rendered.`);
  const bytes = kept.get(file.of);
  if (!bytes) throw new AlbumenError("INTERNAL", `${file.name} comes before its original ${file.of}.`);
  return file.content === "copy" ? bytes : bytes.subarray(0, Math.floor(bytes.length * file.share));
}

async function rasterize(picture: Picture): Promise<Uint8ClampedArray> {
  const { width, height } = picture;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${picture.drawing}</svg>`;
  const drawn = await sharp(paintGround(picture), { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .raw()
    .toBuffer();
  const pixels = new Uint8ClampedArray(drawn.buffer, drawn.byteOffset, drawn.byteLength);
  if (picture.grain > 0) addGrain(pixels, picture.grain, createRandom(width * height));
  return pixels;
}

async function encode(
  pixels: Uint8ClampedArray,
  picture: Picture,
  encoding: DemoEncoding,
): Promise<Uint8Array> {
  const { width, height } = picture;
  let image = sharp(pixels, { raw: { width, height, channels: 3 } });
  if (encoding.crop > 0) {
    const left = Math.round(width * encoding.crop);
    const top = Math.round(height * encoding.crop);
    image = image.extract({ left, top, width: width - 2 * left, height: height - 2 * top });
  }
  if (encoding.longestSide)
    image = image.resize(encoding.longestSide, encoding.longestSide, { fit: "inside" });
  if (encoding.isSideways) image = image.rotate(270).withMetadata({ orientation: 6 });
  if (encoding.takenAt)
    image = image.withExifMerge({
      IFD0: { Make: "Albumen", Model: "Demo camera", DateTime: encoding.takenAt },
      IFD2: { DateTimeOriginal: encoding.takenAt },
    });
  const { format, quality } = encoding;
  if (format === "png") return image.png({ compressionLevel: 6 }).toBuffer();
  return format === "jpeg" ? image.jpeg({ quality }).toBuffer() : image.webp({ quality }).toBuffer();
}
