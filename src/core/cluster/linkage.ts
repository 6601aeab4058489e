/** Ward's hierarchy over unit vectors, and cuts through it. Pure. */
import { AlbumenError } from "../../errors.ts";
import type { Vectors } from "../vectors.ts";

/**
 * A full hierarchy over n leaves, as n - 1 merges in ascending order of height.
 * Node i < n is leaf i; node n + s is what merge s makes.
 */
export interface Tree {
  readonly leaves: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Ward height as in scipy: sqrt(2 |a| |b| / (|a| + |b|)) times the distance of the two centroids, >= 0 */
  readonly height: Float64Array;
}

/**
 * Squared Euclidean distances of all pairs of rows, entry (i, j) at `[i * n + j]`, float64.
 * `gram` holds the rows' dot products (float32, from a GEMM). |a|² + |b|² - 2ab loses its digits where two rows
 * nearly coincide, so such pairs are summed again, directly.
 */
export function squaredDistances(vectors: Vectors, gram: Float32Array): Float64Array {
  const { rows: n } = vectors;
  if (gram.length !== n * n)
    throw new AlbumenError("INTERNAL", `${gram.length} products are not those of ${n} rows.`);
  const norms = Float64Array.from({ length: n }, (_, i) => squaredDistance(vectors, i, -1));
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      let d = norms[i] + norms[j] - 2 * gram[i * n + j];
      if (d < NEAR * (norms[i] + norms[j])) d = squaredDistance(vectors, i, j);
      distances[i * n + j] = d;
      distances[j * n + i] = d;
    }
  return distances;
}

// A float32 product of unit rows is off by up to about 1e-7; above this share of the norms, heights keep five digits.
const NEAR = 0.01;

/** Of rows i and j; with j = -1, of row i and the origin. */
function squaredDistance(vectors: Vectors, i: number, j: number): number {
  const { data, dims } = vectors;
  let sum = 0;
  for (let d = 0; d < dims; d++) {
    const difference = data[i * dims + d] - (j < 0 ? 0 : data[j * dims + d]);
    sum += difference * difference;
  }
  return sum;
}

/**
 * Ward linkage by the nearest-neighbour chain, O(n²) time: F. Murtagh, A survey of recent advances in hierarchical
 * clustering algorithms, The Computer Journal 26 (1983); as in D. Müllner, arXiv:1109.2378, section 3.2.
 * Distances of merged clusters by Lance and Williams (1967).
 *
 * @param squared squared distances of all pairs, n × n; overwritten
 * @param weights how many equal points each leaf stands for, > 0; default 1 each
 */
export function wardTree(squared: Float64Array, n: number, weights?: ArrayLike<number>): Tree {
  if (squared.length !== n * n)
    throw new AlbumenError("INTERNAL", `${squared.length} distances are not ${n}².`);
  const size = Float64Array.from({ length: n }, (_, i) => weights?.[i] ?? 1);
  if (weights) toWeightedDistances(squared, size);

  const merges: { a: number; b: number; squared: number }[] = [];
  const alive = Int32Array.from({ length: n }, (_, i) => i);
  let living = n;
  const chain: number[] = [];
  while (living > 1) {
    if (chain.length === 0) chain.push(alive[0]);
    for (;;) {
      const tip = chain[chain.length - 1];
      // Among equally near ones the previous link wins, else the chain could run in a circle.
      let nearest = chain.length > 1 ? chain[chain.length - 2] : -1;
      let distance = nearest < 0 ? Infinity : squared[tip * n + nearest];
      const row = tip * n;
      for (let x = 0; x < living; x++) {
        const other = alive[x];
        const d = squared[row + other];
        if (d < distance && other !== tip) {
          distance = d;
          nearest = other;
        }
      }
      if (chain.length > 1 && nearest === chain[chain.length - 2]) {
        merges.push({ a: Math.min(tip, nearest), b: Math.max(tip, nearest), squared: distance });
        chain.length -= 2;
        break;
      }
      chain.push(nearest);
    }
    const { a, b, squared: distance } = merges[merges.length - 1];
    let kept = 0;
    for (let x = 0; x < living; x++) {
      const other = alive[x];
      if (other === b) continue;
      alive[kept++] = other;
      if (other === a) continue;
      const total = size[a] + size[b] + size[other];
      const d =
        ((size[a] + size[other]) * squared[a * n + other] +
          (size[b] + size[other]) * squared[b * n + other] -
          size[other] * distance) /
        total;
      squared[a * n + other] = d;
      squared[other * n + a] = d;
    }
    living = kept;
    size[a] += size[b];
  }
  return orderedTree(n, merges);
}

/** Heights of leaves that stand for several points: 2 wa wb / (wa + wb) times the squared distance. */
function toWeightedDistances(squared: Float64Array, size: Float64Array): void {
  const n = size.length;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) squared[i * n + j] *= (2 * size[i] * size[j]) / (size[i] + size[j]);
}

/** The chain finds merges out of order; sorted by height they form the same tree, for Ward's heights never invert. */
function orderedTree(n: number, merges: { a: number; b: number; squared: number }[]): Tree {
  const order = merges.map((_, s) => s).sort((s, t) => merges[s].squared - merges[t].squared || s - t);
  const nodeOf = createUnion(n);
  const node = Int32Array.from({ length: n }, (_, i) => i);
  const left = new Int32Array(merges.length);
  const right = new Int32Array(merges.length);
  const height = new Float64Array(merges.length);
  order.forEach((s, at) => {
    const a = nodeOf.find(merges[s].a);
    const b = nodeOf.find(merges[s].b);
    left[at] = node[a];
    right[at] = node[b];
    height[at] = Math.sqrt(Math.max(0, merges[s].squared));
    node[nodeOf.join(a, b)] = n + at;
  });
  return { leaves: n, left, right, height };
}

/** Union-find with path halving. */
export function createUnion(n: number) {
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  return {
    find,
    /** Joins two roots; returns the root of both. */
    join(a: number, b: number): number {
      parent[b] = a;
      return a;
    },
  };
}

/** The partition of the leaves into k groups (1 <= k <= leaves), numbered by first appearance. */
export function cutTree(tree: Tree, k: number): Int32Array {
  return cutAfter(tree, tree.leaves - Math.max(1, Math.min(k, tree.leaves)));
}

/** The partition after the first `merges` merges, numbered by first appearance. */
function cutAfter(tree: Tree, merges: number): Int32Array {
  const union = createUnion(tree.leaves + merges);
  for (let s = 0; s < merges; s++) {
    union.join(tree.leaves + s, tree.left[s]);
    union.join(tree.leaves + s, tree.right[s]);
  }
  const label = new Map<number, number>();
  return Int32Array.from({ length: tree.leaves }, (_, i) => {
    const root = union.find(i);
    let at = label.get(root);
    if (at === undefined) label.set(root, (at = label.size));
    return at;
  });
}
