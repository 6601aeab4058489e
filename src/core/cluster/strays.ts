/** Pictures that resemble no other: they leave before the hierarchy is cut, else they gather in albums of odds and ends. */

// On the tuning half 51 % of the strays leave (starter: 73 %) and 3 % of the others, bench/results/choosing-k.md.
const FAR = 0.6;
const FARTHER_THAN_MOST = 1.5;
const NEIGHBOURS = 2;

/**
 * A row is a stray when its two nearest neighbours are far away both for any two rows of this set (0.6 of the mean
 * distance of all pairs) and for a row's neighbours in this set (1.5 times the median). The second keeps sets of one
 * loose kind whole, where everything is far from everything. Distances are 1 - cosine.
 *
 * @param gram dot products of all pairs of leaves, n × n
 * @param weights rows each leaf stands for; a leaf of several rows is never a stray, for they resemble each other
 * @returns 1 for each stray
 */
export function straysOf(gram: Float32Array, weights: Float64Array): Uint8Array {
  const n = weights.length;
  const toNeighbours = new Float64Array(n);
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i < n; i++) {
    const best = new Float64Array(NEIGHBOURS).fill(-Infinity);
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const cosine = gram[i * n + j];
      sum += weights[i] * weights[j] * (1 - cosine);
      pairs += weights[i] * weights[j];
      if (cosine > best[0]) {
        best[1] = best[0];
        best[0] = cosine;
      } else if (cosine > best[1]) best[1] = cosine;
    }
    const near = best.filter((cosine) => cosine > -Infinity);
    toNeighbours[i] =
      weights[i] > 1 ? 0 : near.reduce((total, cosine) => total + 1 - cosine, 0) / near.length;
  }
  const median = toNeighbours.toSorted()[Math.floor(n / 2)];
  const far = Math.max((FAR * sum) / pairs, FARTHER_THAN_MOST * median);
  return Uint8Array.from(toNeighbours, (distance) => (distance > far ? 1 : 0));
}
