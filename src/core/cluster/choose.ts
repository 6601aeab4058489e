/** How many albums: the cut of the hierarchy with the highest silhouette. Pure. */
import type { Tree } from "./linkage.ts";
import { silhouettesOf } from "./silhouette.ts";

export interface Choice {
  readonly k: number;
  readonly criterion: string;
  readonly value: number;
  /** cuts that were compared */
  readonly candidates: number;
}

export function chooseCut(
  tree: Tree,
  gram: Float32Array,
  weights: Float64Array,
  bounds: { readonly least: number; readonly most: number },
): Choice {
  const most = Math.min(bounds.most, tree.leaves);
  const values = silhouettesOf(tree, gram, most, weights);
  let k = Math.min(2, tree.leaves);
  for (let c = Math.max(2, bounds.least); c <= most; c++) if (values[c] > values[k]) k = c;
  return { k, criterion: "silhouette", value: values[k] ?? 0, candidates: Math.max(0, most - 1) };
}
