/** The Matrix port in plain loops: the reference that every other backend is compared with. */
import type { Neighbours, Vectors } from "../../core/vectors.ts";
import type { Matrix } from "../../ports/matrix.ts";
import type { Call } from "../../ports/call.ts";
import { throwIfAborted } from "../../errors.ts";
import { assertComparable } from "./blocks.ts";

export function createPlainMatrix(): Matrix {
  return {
    async nearest(points, centroids, call) {
      assertComparable(points, centroids);
      const index = new Int32Array(points.rows);
      const similarity = new Float32Array(points.rows);
      for (const [i, scores] of scoredRows(points, centroids, call)) {
        let best = 0;
        for (let c = 1; c < scores.length; c++) if (scores[c] > scores[best]) best = c;
        index[i] = best;
        similarity[i] = scores[best];
      }
      return { index, similarity };
    },

    async topK(queries, base, k, call): Promise<Neighbours> {
      const width = Math.min(k, base.rows);
      assertComparable(queries, base);
      const index = new Int32Array(queries.rows * width);
      const similarity = new Float32Array(queries.rows * width);
      for (const [i, scores] of scoredRows(queries, base, call)) {
        const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
        for (let j = 0; j < width; j++) {
          index[i * width + j] = order[j];
          similarity[i * width + j] = scores[order[j]];
        }
      }
      return { k: width, index, similarity };
    },

    async multiply(a, b, call) {
      assertComparable(a, b);
      const product = new Float32Array(a.rows * b.rows);
      for (const [i, scores] of scoredRows(a, b, call)) product.set(scores, i * b.rows);
      return product;
    },

    screen: async () => null,

    async dispose() {},
  };
}

/** Each row of `a` with its dot products to every row of `b`; the array is reused from row to row. */
function* scoredRows(a: Vectors, b: Vectors, call: Call): Generator<[number, Float32Array]> {
  const scores = new Float32Array(b.rows);
  for (let i = 0; i < a.rows; i++) {
    if (i % 256 === 0) {
      throwIfAborted(call.signal);
      call.onProgress?.(i, a.rows);
    }
    for (let c = 0; c < b.rows; c++) {
      let sum = 0;
      for (let j = 0; j < a.dims; j++) sum += a.data[i * a.dims + j] * b.data[c * b.dims + j];
      scores[c] = sum;
    }
    yield [i, scores];
  }
  call.onProgress?.(a.rows, a.rows);
}
