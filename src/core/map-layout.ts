/** Places every image on a plane so that alike images lie together: the gallery's map. Pure. */
import { AlbumenError, throwIfAborted } from "../errors.ts";
import { createRandom, type Random } from "./random.ts";
import { nearestNeighbours, principalAxes, projectOn, type NeighbourGraph } from "./map-neighbours.ts";
import type { Vectors } from "./vectors.ts";

export interface MapLayoutOptions {
  readonly seed: number;
  /** checked between passes; the layout lets waiting events through there */
  readonly signal?: AbortSignal;
}

/** Axes kept before the search for neighbours; more cost time and keep no more neighbours (bench/gallery.ts). */
const AXES = 32;
const NEIGHBOURS = 12;
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
 * 1. The leading principal axes, and the nearest neighbours along them (map-neighbours.ts).
 * 2. Stochastic gradient descent with negative sampling on UMAP's curve (McInnes, Healy & Melville 2018, §3.2), the
 *    graph unweighted (Böhm, Berens & Kobak 2022 find no loss), started from the first two axes (Kobak &
 *    Linderman 2021). Images of one album pull each other a little too, so that an album is one place.
 * 3. Heaps are spread so that tiles show, and all is fitted into the unit square.
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
  neighbours: NeighbourGraph,
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
