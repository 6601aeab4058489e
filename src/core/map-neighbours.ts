/** Nearest neighbours of every row along the leading axes of its set: the graph under the map. Pure. */
import type { Random } from "./random.ts";
import { rowOf, takeRows, type Vectors } from "./vectors.ts";

/** Rows that the axes are learned from: 1,000 give the leading axes of 10,000 to within their noise. */
const SAMPLE_ROWS = 1000;
const SUBSPACE_PASSES = 3;
/** Below this every pair is compared; above it only those of the nearest cells. */
const EXACT_ROWS = 2000;
const CELL_PASSES = 4;
const CELLS_PROBED = 4;

/** The nearest rows of row i are index[i · count …], in no order; -1 where fewer were found. */
export interface NeighbourGraph {
  readonly index: Int32Array;
  readonly count: number;
}

export interface Axes {
  /** the sample's mean, which projections are taken from */
  readonly mean: Float32Array;
  /** orthonormal rows, largest variance first */
  readonly axes: Vectors;
}

/** By randomised subspace iteration on a sample (Halko, Martinsson & Tropp 2011, alg. 4.4). */
export function principalAxes(vectors: Vectors, count: number, random: Random): Axes {
  const { rows, dims } = vectors;
  const stride = Math.max(1, rows / SAMPLE_ROWS);
  const picked: number[] = [];
  for (let at = 0; at < rows; at += stride) picked.push(Math.floor(at));
  const sample = takeRows(vectors, picked);
  const mean = new Float32Array(dims);
  for (let i = 0; i < sample.rows; i++) addScaled(mean, rowOf(sample, i), 1 / sample.rows);
  for (let i = 0; i < sample.rows; i++) addScaled(rowOf(sample, i), mean, -1);

  const axes: Vectors = { data: new Float32Array(count * dims), rows: count, dims };
  for (let j = 0; j < axes.data.length; j++) axes.data[j] = random.next() + random.next() - 1;
  orthonormalize(axes);
  const image = new Float32Array(count * dims);
  for (let pass = 0; pass < SUBSPACE_PASSES; pass++) {
    // axes ← orthonormal basis of (sampleᵀ · sample) · axes, one sample row at a time
    image.fill(0);
    for (let i = 0; i < sample.rows; i++) {
      const row = rowOf(sample, i);
      for (let a = 0; a < count; a++)
        addScaled(image.subarray(a * dims, (a + 1) * dims), row, dotOf(rowOf(axes, a), row));
    }
    axes.data.set(image);
    orthonormalize(axes);
  }
  return { mean, axes };
}

/** Gram–Schmidt, twice for accuracy in float32. A row that depends on those before it becomes zero. */
function orthonormalize(vectors: Vectors): void {
  for (let i = 0; i < vectors.rows; i++) {
    const row = rowOf(vectors, i);
    const before = Math.sqrt(dotOf(row, row));
    for (let again = 0; again < 2; again++)
      for (let j = 0; j < i; j++) addScaled(row, rowOf(vectors, j), -dotOf(row, rowOf(vectors, j)));
    const length = Math.sqrt(dotOf(row, row));
    const scale = length > before * 1e-5 ? 1 / length : 0;
    for (let j = 0; j < row.length; j++) row[j]! *= scale;
  }
}

/** The rows seen along the axes. */
export function projectOn({ mean, axes }: Axes, vectors: Vectors): Vectors {
  const offsets = Float32Array.from({ length: axes.rows }, (_, a) => dotOf(rowOf(axes, a), mean));
  const data = new Float32Array(vectors.rows * axes.rows);
  for (let i = 0; i < vectors.rows; i++)
    for (let a = 0; a < axes.rows; a++)
      data[i * axes.rows + a] = dotOf(rowOf(vectors, i), rowOf(axes, a)) - offsets[a]!;
  return { data, rows: vectors.rows, dims: axes.rows };
}

/**
 * By squared distance: exact up to 2,000 rows, above by an inverted file that looks into the nearest cells only
 * (Jégou, Douze & Schmid 2011). `pause` is awaited every few milliseconds of work and may throw.
 */
export async function nearestNeighbours(
  points: Vectors,
  count: number,
  random: Random,
  pause: () => Promise<void>,
): Promise<NeighbourGraph> {
  const { rows } = points;
  const index = new Int32Array(rows * count).fill(-1);
  const everyone = Int32Array.from({ length: rows }, (_, i) => i);
  const cells = rows <= EXACT_ROWS ? null : await makeCells(points, random, pause);
  const distances = new Float32Array(count);
  for (let i = 0; i < rows; i++) {
    distances.fill(Infinity);
    const found = index.subarray(i * count, (i + 1) * count);
    if (cells === null) offer(everyone, i, points, found, distances);
    else
      for (const cell of cells.probesOf[cells.cellOf[i]!]!)
        offer(cells.members[cell]!, i, points, found, distances);
    if (i % 2000 === 1999) await pause();
  }
  return { index, count };
}

