/** A level above the albums, where one is worth showing. Pure. */
import type { Vectors } from "../vectors.ts";
import { cutScores, neighboursIn } from "./choose.ts";
import { meansOf } from "./means.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";

// Fewer albums than this fit on one screen.
const FEWEST_ALBUMS = 8;
// The coarser cut must be nearly as good as the albums themselves, by the same score: .8 where its power was .7.
const WORTH = 0.75;

/** The parent of each album, numbered by first appearance; null when the albums have no level above worth showing. */
export function parentsOf(vectors: Vectors, assignment: Int32Array, k: number): Int32Array | null {
  if (k < FEWEST_ALBUMS) return null;
  const means = meansOf(vectors, assignment, k);
  const weights = new Float64Array(k);
  for (const c of assignment) if (c >= 0) weights[c]++;
  const gram = new Float32Array(k * k);
  for (let a = 0; a < k; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let j = 0; j < means.dims; j++)
        sum += means.data[a * means.dims + j] * means.data[b * means.dims + j];
      gram[a * k + b] = sum;
      gram[b * k + a] = sum;
    }
  const tree = wardTree(squaredDistances(means, gram), k, weights);
  const scores = cutScores(tree, gram, weights, { most: k, neighbours: neighboursIn(vectors.rows) });
  // The modularity of c groups reaches 1 - 1/c at most, which would speak against every level above.
  const fairly = (c: number) => scores[c] / (1 - 1 / c);
  let parents = 2;
  for (let c = 3; c <= k / 2; c++) if (fairly(c) > fairly(parents)) parents = c;
  return fairly(parents) >= WORTH * fairly(k) ? cutTree(tree, parents) : null;
}
