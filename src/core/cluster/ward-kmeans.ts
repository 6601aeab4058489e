/** The default way to find albums: a hierarchy proposes, a criterion chooses how many, k-means refines. */
import { createRandom, type Random } from "../random.ts";
import { takeRows, type Vectors } from "../vectors.ts";
import {
  bestCut,
  CRITERION,
  cutScores,
  neighboursIn,
  NEIGHBOURS_IN_ALBUM,
  type Granularity,
} from "./choose.ts";
import { finishGrouping, type Clustering } from "./finish.ts";
import type { Kernels } from "./kernels.ts";
import { evidenceOf, holdsSeveralKinds, isOneKind, type Evidence } from "./kinds.ts";
import { kMeans } from "./kmeans.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";
import { centroidsOf } from "./means.ts";
import { leavesOf, type Leaves } from "./micro.ts";
import { spreadOf } from "./spread.ts";
import { straysOf } from "./strays.ts";

export interface GroupingRequest {
  readonly vectors: Vectors;
  readonly albums: number | null;
  readonly granularity: Granularity;
  readonly minAlbumSize: number;
  readonly maxAlbums: number | null;
  /** mean 1 - cosine of photos that have nothing to do with each other, in this space; null: not known */
  readonly unrelated: number | null;
  readonly seed: number;
}

// Converged long before on every setting of the study: 3 rounds reach what 25 do.
const MAX_ITERATIONS = 25;
// A smaller album is not looked at again: its parts could not be albums.
const SPLITTABLE = 8;

/**
 * 1. Rows, or micro-clusters where rows are many, become the leaves of a Ward tree. Strays leave first.
 * 2. The whole may be one kind. Else the tree is cut where `cutScores` is highest.
 * 3. One cut has one height, and loose kinds hide in it: each group that holds several kinds is cut again, unless
 *    coarse albums are wanted.
 * 4. Spherical k-means from that cut; strays join none.
 */
export async function wardKMeans(request: GroupingRequest, kernels: Kernels): Promise<Clustering> {
  const { vectors } = request;
  const random = createRandom(request.seed);
  const leaves = await leavesOf(vectors, random, kernels);
  const gram = await kernels.multiply(leaves.means, leaves.means);
  const isStray = straysOf(gram, leaves.weights);
  const stay = Int32Array.from(isStray.keys()).filter((leaf) => isStray[leaf] === 0);
  const cut = await cutLeaves(request, { leaves, stay, gram, random }, kernels);

  const labelOfLeaf = new Int32Array(leaves.weights.length).fill(-1);
  stay.forEach((leaf, at) => (labelOfLeaf[leaf] = cut.label[at]));
  const start = centroidsOf(
    leaves.sample,
    leaves.leafOf.map((leaf) => labelOfLeaf[leaf]),
    cut.k,
  );
  const rowsStay = Int32Array.from(leaves.leafOf.keys()).filter((row) => isStray[leaves.leafOf[row]] === 0);
  const core = rowsStay.length === leaves.sample.rows ? leaves.sample : takeRows(leaves.sample, rowsStay);
  const refined = await kMeans(core, start, kernels, { maxIterations: MAX_ITERATIONS });
  const nearest = await kernels.assign(vectors, refined.centroids);
  const isOwnLeaf = leaves.sample === vectors;
  const stays = nearest.index.map((c, row) => (isOwnLeaf && isStray[leaves.leafOf[row]] === 1 ? -1 : c));
  const index = readmit(vectors, stays, nearest, refined.centroids.rows);
  return finishGrouping(
    vectors,
    { index, centroids: refined.centroids, nearest: nearest.similarity },
    { minAlbumSize: request.minAlbumSize },
    { method: "ward+kmeans", criterion: cut.criterion, candidates: cut.candidates },
  );
}

/**
 * Deviations beyond the typical distance of an album's members up to which a stray is taken back. 1, 2, 3 and 5 on the
 * tuning half: mean ACC .738, .739, .744, .745, strays that stay out 52, 50, 46, 28 %; bench/results/clustering-tune.md.
 */
const READMIT = 3;

/** A stray that lies where an album's own members lie was none. */
function readmit(
  vectors: Vectors,
  index: Int32Array,
  nearest: { readonly index: Int32Array; readonly similarity: Float32Array },
  k: number,
): Int32Array {
  const { typical, deviation } = spreadOf(vectors, index, k);
  return index.map((c, row) => {
    const near = nearest.index[row];
    return c < 0 && 1 - nearest.similarity[row] < typical[near] + READMIT * deviation[near] ? near : c;
  });
}

interface Cut {
  /** group of each leaf that stays */
  readonly label: Int32Array;
  readonly k: number;
  readonly criterion: string;
  readonly candidates: number;
}

interface Forest {
  readonly leaves: Leaves;
  /** leaves that are no strays */
  readonly stay: Int32Array;
  readonly gram: Float32Array;
  readonly random: Random;
}

