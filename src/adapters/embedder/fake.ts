/** A stand-in for tests: no model, no files, the same vectors everywhere. What it sees is colour and nothing else. */
import { makeVectors, normalizeRows, type Vectors } from "../../core/vectors.ts";
import type { ConceptTable } from "../../core/concepts.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import type { DecodedImage, InputSpec } from "../../ports/image-decoder.ts";
import type { Embedder } from "../../ports/embedder.ts";

/** Colours it has words for, sRGB levels. */
const COLOURS = {
  black: [0, 0, 0],
  white: [255, 255, 255],
  red: [255, 0, 0],
  green: [0, 255, 0],
  blue: [0, 0, 255],
  yellow: [255, 255, 0],
} as const;

const GRID = 2; // cells a side
const DIMS = GRID * GRID * 3;

export interface FakeEmbedderOptions {
  readonly maxBatch?: number;
  /** side of its pictures, px; default 16 */
  readonly side?: number;
  /** more pictures at once are `OUT_OF_MEMORY`, as on a small machine */
  readonly fitsInMemory?: number;
}

/**
 * The mean colour of each cell of a 2 × 2 grid, centred on grey, unit length. A text is the sum of the colours it
 * names ("red and blue"), over all cells; one that names none is grey, and so close to nothing.
 */
export function createFakeEmbedder(options: FakeEmbedderOptions = {}): Embedder {
  const side = options.side ?? 16;
  const concepts = colourConcepts();
  const input: InputSpec = { side, fit: "centre-square", resizeTo: side, filter: "bicubic" };
  return {
    space: { model: "fake", revision: "1", dims: DIMS },
    unrelated: null,
    maxBatch: options.maxBatch ?? 8,
    input,
    async embedImages(images, call) {
      throwIfAborted(call.signal);
      if (images.length > (options.fitsInMemory ?? Infinity))
        throw new AlbumenError("OUT_OF_MEMORY", `${images.length} pictures do not fit.`, {
          isRetryable: true,
        });
      const data = new Float32Array(images.length * DIMS);
      images.forEach((image, i) => data.set(layoutOf(image), i * DIMS));
      call.onProgress?.(images.length, images.length);
      return normalizeRows(makeVectors(data, DIMS));
    },
    async embedTexts(texts, call) {
      throwIfAborted(call.signal);
      const data = new Float32Array(texts.length * DIMS);
      texts.forEach((text, i) => data.set(cellsOf(colourNamedIn(text)), i * DIMS));
      call.onProgress?.(texts.length, texts.length);
      return normalizeRows(makeVectors(data, DIMS));
    },
    concepts: () => Promise.resolve(concepts),
    dispose: () => Promise.resolve(),
  };
}

function colourConcepts(): ConceptTable {
  const names = Object.keys(COLOURS);
  const data = new Float32Array(names.length * DIMS);
  names.forEach((name, i) => data.set(cellsOf(colourNamedIn(name)), i * DIMS));
  const vectors: Vectors = normalizeRows(makeVectors(data, DIMS));
  return {
    concepts: names.map((text) => ({
      text,
      kind: "hyper",
      reliability: 1,
      parent: -1,
      mean: 0,
      deviation: 0.5,
    })),
    vectors,
  };
}

function layoutOf({ data, width, height }: DecodedImage): number[] {
  const sums = Array.from({ length: DIMS }, () => 0);
  const counts = Array.from({ length: GRID * GRID }, () => 0);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * GRID) / height) * GRID + Math.floor((x * GRID) / width);
      counts[cell]! += 1;
      for (let c = 0; c < 3; c++) sums[cell * 3 + c]! += data[(y * width + x) * 3 + c]!;
    }
  return sums.map((sum, j) => centred(sum / Math.max(1, counts[Math.floor(j / 3)]!)));
}

/** Pure grey would be a zero vector: it is nudged, so that every row has unit length. */
function centred(level: number): number {
  const value = level / 255 - 0.5;
  return value === 0 ? 1e-3 : value;
}

function colourNamedIn(text: string): readonly [number, number, number] {
  const named = Object.entries(COLOURS).filter(([name]) => text.toLowerCase().includes(name));
  if (named.length === 0) return [127.5, 127.5, 127.5];
  const mean = (c: 0 | 1 | 2) => named.reduce((sum, [, colour]) => sum + colour[c], 0) / named.length;
  return [mean(0), mean(1), mean(2)];
}

function cellsOf(colour: readonly [number, number, number]): number[] {
  return Array.from({ length: DIMS }, (_, j) => centred(colour[j % 3]!));
}
