/** How many albums: the cut of the hierarchy whose groups are both apart from each other and neighbourly. Pure. */
import type { Tree } from "./linkage.ts";
import { modularitiesOf } from "./modularity.ts";
import { silhouettesOf } from "./silhouette.ts";

export type Granularity = "coarse" | "normal" | "fine";

// On the ridge of the combinations in bench/results/choosing-k.md: more neighbours want a higher power.
const SILHOUETTE_POWER = 0.9;
// A picture of a kind of eight has seven of its kind; a small heap holds small kinds, and is asked for fewer neighbours.
const NEIGHBOURS = { least: 5, most: 8, shareOfRoot: 1 / 2.4 };
const CANDIDATES = 700;
// Less moves few sets, more tears loose ones to pieces; tuning half.
const LEAN = { coarse: -0.2, normal: 0, fine: 0.2 } as const;

/** For the receipt. */
export const CRITERION = `silhouette^${SILHOUETTE_POWER} × modularity of ${NEIGHBOURS.least} to ${NEIGHBOURS.most} neighbours`;

/** How many neighbours count in a heap of so many images. */
export function neighboursIn(images: number): number {
  const { least, most, shareOfRoot } = NEIGHBOURS;
  return Math.max(least, Math.min(most, Math.round(shareOfRoot * Math.sqrt(images))));
}

/** Within an album, where a cut needs more to speak for it. */
export const NEIGHBOURS_IN_ALBUM = NEIGHBOURS.most;

/** Entry k: how good the cut into k groups is, >= 0. Entries 0 and 1 are 0: one group is not a cut. */
export function cutScores(
  tree: Tree,
  gram: Float32Array,
  weights: Float64Array,
  options: { readonly most: number; readonly neighbours: number },
): Float64Array {
  const { most, neighbours } = options;
  const mostGroups = Math.min(most, CANDIDATES, tree.leaves);
  const silhouettes = silhouettesOf(tree, gram, mostGroups, weights);
  const modularities = modularitiesOf(tree, gram, weights, { neighbours, mostGroups });
  return silhouettes.map((s, k) =>
    k < 2 ? 0 : Math.max(0, s) ** SILHOUETTE_POWER * Math.max(0, modularities[k]),
  );
}

/** The best cut; with `coarse` or `fine` a cut of twice the groups may be 15 % better or worse and still win. */
export function bestCut(
  scores: Float64Array,
  granularity: Granularity,
): { k: number; value: number; candidates: number } {
  let k = 1;
  let best = 0;
  for (let c = 2; c < scores.length; c++) {
    const value = scores[c] * c ** LEAN[granularity];
    if (value > best) {
      best = value;
      k = c;
    }
  }
  return { k, value: scores[k] ?? 0, candidates: Math.max(0, scores.length - 2) };
}