/** Insertion into a short list sorted by distance: quicker than a heap at a dozen. */
function offer(
  candidates: Int32Array,
  self: number,
  points: Vectors,
  found: Int32Array,
  distances: Float32Array,
): void {
  const { data, dims } = points;
  const last = found.length - 1;
  const at = self * dims;
  for (let c = 0; c < candidates.length; c++) {
    const other = candidates[c]!;
    if (other === self) continue;
    const limit = distances[last]!;
    let distance = 0;
    for (let j = 0, b = other * dims; j < dims && distance < limit; j += 8)
      // Whether it is too far already is asked every 8 axes: asking at each costs more than it saves.
      for (let t = j, end = Math.min(j + 8, dims); t < end; t++) {
        const difference = data[at + t]! - data[b + t]!;
        distance += difference * difference;
      }
    if (distance >= limit) continue;
    let place = last;
    while (place > 0 && distances[place - 1]! > distance) {
      distances[place] = distances[place - 1]!;
      found[place] = found[place - 1]!;
      place--;
    }
    distances[place] = distance;
    found[place] = other;
  }
}

interface Cells {
  readonly cellOf: Int32Array;
  readonly members: readonly Int32Array[];
  /** the cells to search for a row of each cell, its own first */
  readonly probesOf: readonly number[][];
}

/** √n cells by k-means (Lloyd), so that a row is compared with about CELLS_PROBED · √n others. */
async function makeCells(points: Vectors, random: Random, pause: () => Promise<void>): Promise<Cells> {
  const { rows, dims } = points;
  const count = Math.round(Math.sqrt(rows));
  const centres = takeRows(
    points,
    Int32Array.from({ length: count }, () => random.int(rows)),
  );
  const cellOf = new Int32Array(rows);
  for (let pass = 0; pass < CELL_PASSES; pass++) {
    for (let i = 0; i < rows; i++) cellOf[i] = nearestRow(rowOf(points, i), centres);
    await pause();
    if (pass === CELL_PASSES - 1) break;
    const sums = new Float32Array(count * dims);
    const sizes = new Int32Array(count);
    for (let i = 0; i < rows; i++) {
      sizes[cellOf[i]!]!++;
      addScaled(sums.subarray(cellOf[i]! * dims, (cellOf[i]! + 1) * dims), rowOf(points, i), 1);
    }
    for (let c = 0; c < count; c++)
      if (sizes[c]! > 0)
        for (let j = 0; j < dims; j++) centres.data[c * dims + j] = sums[c * dims + j]! / sizes[c]!;
  }
  const lists: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < rows; i++) lists[cellOf[i]!]!.push(i);
  const probesOf = lists.map((_, c) => {
    const centre = rowOf(centres, c);
    const order = lists.map((_, other) => [squaredDistance(centre, rowOf(centres, other)), other] as const);
    return order
      .sort((a, b) => a[0] - b[0])
      .slice(0, CELLS_PROBED)
      .map(([, other]) => other);
  });
  return { cellOf, members: lists.map((list) => Int32Array.from(list)), probesOf };
}

function nearestRow(row: Float32Array, base: Vectors): number {
  let best = 0;
  let bestDistance = Infinity;
  for (let c = 0; c < base.rows; c++) {
    let distance = 0;
    for (let j = 0, at = c * base.dims; j < base.dims && distance < bestDistance; j++) {
      const difference = row[j]! - base.data[at + j]!;
      distance += difference * difference;
    }
    if (distance < bestDistance) {
      bestDistance = distance;
      best = c;
    }
  }
  return best;
}

function dotOf(a: Float32Array, b: Float32Array): number {
  // Four sums: one chain of additions would wait for itself.
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = a.length & ~3;
  for (let j = 0; j < whole; j += 4) {
    s0 += a[j]! * b[j]!;
    s1 += a[j + 1]! * b[j + 1]!;
    s2 += a[j + 2]! * b[j + 2]!;
    s3 += a[j + 3]! * b[j + 3]!;
  }
  for (let j = whole; j < a.length; j++) s0 += a[j]! * b[j]!;
  return s0 + s1 + s2 + s3;
}

function addScaled(target: Float32Array, row: Float32Array, scale: number): void {
  for (let j = 0; j < row.length; j++) target[j]! += row[j]! * scale;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return sum;
}
