/**
 * Groups as dense regions, the rest as noise: HDBSCAN*, exact.
 * Campello, Moulavi and Sander, PAKDD 2013; the condensed tree as in McInnes and Healy, ICDM workshops 2017.
 */
import { AlbumenError } from "../../errors.ts";
import { createUnion } from "./linkage.ts";

export interface DensityOptions {
  /** rows that make a cluster, >= 2 */
  readonly minClusterSize: number;
  /** rows within the core distance, the row itself counted, >= 1; cut to the number of rows */
  readonly minSamples: number;
}

export interface DensityClusters {
  readonly k: number;
  /** 0..k-1 by first appearance; -1 = noise */
  readonly label: Int32Array;
  /** how deep in its cluster a row lies, in [0, 1]; 0 for noise */
  readonly probability: Float64Array;
}

/** Density is 1 / distance; equal rows are this far apart at least, so that it stays finite. */
const LEAST_DISTANCE = 1e-10;

/** @param distance of all pairs, n × n, symmetric */
export function hdbscan(distance: Float64Array, n: number, options: DensityOptions): DensityClusters {
  if (distance.length !== n * n)
    throw new AlbumenError("INTERNAL", `${distance.length} distances are not ${n}².`);
  if (options.minClusterSize < 2)
    throw new AlbumenError("CLUSTERING_INVALID", "A dense cluster needs at least two rows.");
  if (n === 0) return { k: 0, label: new Int32Array(0), probability: new Float64Array(0) };
  const tree = condense(singleLinkage(distance, n, options.minSamples), n, options.minClusterSize);
  return labelRows(tree, selectByExcessOfMass(tree), n);
}

interface Merge {
  readonly left: number;
  readonly right: number;
  readonly distance: number;
  readonly size: number;
}

/** Prim's minimum spanning tree of the mutual reachability distances, its edges sorted and joined. */
function singleLinkage(distance: Float64Array, n: number, minSamples: number): Merge[] {
  const core = Float64Array.from({ length: n }, (_, i) => {
    const sorted = distance.slice(i * n, (i + 1) * n).sort();
    return sorted[Math.min(minSamples, n) - 1];
  });
  const isIn = new Uint8Array(n);
  const nearest = new Float64Array(n).fill(Infinity);
  const from = new Int32Array(n);
  const edges: { a: number; b: number; distance: number }[] = [];
  let current = 0;
  for (let step = 1; step < n; step++) {
    isIn[current] = 1;
    let next = -1;
    for (let j = 0; j < n; j++) {
      if (isIn[j]) continue;
      const reach = Math.max(core[current], core[j], distance[current * n + j]);
      if (reach < nearest[j]) {
        nearest[j] = reach;
        from[j] = current;
      }
      if (next < 0 || nearest[j] < nearest[next]) next = j;
    }
    edges.push({ a: from[next], b: next, distance: nearest[next] });
    current = next;
  }
  edges.sort((x, y) => x.distance - y.distance);
  const union = createUnion(2 * n - 1);
  const size = new Int32Array(2 * n - 1).fill(1);
  return edges.map(({ a, b, distance }, s) => {
    const left = union.find(a);
    const right = union.find(b);
    size[n + s] = size[left] + size[right];
    union.join(n + s, left);
    union.join(n + s, right);
    return { left, right, distance: Math.max(distance, LEAST_DISTANCE), size: size[n + s] };
  });
}

interface CondensedTree {
  /** cluster 0 is the root; a child's number is higher than its parent's */
  readonly parent: number[];
  /** density at which a cluster splits off */
  readonly birth: number[];
  readonly size: number[];
  /** per row: the cluster it falls out of, and the density at which */
  readonly clusterOf: Int32Array;
  readonly death: Float64Array;
}

/** Splits that shed fewer than `minClusterSize` rows are the same cluster losing rows. */
function condense(merges: readonly Merge[], n: number, minClusterSize: number): CondensedTree {
  const parent = [-1];
  const birth = [0];
  const size = [n];
  const clusterOf = new Int32Array(n);
  const death = new Float64Array(n);
  const sizeOf = (node: number) => (node < n ? 1 : merges[node - n].size);
  const shed = (node: number, cluster: number, density: number) => {
    const stack = [node];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at >= n) stack.push(merges[at - n].left, merges[at - n].right);
      else {
        clusterOf[at] = cluster;
        death[at] = density;
      }
    }
  };
  const open: [node: number, cluster: number][] = n > 1 ? [[2 * n - 2, 0]] : [];
  for (let next = open.shift(); next; next = open.shift()) {
    const [node, cluster] = next;
    const { left, right, distance } = merges[node - n];
    const density = 1 / distance;
    const isSplit = sizeOf(left) >= minClusterSize && sizeOf(right) >= minClusterSize;
    for (const side of [left, right]) {
      if (sizeOf(side) < minClusterSize) shed(side, cluster, density);
      else if (!isSplit) open.push([side, cluster]);
      else {
        parent.push(cluster);
        birth.push(density);
        size.push(sizeOf(side));
        open.push([side, parent.length - 1]);
      }
    }
  }
  return { parent, birth, size, clusterOf, death };
}

/** The clusters whose stability is not beaten by that of their parts together; never the root. */
function selectByExcessOfMass(tree: CondensedTree): Uint8Array {
  const count = tree.parent.length;
  const stability = new Float64Array(count);
  tree.clusterOf.forEach((c, i) => (stability[c] += tree.death[i] - tree.birth[c]));
  for (let c = 1; c < count; c++) {
    const p = tree.parent[c];
    stability[p] += (tree.birth[c] - tree.birth[p]) * tree.size[c];
  }
  const ofParts = new Float64Array(count);
  const isSelected = new Uint8Array(count);
  for (let c = count - 1; c > 0; c--) {
    isSelected[c] = ofParts[c] > stability[c] ? 0 : 1;
    ofParts[tree.parent[c]] += Math.max(ofParts[c], stability[c]);
  }
  // A cluster inside a selected one is part of it.
  const isInside = new Uint8Array(count);
  for (let c = 1; c < count; c++) {
    const p = tree.parent[c];
    isInside[c] = isSelected[p] || isInside[p] ? 1 : 0;
  }
  return isSelected.map((selected, c) => (selected && !isInside[c] ? 1 : 0));
}

function labelRows(tree: CondensedTree, isSelected: Uint8Array, n: number): DensityClusters {
  const selectedOf = Int32Array.from(tree.clusterOf, (c) => {
    while (c > 0 && !isSelected[c]) c = tree.parent[c];
    return c > 0 ? c : -1;
  });
  // How deep a cluster itself goes; rows that live on in its parts count as deep as that.
  const deepest = new Float64Array(tree.parent.length);
  tree.clusterOf.forEach((c, i) => (deepest[c] = Math.max(deepest[c], tree.death[i])));
  tree.parent.forEach((c, part) => {
    if (c >= 0) deepest[c] = Math.max(deepest[c], tree.birth[part]);
  });
  const number = new Map<number, number>();
  const label = new Int32Array(n).fill(-1);
  const probability = new Float64Array(n);
  selectedOf.forEach((c, i) => {
    if (c < 0) return;
    if (!number.has(c)) number.set(c, number.size);
    label[i] = number.get(c)!;
    probability[i] = Math.min(tree.death[i], deepest[c]) / deepest[c];
  });
  return { k: number.size, label, probability };
}