async function cutLeaves(request: GroupingRequest, forest: Forest, kernels: Kernels): Promise<Cut> {
  const { leaves, stay, random } = forest;
  const whole = treeOver(forest, stay);
  if (request.albums !== null) {
    const k = Math.min(request.albums, stay.length);
    return { label: cutTree(whole.tree, k), k, criterion: "given", candidates: 1 };
  }
  const most = Math.min(request.maxAlbums ?? Infinity, mostGroups(stay.length));
  const evidence = await evidenceOf(rowsUnder(leaves, stay), random, kernels);
  if (most < 2 || isOneKind(evidence, request.unrelated))
    return { label: new Int32Array(stay.length), k: 1, criterion: "one kind", candidates: 1 };

  const scores = cutScores(whole.tree, whole.gram, whole.weights, {
    most,
    neighbours: neighboursIn(leaves.sample.rows),
  });
  const oneHeight = (granularity: Granularity): Cut => {
    const { k, candidates } = bestCut(scores, granularity);
    return { label: cutTree(whole.tree, k), k, criterion: CRITERION, candidates };
  };
  const deepened = (granularity: Granularity): Promise<Cut> =>
    cutAgain(forest, oneHeight(granularity), { granularity, evidence, most }, kernels);
  // Each granularity cuts wherever the coarser one does, so that finer never means fewer.
  if (request.granularity === "coarse") return oneHeight("coarse");
  const normal = await deepened("normal");
  return request.granularity === "normal" ? normal : bothCuts(normal, await deepened("fine"), most);
}

/** The third step: each group that holds several kinds is cut at its own height. */
async function cutAgain(
  forest: Forest,
  cut: Cut,
  limits: { readonly granularity: Granularity; readonly evidence: Evidence; readonly most: number },
  kernels: Kernels,
): Promise<Cut> {
  const { leaves, stay, random } = forest;
  const { granularity, evidence, most } = limits;
  const label = Int32Array.from(cut.label);
  let { k, candidates } = cut;
  for (let c = 0; c < cut.k; c++) {
    const members = stay.filter((_, at) => label[at] === c);
    const rows = rowsUnder(leaves, members);
    if (rows.rows < SPLITTABLE || k >= most) continue;
    if (!(await holdsSeveralKinds(rows, evidence, random, kernels))) continue;
    const part = treeOver(forest, members);
    const partScores = cutScores(part.tree, part.gram, part.weights, {
      most: Math.min(mostGroups(members.length), most - k + 1),
      neighbours: NEIGHBOURS_IN_ALBUM,
    });
    const parts = bestCut(partScores, granularity);
    const partLabel = cutTree(part.tree, parts.k);
    let at = 0;
    for (let x = 0; x < stay.length; x++) {
      if (label[x] !== c) continue;
      const piece = partLabel[at++];
      // The first piece keeps the number; a piece is renumbered past every group seen so far, so none is met again.
      if (piece > 0) label[x] = k + piece - 1;
    }
    k += parts.k - 1;
    candidates += parts.candidates;
  }
  return { ...cut, label, k, candidates };
}

/** Cut wherever one of two cuts of the same tree is; the deeper of the two where that would be too many groups. */
function bothCuts(a: Cut, b: Cut, most: number): Cut {
  const number = new Map<number, number>();
  const label = Int32Array.from(a.label, (group, x) => {
    const pair = group * b.k + b.label[x];
    if (!number.has(pair)) number.set(pair, number.size);
    return number.get(pair)!;
  });
  const candidates = a.candidates + b.candidates;
  return number.size <= most
    ? { ...a, label, k: number.size, candidates }
    : { ...(b.k > a.k ? b : a), candidates };
}

/** Groups of two at least, on average: finer is no grouping. */
function mostGroups(leaves: number): number {
  return Math.max(Math.min(2, leaves), Math.floor(leaves / 2));
}

/** Ward's tree over some of the leaves. */
function treeOver(forest: Forest, members: Int32Array) {
  const { leaves } = forest;
  const total = leaves.weights.length;
  const n = members.length;
  const gram = n === total ? forest.gram : new Float32Array(n * n);
  if (n < total)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) gram[i * n + j] = forest.gram[members[i] * total + members[j]];
  const means = n === total ? leaves.means : takeRows(leaves.means, members);
  const weights = Float64Array.from(members, (leaf) => leaves.weights[leaf]);
  return { tree: wardTree(squaredDistances(means, gram), n, weights), gram, weights };
}

/** The sampled rows that the given leaves stand for. */
function rowsUnder(leaves: Leaves, members: Int32Array): Vectors {
  const rows = new Int32Array(members.reduce((sum, leaf) => sum + leaves.rowsOf[leaf].length, 0));
  let at = 0;
  for (const leaf of members) {
    rows.set(leaves.rowsOf[leaf], at);
    at += leaves.rowsOf[leaf].length;
  }
  rows.sort();
  return rows.length === leaves.sample.rows ? leaves.sample : takeRows(leaves.sample, rows);
}
