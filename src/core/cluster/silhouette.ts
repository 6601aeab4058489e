/** The silhouette of every cut of a hierarchy, in one walk from many groups to few. Pure. */
import { cutTree, type Tree } from "./linkage.ts";

/**
 * Mean silhouette (P. Rousseeuw, J. Comput. Appl. Math. 20, 1987) on 1 - cosine, for each cut from `mostGroups` down
 * to 2: entry k of the result belongs to k groups; entries 0 and 1 are -Infinity. A row alone in its group counts 0.
 *
 * One table holds the sum of distances from each row to each group. A merge adds two of its columns, and only rows
 * that sit in, or are nearest to, one of the two groups look for their nearest group anew.
 *
 * @param gram dot products of all pairs of leaves, n × n. A leaf that stands for several unit rows is their mean, not
 *   scaled to unit length: then the sums are exact, for the mean of x·y over two sets is the product of their means.
 * @param weights how many rows each leaf stands for; default 1 each
 */
export function silhouettesOf(
  tree: Tree,
  gram: Float32Array,
  mostGroups: number,
  weights?: ArrayLike<number>,
): Float64Array {
  const n = tree.leaves;
  const groups = Math.min(mostGroups, n);
  const values = new Float64Array(groups + 1).fill(-Infinity);
  if (groups < 2) return values;
  const weightOf = (i: number) => weights?.[i] ?? 1;

  const group = cutTree(tree, groups);
  const size = new Float64Array(groups);
  for (let i = 0; i < n; i++) size[group[i]] += weightOf(i);
  const sums = new Float64Array(n * groups);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) sums[i * groups + group[j]] += weightOf(j) * Math.max(0, 1 - gram[i * n + j]);

  const alive = Int32Array.from({ length: groups }, (_, c) => c);
  let living = groups;
  const nearest = new Int32Array(n).fill(-1);
  const toNearest = new Float64Array(n);
  const findNearest = (i: number) => {
    let best = -1;
    let least = Infinity;
    for (let x = 0; x < living; x++) {
      const c = alive[x];
      if (c === group[i]) continue;
      const mean = sums[i * groups + c] / size[c];
      if (mean < least) {
        least = mean;
        best = c;
      }
    }
    nearest[i] = best;
    toNearest[i] = least;
  };
  for (let i = 0; i < n; i++) findNearest(i);

  // The group of every tree node, so that a merge of nodes can be read as a merge of groups.
  const groupOfNode = new Int32Array(n + tree.height.length);
  for (let i = 0; i < n; i++) groupOfNode[i] = group[i];
  for (let s = 0; s < n - groups; s++) groupOfNode[n + s] = groupOfNode[tree.left[s]];

  let total = 0;
  for (let i = 0; i < n; i++) total += weightOf(i);
  for (let s = n - groups; ; s++) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const own = size[group[i]];
      if (own <= 1) continue;
      const a = sums[i * groups + group[i]] / (own - 1);
      const b = toNearest[i];
      const larger = Math.max(a, b);
      if (larger > 0) sum += (weightOf(i) * (b - a)) / larger;
    }
    values[living] = sum / total;
    if (living === 2) return values;

    const keep = groupOfNode[tree.left[s]];
    const gone = groupOfNode[tree.right[s]];
    groupOfNode[n + s] = keep;
    size[keep] += size[gone];
    let kept = 0;
    for (let x = 0; x < living; x++) if (alive[x] !== gone) alive[kept++] = alive[x];
    living = kept;
    for (let i = 0; i < n; i++) {
      sums[i * groups + keep] += sums[i * groups + gone];
      if (group[i] === gone) group[i] = keep;
    }
    for (let i = 0; i < n; i++)
      if (group[i] === keep || nearest[i] === keep || nearest[i] === gone) findNearest(i);
  }
}
