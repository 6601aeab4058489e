/** Places every image on a plane so that alike images lie together: the gallery's map. Pure. */
import { AlbumenError, throwIfAborted } from "../errors.ts";
import { createRandom, type Random } from "./random.ts";
import { rowOf, takeRows, type Vectors } from "./vectors.ts";

export interface MapLayoutOptions {
  readonly seed: number;
  /** checked between passes; the layout lets waiting events through there */
  readonly signal?: AbortSignal;
}

/** Axes kept before the search for neighbours; more cost time and keep no more neighbours (bench/gallery.ts). */
const AXES = 32;
/** Rows that the axes are learned from: 1,000 give the leading axes of 10,000 to within their noise. */
const SAMPLE_ROWS = 1000;
const SUBSPACE_PASSES = 3;
const NEIGHBOURS = 12;
/** Below this every pair is compared; above it only those of the nearest cells. */
const EXACT_ROWS = 2000;
const CELL_PASSES = 4;
const CELLS_PROBED = 4;
/** Random images that each image is pushed from in a pass. */
const REPULSIONS = 8;
/** UMAP's curve for min_dist 0.1 with b held at 1: no power function, so every machine draws the same map. */
const CURVE = 1.6;
const STEP_LIMIT = 4;
/**
 * How far each image goes from its heap to its own cell, in [0, 1]. At 0.5 tiles of half a cell hardly overlap; of
 * the 15 nearest, heap keeps .52 and caltech_a .43 (at 0: .61 and .54; two principal axes: .30 and .13).
 */
const SPREAD = 0.5;

/**
 * Lays images out by a neighbour graph pulled together and random pairs pushed apart.
 *
 * 1. The leading principal axes, by randomised subspace iteration on a sample (Halko, Martinsson & Tropp 2011, alg. 4.4).
 * 2. Nearest neighbours along these axes: all pairs, or, from 2,000 rows, the nearest cells of an inverted file
 *    (Jégou, Douze & Schmid 2011).
 * 3. Stochastic gradient descent with negative sampling on UMAP's curve (McInnes, Healy & Melville 2018, §3.2), the
 *    graph unweighted (Böhm, Berens & Kobak 2022 find no loss), started from the first two axes (Kobak &
 *    Linderman 2021). Images of one album pull each other a little too, so that an album is one place.
 * 4. Heaps are spread so that tiles show, and all is fitted into the unit square.
 *
 * @param vectors unit rows, one an image
 * @param assignment the album of each row, any integers; -1 for none
 * @returns x of row i at [2i], y at [2i + 1], each in [0, 1]; the same for the same input and seed
 * @throws `VECTORS_INVALID` when the lengths differ; `ABORTED`
 */
export async function layoutMap(
  vectors: Vectors,
  assignment: ArrayLike<number>,
  options: MapLayoutOptions,
): Promise<Float32Array> {
  const { rows } = vectors;
  if (assignment.length !== rows)
    throw new AlbumenError("VECTORS_INVALID", `${rows} vectors cannot have ${assignment.length} albums.`);
  if (rows <= 1) return new Float32Array(rows * 2).fill(0.5);
  const random = createRandom(options.seed);
  const pause = () => letEventsThrough(options.signal);

  const reduced = projectOn(principalAxes(vectors, Math.min(AXES, vectors.dims, rows), random), vectors);
  await pause();
  const neighbours = await nearestNeighbours(reduced, Math.min(NEIGHBOURS, rows - 1), random, pause);
  const points = startFromAxes(reduced);
  await descend(points, neighbours, membersByAlbum(assignment), random, pause);
  spread(points);
  return fitIntoSquare(points);
}

/** A macrotask boundary: timers, signals and I/O get their turn, so an abort is seen within one pass. */
async function letEventsThrough(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (signal) throwIfAborted(signal);
}

interface Axes {
  /** the sample's mean, which projections are taken from */
  readonly mean: Float32Array;
  /** orthonormal rows, largest variance first */
  readonly axes: Vectors;
}

