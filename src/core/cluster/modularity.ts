/** How well each cut of a hierarchy keeps neighbours together. Pure. */
import type { Tree } from "./linkage.ts";

/**
 * Modularity (M. Newman and M. Girvan, Phys. Rev. E 69, 026113, 2004) of the graph that joins every row to its
 * `neighbours` nearest, for each cut from `mostGroups` down to 1: entry k belongs to k groups. The share of edges
 * inside groups, less the share that groups of these sizes would hold by chance; in [-1, 1].
 *
 * A leaf that stands for w rows holds the first w - 1 neighbours of each of them itself.
 *
 * @param gram dot products of all pairs of leaves, n × n
 * @param weights how many rows each leaf stands for
 */
export function modularitiesOf(
  tree: Tree,
  gram: Float32Array,
  weights: Float64Array,
  options: { readonly neighbours: number; readonly mostGroups: number },
): Float64Array {
  const n = tree.leaves;
  const groups = Math.min(options.mostGroups, n);
  const values = new Float64Array(groups + 1).fill(-Infinity);
  const parent = parentsOf(tree);
  let inside = 0;
  let all = 0;
  const joinedBy = new Float64Array(n + tree.height.length);
  for (let i = 0; i < n; i++) {
    const own = Math.min(options.neighbours, weights[i] - 1);
    inside += own * weights[i];
    all += own * weights[i];
    for (const [j, taken] of nearestLeaves(gram, weights, i, options.neighbours - own)) {
      all += taken * weights[i];
      joinedBy[commonAncestor(parent, i, j)] += taken * weights[i];
    }
  }
  const size = new Float64Array(n + tree.height.length);
  let total = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    size[i] = weights[i];
    total += weights[i];
    squares += weights[i] ** 2;
  }
  for (let living = n; ; living--) {
    if (living <= groups) values[living] = (all > 0 ? inside / all : 1) - squares / total ** 2;
    if (living === 1) return values;
    const s = n - living;
    const a = size[tree.left[s]];
    const b = size[tree.right[s]];
    size[n + s] = a + b;
    squares += 2 * a * b;
    inside += joinedBy[n + s];
  }
}

/** The node that each node was merged into; the root's is -1. A parent's number is always higher. */
function parentsOf(tree: Tree): Int32Array {
  const parent = new Int32Array(tree.leaves + tree.height.length).fill(-1);
  tree.left.forEach((node, s) => (parent[node] = tree.leaves + s));
  tree.right.forEach((node, s) => (parent[node] = tree.leaves + s));
  return parent;
}

function commonAncestor(parent: Int32Array, a: number, b: number): number {
  while (a !== b)
    if (a < b) a = parent[a];
    else b = parent[b];
  return a;
}

/** The leaves that hold the next `wanted` neighbours of leaf i's rows, nearest first, with how many each gives. */
function nearestLeaves(
  gram: Float32Array,
  weights: Float64Array,
  i: number,
  wanted: number,
): [number, number][] {
  const n = weights.length;
  const nearest: number[] = [];
  if (wanted <= 0) return [];
  for (let j = 0; j < n; j++) {
    if (j === i) continue;
    const cosine = gram[i * n + j];
    if (nearest.length >= wanted && cosine <= gram[i * n + nearest[nearest.length - 1]]) continue;
    let at = nearest.length;
    while (at > 0 && gram[i * n + nearest[at - 1]] < cosine) at--;
    nearest.splice(at, 0, j);
    if (nearest.length > wanted) nearest.pop();
  }
  const taken: [number, number][] = [];
  let left = wanted;
  for (const j of nearest) {
    if (left <= 0) break;
    taken.push([j, Math.min(left, weights[j])]);
    left -= weights[j];
  }
  return taken;
}
