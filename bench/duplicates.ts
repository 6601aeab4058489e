/**
 * `npm run eval:duplicates`: are changed copies found, and different photos of one thing left apart?
 *
 * Every photo of a pack is re-encoded, halved, cropped by 5 % at each edge, marked and made grey. Recall: of the pairs of photo
 * and changed copy, those found in one group. Precision: of the pairs found in one group, those of one photo. The cuts were
 * chosen on a sixth of caltech_a; dreambooth (about five different photos of each of 30 things) reports.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { createMemoryBlobStore } from "../src/adapters/blob-store/memory.ts";
import { createStarterEmbedder } from "../src/adapters/embedder/onnx.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { concatVectors, type Vectors } from "../src/core/vectors.ts";
import { findDuplicates } from "../src/pipeline/duplicates.ts";
import type { ImageRow } from "../src/ports/store.ts";
import { packOrSkip, type PackName } from "../test/support/packs.ts";
import { starterOrSkip } from "../test/support/starter.ts";
import { machine, mean, table } from "./report.ts";

const call = () => ({ signal: new AbortController().signal });

const CHANGES: Readonly<Record<string, (photo: Sharp, width: number, height: number) => Sharp>> = {
  "re-encoded at 60": (photo) => photo.jpeg({ quality: 60 }),
  "half the size": (photo, width, height) =>
    photo.resize(Math.round(width / 2), Math.round(height / 2)).jpeg({ quality: 88 }),
  "cropped by 5 % at each edge": (photo, width, height) =>
    photo
      .extract({
        left: Math.round(width * 0.05),
        top: Math.round(height * 0.05),
        width: Math.round(width * 0.9),
        height: Math.round(height * 0.9),
      })
      .jpeg({ quality: 90 }),
  marked: (photo, width, height) =>
    photo.composite([{ input: Buffer.from(watermark(width, height)) }]).jpeg({ quality: 88 }),
  grey: (photo) => photo.greyscale().jpeg({ quality: 88 }),
};

function watermark(width: number, height: number): string {
  const centre = `${width / 2} ${height / 2}`;
  return `<svg width="${width}" height="${height}"><text x="50%" y="50%" text-anchor="middle" font-size="${Math.round(width / 8)}"
    font-family="sans-serif" fill="white" fill-opacity="0.5" transform="rotate(-30 ${centre})">SAMPLE</text></svg>`;
}

const starter = await starterOrSkip();
if (!starter.isAvailable) process.exit(0);
const embedder = await createStarterEmbedder(starter.value);
const decoder = createSharpDecoder();
const matrix = await createOnnxMatrix();

interface Copy {
  /** index of its photo */
  readonly photo: number;
  /** null: the photo itself */
  readonly change: string | null;
}

async function evaluate(name: PackName, every: number) {
  const found = await packOrSkip(name);
  if (!found.isAvailable) process.exit(0);
  const photos = found.value.images.filter((_, i) => i % every === 0);
  const rows: ImageRow[] = [];
  const copies: Copy[] = [];
  const parts: Vectors[] = [];
  const thumbs = createMemoryBlobStore();
  for (const [photo, { path }] of photos.entries()) {
    const original = await sharp(await readFile(path))
      .autoOrient()
      .png({ compressionLevel: 0 })
      .toBuffer();
    const { width, height } = await sharp(original).metadata();
    const files: [string | null, Uint8Array][] = [[null, await readFile(path)]];
    for (const [change, apply] of Object.entries(CHANGES))
      files.push([change, await apply(sharp(original), width, height).toBuffer()]);
    const decoded = await Promise.all(
      files.map(([, bytes]) =>
        decoder.decode(Uint8Array.from(bytes), { input: embedder.input, thumbnail: true }, call()),
      ),
    );
    parts.push(
      await embedder.embedImages(
        decoded.map(({ image }) => image),
        call(),
      ),
    );
    for (const [i, [change, bytes]] of files.entries()) {
      const image = createHash("sha256").update(bytes).digest("hex");
      await thumbs.put(image, decoded[i]!.thumbnail!);
      rows.push({ image, sizeBytes: bytes.length, facts: decoded[i]!.facts });
      copies.push({ photo, change });
    }
  }
  const vectors = concatVectors(parts, embedder.space.dims);
  const startedMs = performance.now();
  const { near } = await findDuplicates(
    { rows, vectors, albumOf: () => null, thumbs, decoder, matrix },
    { ...call(), report: () => {} },
  );
  const seconds = (performance.now() - startedMs) / 1000;

  const groupOf = new Map(
    near.flatMap(({ images }, group) => images.map((image) => [image, group] as const)),
  );
  const indexOf = new Map(rows.map(({ image }, i) => [image, i]));
  const recall: Record<string, number> = {};
  for (const change of Object.keys(CHANGES)) {
    const asked = copies.flatMap((copy, i) => (copy.change === change ? [i] : []));
    const together = asked.filter((i) => {
      const group = groupOf.get(rows[i]!.image);
      const photo = copies.findIndex(({ photo, change }) => change === null && photo === copies[i]!.photo);
      return group !== undefined && group === groupOf.get(rows[photo]!.image);
    });
    recall[change] = together.length / asked.length;
  }
  let right = 0;
  let wrong = 0;
  for (const { images } of near)
    for (let i = 0; i < images.length; i++)
      for (let j = i + 1; j < images.length; j++) {
        const [a, b] = [copies[indexOf.get(images[i]!)!]!, copies[indexOf.get(images[j]!)!]!];
        if (a.photo === b.photo) right++;
        else wrong++;
      }
  return {
    photos: photos.length,
    images: rows.length,
    recall,
    meanRecall: mean(Object.values(recall)),
    right,
    wrong,
    precision: right / (right + wrong),
    seconds,
  };
}

const results = {
  "caltech_a (chosen on)": await evaluate("caltech_a", 6),
  dreambooth: await evaluate("dreambooth", 1),
};
await embedder.dispose();
await decoder.dispose();
await matrix.dispose();

console.log(
  table(
    ["set", "photos", ...Object.keys(CHANGES), "recall", "precision", "wrong pairs"],
    Object.entries(results).map(([set, result]) => [
      set,
      result.photos,
      ...Object.values(result.recall).map((value) => value.toFixed(3)),
      result.meanRecall.toFixed(3),
      result.precision.toFixed(4),
      `${result.wrong} of ${result.right + result.wrong}`,
    ]),
  ),
);
console.log(JSON.stringify({ bench: "duplicates", results, machine: machine() }));