function principalAxes(vectors: Vectors, count: number, random: Random): Axes {
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

function projectOn({ mean, axes }: Axes, vectors: Vectors): Vectors {
  const offsets = Float32Array.from({ length: axes.rows }, (_, a) => dotOf(rowOf(axes, a), mean));
  const data = new Float32Array(vectors.rows * axes.rows);
  for (let i = 0; i < vectors.rows; i++)
    for (let a = 0; a < axes.rows; a++)
      data[i * axes.rows + a] = dotOf(rowOf(vectors, i), rowOf(axes, a)) - offsets[a]!;
  return { data, rows: vectors.rows, dims: axes.rows };
}

/** The `count` nearest rows of each row at [i · count …], in no order; -1 where the probed cells held fewer. */
async function nearestNeighbours(
  points: Vectors,
  count: number,
  random: Random,
  pause: () => Promise<void>,
): Promise<{ index: Int32Array; count: number }> {
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

/** The first two axes, scaled so that the wider spans 20: the width UMAP starts from. */
function startFromAxes(reduced: Vectors): Float64Array {
  const { rows, dims, data } = reduced;
  const points = new Float64Array(rows * 2);
  let widest = 0;
  for (let i = 0; i < rows; i++)
    for (let a = 0; a < 2; a++) {
      points[2 * i + a] = a < dims ? data[i * dims + a]! : 0;
      widest = Math.max(widest, Math.abs(points[2 * i + a]!));
    }
  // Equal images would start on one spot, where no force tells them apart: a spiral of a hair's width does.
  for (let i = 0; i < rows; i++)
    for (let a = 0; a < 2; a++)
      points[2 * i + a] =
        points[2 * i + a]! * (widest > 0 ? 10 / widest : 0) + ((i * (a + 1) * 7) % 101) * 1e-4;
  return points;
}

function membersByAlbum(assignment: ArrayLike<number>): (readonly number[] | null)[] {
  const lists = new Map<number, number[]>();
  const ofRow: (readonly number[] | null)[] = [];
  for (let i = 0; i < assignment.length; i++) {
    const album = assignment[i]!;
    if (album < 0) {
      ofRow.push(null);
      continue;
    }
    const list = lists.get(album) ?? [];
    if (list.length === 0) lists.set(album, list);
    list.push(i);
    ofRow.push(list);
  }
  return ofRow;
}

/** Moves `points` (x at [2i], y at [2i + 1]) in place. */
async function descend(
  points: Float64Array,
  neighbours: { index: Int32Array; count: number },
  albumOf: readonly (readonly number[] | null)[],
  random: Random,
  pause: () => Promise<void>,
): Promise<void> {
  const rows = points.length / 2;
  const { index, count } = neighbours;
  // Small sets need more passes to settle and are cheap; from 10,000 rows the work is held to about a second.
  const passes = Math.round(Math.min(300, Math.max(40, 500_000 / rows)));
  for (let pass = 0; pass < passes; pass++) {
    const rate = 1 - pass / passes;
    for (let i = 0; i < rows; i++) {
      for (let e = 0; e < count; e++) {
        const other = index[i * count + e]!;
        if (other >= 0) pull(points, i, other, rate);
      }
      const mates = albumOf[i];
      if (mates) pull(points, i, mates[random.int(mates.length)]!, rate);
      for (let r = 0; r < REPULSIONS; r++) push(points, i, random.int(rows), rate);
    }
    if ((pass * rows) % 20_000 < rows) await pause();
  }
}

function pull(points: Float64Array, i: number, j: number, rate: number): void {
  const dx = points[2 * i]! - points[2 * j]!;
  const dy = points[2 * i + 1]! - points[2 * j + 1]!;
  const squared = dx * dx + dy * dy;
  if (squared === 0) return;
  const force = (-2 * CURVE * rate) / (1 + CURVE * squared);
  const mx = clamp(force * dx) * 0.5;
  const my = clamp(force * dy) * 0.5;
  points[2 * i]! += mx;
  points[2 * i + 1]! += my;
  points[2 * j]! -= mx;
  points[2 * j + 1]! -= my;
}

function push(points: Float64Array, i: number, j: number, rate: number): void {
  if (i === j) return;
  const dx = points[2 * i]! - points[2 * j]!;
  const dy = points[2 * i + 1]! - points[2 * j + 1]!;
  const squared = dx * dx + dy * dy;
  const force = (2 * rate) / ((0.001 + squared) * (1 + CURVE * squared));
  points[2 * i]! += clamp(force * dx);
  points[2 * i + 1]! += clamp(force * dy);
}

function clamp(step: number): number {
  return step > STEP_LIMIT ? STEP_LIMIT : step < -STEP_LIMIT ? -STEP_LIMIT : step;
}

/**
 * Moves every image towards a place of its own, in place, so that tiles show instead of lying in heaps.
 * The square is halved at the median, along its longer side, until each image has a cell (the k-d tree of Bentley
 * 1975, used as a layout by Hilasaca et al. 2019, "DGrid"); images go part of the way there. A cut never changes
 * the order along its axis, so clusters stay whole and the empty space between them shrinks but stays.
 */
function spread(points: Float64Array): void {
  const order = Int32Array.from({ length: points.length / 2 }, (_, i) => i);
  const { left, top, side } = boundsOf(points);
  const place = (from: number, to: number, x: number, y: number, width: number, height: number): void => {
    if (to - from === 1) {
      const at = 2 * order[from]!;
      points[at]! += (x + width / 2 - points[at]!) * SPREAD;
      points[at + 1]! += (y + height / 2 - points[at + 1]!) * SPREAD;
      return;
    }
    const axis = width >= height ? 0 : 1;
    order.subarray(from, to).sort((a, b) => points[2 * a + axis]! - points[2 * b + axis]! || a - b);
    const middle = (from + to) >> 1;
    const share = (middle - from) / (to - from);
    if (axis === 0) {
      place(from, middle, x, y, width * share, height);
      place(middle, to, x + width * share, y, width * (1 - share), height);
    } else {
      place(from, middle, x, y, width, height * share);
      place(middle, to, x, y + height * share, width, height * (1 - share));
    }
  };
  place(0, order.length, left, top, side, side);
}

/** The square that holds all points, centred on them. */
function boundsOf(points: Float64Array): { left: number; top: number; side: number } {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    top = Math.min(top, points[i + 1]!);
    bottom = Math.max(bottom, points[i + 1]!);
  }
  const side = Math.max(right - left, bottom - top);
  return { left: (left + right - side) / 2, top: (top + bottom - side) / 2, side };
}

function fitIntoSquare(points: Float64Array): Float32Array {
  const { left, top, side } = boundsOf(points);
  if (side === 0) return new Float32Array(points.length).fill(0.5);
  return Float32Array.from(points, (value, i) =>
    Math.min(1, Math.max(0, (value - (i % 2 === 0 ? left : top)) / side)),
  );
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
