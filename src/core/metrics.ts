/** How well a grouping agrees with the truth, and how well it fits its points. Pure; labels are integers >= 0. */
import { AlbumenError } from "../errors.ts";
import { maximumAssignment } from "./matching.ts";

/** Counts of truth × found; labels renumbered by first appearance. */
interface Table {
  readonly total: number;
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  /** cells[i][j], truth i and found j */
  readonly cells: readonly Float64Array[];
}

function tableOf(truth: ArrayLike<number>, found: ArrayLike<number>): Table {
  if (truth.length !== found.length)
    throw new AlbumenError(
      "CLUSTERING_INVALID",
      `${truth.length} true labels meet ${found.length} found ones.`,
    );
  const a = renumbered(truth);
  const b = renumbered(found);
  const cells = Array.from({ length: a.count }, () => new Float64Array(b.count));
  const rows = new Float64Array(a.count);
  const columns = new Float64Array(b.count);
  for (let i = 0; i < truth.length; i++) {
    cells[a.label[i]][b.label[i]]++;
    rows[a.label[i]]++;
    columns[b.label[i]]++;
  }
  return { total: truth.length, rows, columns, cells };
}

function renumbered(labels: ArrayLike<number>): { label: Int32Array; count: number } {
  const seen = new Map<number, number>();
  const label = Int32Array.from(labels, (value) => {
    let at = seen.get(value);
    if (at === undefined) seen.set(value, (at = seen.size));
    return at;
  });
  return { label, count: seen.size };
}

/** Share of rows labelled right under the best one-to-one renaming of found labels, in [0, 1]. 1 for no rows. */
export function accuracy(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const { total, cells, columns } = tableOf(truth, found);
  if (total === 0) return 1;
  const flat = Float64Array.from(cells.flatMap((row) => [...row]));
  const column = maximumAssignment(flat, cells.length, columns.length);
  return cells.reduce((sum, row, i) => sum + (column[i] < 0 ? 0 : row[column[i]]), 0) / total;
}

/** Share of rows that carry the commonest true label of their found group, in [0, 1]. */
export function purity(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const { total, cells, columns } = tableOf(truth, found);
  if (total === 0) return 1;
  let sum = 0;
  for (let j = 0; j < columns.length; j++) sum += Math.max(...cells.map((row) => row[j]));
  return sum / total;
}

function entropy(counts: Float64Array, total: number): number {
  return counts.reduce((sum, c) => (c > 0 ? sum - (c / total) * Math.log(c / total) : sum), 0);
}

/** In nats, >= 0. */
function mutualInformation({ total, rows, columns, cells }: Table): number {
  let sum = 0;
  cells.forEach((row, i) =>
    row.forEach((c, j) => {
      if (c > 0) sum += (c / total) * Math.log((c * total) / (rows[i] * columns[j]));
    }),
  );
  return Math.max(0, sum);
}

/** Normalised mutual information, arithmetic mean, in [0, 1]. Two groupings of one group each agree: 1. */
export function normalizedMutualInformation(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const table = tableOf(truth, found);
  if (table.rows.length <= 1 && table.columns.length <= 1) return 1;
  const mean = (entropy(table.rows, table.total) + entropy(table.columns, table.total)) / 2;
  return mean === 0 ? 0 : mutualInformation(table) / mean;
}

/**
 * Mutual information adjusted for chance, arithmetic mean, at most 1:
 * Vinh, Epps and Bailey, Journal of Machine Learning Research 11 (2010), equation 24a for the expectation.
 */
export function adjustedMutualInformation(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const table = tableOf(truth, found);
  const { total, rows, columns } = table;
  if (rows.length <= 1 && columns.length <= 1) return 1;
  if (rows.length === total && columns.length === total) return 1;
  const logFactorial = logFactorials(total);
  let expected = 0;
  for (const a of rows)
    for (const b of columns)
      for (let c = Math.max(1, a + b - total); c <= Math.min(a, b); c++) {
        const logProbability =
          logFactorial[a] +
          logFactorial[b] +
          logFactorial[total - a] +
          logFactorial[total - b] -
          logFactorial[total] -
          logFactorial[c] -
          logFactorial[a - c] -
          logFactorial[b - c] -
          logFactorial[total - a - b + c];
        expected += (c / total) * Math.log((total * c) / (a * b)) * Math.exp(logProbability);
      }
  const mean = (entropy(rows, total) + entropy(columns, total)) / 2;
  const range = mean - expected;
  // Rounding may leave a range of the order of 1e-16 with either sign.
  const safe = range < 0 ? Math.min(range, -Number.EPSILON) : Math.max(range, Number.EPSILON);
  return (mutualInformation(table) - expected) / safe;
}

function logFactorials(most: number): Float64Array {
  const values = new Float64Array(most + 1);
  for (let i = 2; i <= most; i++) values[i] = values[i - 1] + Math.log(i);
  return values;
}

/** Pairs of rows: together in both, in the truth, in the found grouping, and all. */
function pairsOf({ total, rows, columns, cells }: Table) {
  const pairs = (c: number) => (c * (c - 1)) / 2;
  const sum = (counts: Float64Array) => counts.reduce((s, c) => s + pairs(c), 0);
  return {
    both: cells.reduce((s, row) => s + sum(row), 0),
    truth: sum(rows),
    found: sum(columns),
    all: pairs(total),
  };
}

