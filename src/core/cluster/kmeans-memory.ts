/** What one run of k-means keeps in its kernel's memory: rows, centroids, and the sums that centroids follow. Pure. */
import type { Vectors } from "../vectors.ts";
import type { RowScores } from "./kernels.ts";
import { rowBlock, SPARE } from "./row-blocks.ts";
import { copyPadded, openRowKernel, paddedDims } from "./row-kernel.ts";

export interface KMeansMemory {
  readonly centroids: Vectors;
  /** Where a screen writes its scores. */
  readonly scores: Int32Array;
  /** Makes these rows, ascending, the ones that `decide` and `move` are about. */
  stage(rows: Int32Array): void;
  /**
   * The nearest centroid of each staged row and by how much it leads, at least; 0 or less where that is within rounding.
   * From coarse scores, and float32 ones where those are too coarse.
   * @param coarse what a screen says of `scores`; those are overwritten
   * @param guess the centroid that is probably nearest to the i-th row
   */
  decide(
    coarse: RowScores,
    guess: (i: number) => number,
  ): { readonly label: Uint32Array; readonly lead: Float64Array };
  /** Moves the i-th staged row from one cluster to another; from -1: it was in none. */
  move(i: number, from: number, to: number): void;
  /**
   * Puts the centroids where their members are now and tells how far each went (Euclidean; exactly 0 where no member
   * came or went). An empty cluster, or one whose rows cancel each other out, stays where it is.
   */
  step(): Float64Array;
}

// So many stay in the kernel's memory for the whole run: 25 % faster. More would hold a large catalog twice.
const RESIDENT_BYTES = 512 * 2 ** 20;
// A sum shorter than this times its rows is what rounding left of rows that cancel each other out: no direction.
const NO_DIRECTION = 1e-12;

/**
 * Sums are kept in float64: a million rows added and taken away leave an error far below float32's last bit.
 *
 * @param slack what differences of two float32 scores may be off by
 * @param blockRows rows staged at a time, at most
 * @param residentBytes rows that take no more are kept in the kernel's memory for the whole run
 */
export function createKMeansMemory(
  points: Vectors,
  start: Vectors,
  options: { readonly slack: number; readonly blockRows: number; readonly residentBytes?: number },
): KMeansMemory {
  const { slack, blockRows, residentBytes = RESIDENT_BYTES } = options;
  const { dims } = points;
  const k = start.rows;
  const width = paddedDims(dims);
  const rowBytes = 4 * width;
  const isResident = points.rows * rowBytes <= residentBytes;
  const heldRows = isResident ? points.rows : Math.ceil(SPARE * blockRows);
  const scoreCount = Math.ceil(SPARE * blockRows) * k;

  let endBytes = 0;
  const reserve = (sizeBytes: number): number => {
    const at = endBytes;
    endBytes = Math.ceil((at + sizeBytes) / 16) * 16;
    return at;
  };
  const [rowsAt, centroidsAt, sumsAt] = [rowBytes * heldRows, rowBytes * k, 2 * rowBytes * k].map(reserve);
  const [scoresAt, openAt] = [4 * scoreCount, 4 * (blockRows + 1)].map(reserve);
  const [scoresOfAt, rowOfAt, labelsAt] = [4 * blockRows, 4 * blockRows, 4 * blockRows].map(reserve);
  const [worthsAt, errorsAt, leadsAt] = [8 * blockRows, 8 * blockRows, 8 * blockRows].map(reserve);
  const kernel = openRowKernel(endBytes);
  const { buffer } = kernel.memory;
  const held = new Float32Array(buffer, rowsAt, width * heldRows);
  const kept = new Float32Array(buffer, centroidsAt, width * k);
  const sums = new Float64Array(buffer, sumsAt, width * k);
  const [scoresOf, rowOf, label] = [scoresOfAt, rowOfAt, labelsAt].map(
    (at) => new Uint32Array(buffer, at, blockRows),
  );
  const [worths, errors, lead] = [worthsAt, errorsAt, leadsAt].map(
    (at) => new Float64Array(buffer, at, blockRows),
  );

  const counts = new Int32Array(k);
  const isChanged = new Uint8Array(k);
  let centroids = start;
  copyPadded(start.data, dims, kept, width);
  if (isResident) copyPadded(points.data, dims, held, width);
  let stagedRows = 0;

  return {
    get centroids() {
      return centroids;
    },
    scores: new Int32Array(buffer, scoresAt, scoreCount),
    stage(rows) {
      stagedRows = rows.length;
      if (isResident) {
        for (let i = 0; i < stagedRows; i++) rowOf[i] = rowsAt + rowBytes * rows[i];
        return;
      }
      const { data, positionOf } = rowBlock(points.data, dims, rows);
      copyPadded(data, dims, held, width);
      for (let i = 0; i < stagedRows; i++) rowOf[i] = rowsAt + rowBytes * positionOf(i);
    },
    decide({ startOf, worthOf, errorOf }, guess) {
      for (let i = 0; i < stagedRows; i++) {
        scoresOf[i] = scoresAt + 4 * startOf(i);
        worths[i] = worthOf(i);
        errors[i] = errorOf(i);
        label[i] = guess(i);
      }
      const tables = [scoresOfAt, worthsAt, errorsAt, rowOfAt, labelsAt, leadsAt, openAt] as const;
      kernel.decide(stagedRows, k, slack, ...tables, centroidsAt, width);
      return { label, lead };
    },
    move(i, from, to) {
      const row = rowOf[i];
      if (from >= 0) {
        isChanged[from] = 1;
        counts[from]--;
        kernel.accumulate(sumsAt + 2 * rowBytes * from, row, width, -1);
      }
      isChanged[to] = 1;
      counts[to]++;
      kernel.accumulate(sumsAt + 2 * rowBytes * to, row, width, 1);
    },
    step() {
      const next = new Float32Array(centroids.data);
      const drift = new Float64Array(k);
      for (let c = 0; c < k; c++) {
        if (isChanged[c] === 0) continue;
        if (counts[c] === 0) sums.fill(0, c * width, (c + 1) * width);
        const sum = sums.subarray(c * width, c * width + dims);
        let squares = 0;
        for (const x of sum) squares += x * x;
        if (squares <= (NO_DIRECTION * counts[c]) ** 2) continue;
        const scale = 1 / Math.sqrt(squares);
        let moved = 0;
        for (let j = 0, at = c * dims; j < dims; j++, at++) {
          next[at] = sum[j] * scale;
          moved += (next[at] - centroids.data[at]) ** 2;
        }
        drift[c] = Math.sqrt(moved);
        copyPadded(next.subarray(c * dims, (c + 1) * dims), dims, kept.subarray(c * width), width);
      }
      isChanged.fill(0);
      centroids = { data: next, rows: k, dims };
      return drift;
    },
  };
}