/** Rand index adjusted for chance, at most 1: Hubert and Arabie, Journal of Classification 2 (1985). */
export function adjustedRandIndex(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const pairs = pairsOf(tableOf(truth, found));
  if (pairs.all === 0) return 1;
  const expected = (pairs.truth * pairs.found) / pairs.all;
  const most = (pairs.truth + pairs.found) / 2;
  return most === expected ? 1 : (pairs.both - expected) / (most - expected);
}

/** Geometric mean of pairwise precision and recall, in [0, 1]; 0 when no pair is together in both. */
export function fowlkesMallows(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const pairs = pairsOf(tableOf(truth, found));
  return pairs.both === 0 ? 0 : Math.sqrt(pairs.both / pairs.truth) * Math.sqrt(pairs.both / pairs.found);
}

/** Homogeneity, completeness and their harmonic mean, each in [0, 1]: Rosenberg and Hirschberg, EMNLP 2007. */
export function vMeasure(truth: ArrayLike<number>, found: ArrayLike<number>) {
  const table = tableOf(truth, found);
  const information = mutualInformation(table);
  const share = (h: number) => (h === 0 ? 1 : information / h);
  const homogeneity = share(entropy(table.rows, table.total));
  const completeness = share(entropy(table.columns, table.total));
  const sum = homogeneity + completeness;
  return { homogeneity, completeness, v: sum === 0 ? 0 : (2 * homogeneity * completeness) / sum };
}

/** Spearman's rank correlation, in [-1, 1], ties at their mean rank; NaN when either side is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranks = (values: ArrayLike<number>) => {
    const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i] - values[j]);
    const rank = new Float64Array(values.length);
    for (let from = 0; from < order.length;) {
      let to = from;
      while (to < order.length && values[order[to]] === values[order[from]]) to++;
      for (let x = from; x < to; x++) rank[order[x]] = (from + to - 1) / 2;
      from = to;
    }
    return rank;
  };
  const x = ranks(a);
  const y = ranks(b);
  const mean = (x.length - 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) ** 2;
    yy += (y[i] - mean) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

interface Points {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly dims: number;
}

/** Mean silhouette of Euclidean points, in [-1, 1]; a point alone counts 0. Needs 2 groups or more. */
export function silhouetteScore(points: Points, labels: ArrayLike<number>): number {
  const { label, count } = renumbered(labels);
  const size = new Float64Array(count);
  for (const c of label) size[c]++;
  let total = 0;
  for (let i = 0; i < points.rows; i++) {
    const sums = new Float64Array(count);
    for (let j = 0; j < points.rows; j++) sums[label[j]] += distance(points, i, points, j);
    const own = label[i];
    if (size[own] === 1) continue;
    const within = sums[own] / (size[own] - 1);
    let next = Infinity;
    for (let c = 0; c < count; c++) if (c !== own) next = Math.min(next, sums[c] / size[c]);
    const larger = Math.max(within, next);
    if (larger > 0) total += (next - within) / larger;
  }
  return total / points.rows;
}

/** Between-group over within-group variance, >= 0: Caliński and Harabasz (1974). */
export function calinskiHarabasz(points: Points, labels: ArrayLike<number>): number {
  const { label, count, centres, size } = centresOf(points, labels);
  const whole = centresOf(points, new Int32Array(points.rows)).centres;
  let between = 0;
  for (let c = 0; c < count; c++) between += size[c] * distance(centres, c, whole, 0) ** 2;
  let within = 0;
  for (let i = 0; i < points.rows; i++) within += distance(points, i, centres, label[i]) ** 2;
  return within === 0 ? 1 : (between * (points.rows - count)) / (within * (count - 1));
}

/** Mean over groups of the worst ratio of their widths to their distance, >= 0, lower is better: Davies and Bouldin (1979). */
export function daviesBouldin(points: Points, labels: ArrayLike<number>): number {
  const { label, count, centres, size } = centresOf(points, labels);
  const width = new Float64Array(count);
  for (let i = 0; i < points.rows; i++)
    width[label[i]] += distance(points, i, centres, label[i]) / size[label[i]];
  let sum = 0;
  for (let a = 0; a < count; a++) {
    let worst = 0;
    for (let b = 0; b < count; b++)
      if (a !== b) worst = Math.max(worst, (width[a] + width[b]) / distance(centres, a, centres, b));
    sum += worst;
  }
  return sum / count;
}

function centresOf(points: Points, labels: ArrayLike<number>) {
  const { label, count } = renumbered(labels);
  const size = new Float64Array(count);
  const data = new Float64Array(count * points.dims);
  for (let i = 0; i < points.rows; i++) {
    size[label[i]]++;
    for (let j = 0; j < points.dims; j++)
      data[label[i] * points.dims + j] += points.data[i * points.dims + j];
  }
  for (let at = 0; at < data.length; at++) data[at] /= size[Math.floor(at / points.dims)];
  return { label, count, size, centres: { data, rows: count, dims: points.dims } };
}

function distance(a: Points, i: number, b: Points, j: number): number {
  let sum = 0;
  for (let d = 0; d < a.dims; d++) sum += (a.data[i * a.dims + d] - b.data[j * b.dims + d]) ** 2;
  return Math.sqrt(sum);
}
