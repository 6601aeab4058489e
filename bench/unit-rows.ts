/** Unit rows to measure on, drawn by seed: such as an encoder gives for photos, and such as no encoder gives. */
import { createRandom } from "../src/core/random.ts";
import { normalizeRows, type Vectors } from "../src/core/vectors.ts";

export type RowKind = "photos" | "noise";

// As the starter encodes Caltech-101: squared length of the common mean, of a kind's centre around it, and of a photo
// around that, .10, .40 and .50 (so two photos of a kind have a cosine of about .5, of different kinds .1); and how
// fast the variance of the axes falls. 8, 32, 64 and 128 axes of 768 hold 14, 36, 53 and 72 % of a photo's variance
// around its kind there, of 512 here 12, 35, 52 and 70 %.
const COMMON = { variance: 0.1, knee: 12, power: 2 };
const BETWEEN = { variance: 0.4, knee: 12, power: 2 };
const WITHIN = { variance: 0.5, knee: 40, power: 1.5 };
const KINDS = 1000;
// Sizes of kinds fall like a power of their rank: the largest has a dozen times the photos of the smallest.
const SIZE = { offset: 10, power: 0.6 };
const STRAYS = 0.1;

/**
 * `photos`: 1,000 kinds of uneven size and one in ten of no kind, in a generic orientation. `noise`: directions drawn
 * evenly, with nothing to find.
 *
 * @param dims a power of two
 */
export function drawRows(kind: RowKind, rows: number, dims: number, seed: number): Vectors {
  const random = createRandom(seed);
  const normal = normals(random);
  const data = new Float32Array(rows * dims);
  if (kind === "noise") {
    for (let at = 0; at < data.length; at++) data[at] = normal();
    return normalizeRows({ data, rows, dims });
  }
  const [common, between, within] = [COMMON, BETWEEN, WITHIN].map((part) => deviations(part, dims));
  const mean = common.map((deviation) => deviation * normal());
  const centre = () => mean.map((x, j) => x + between[j] * normal());
  const centres = Array.from({ length: KINDS }, centre);
  const upTo: number[] = [];
  for (let rank = 0; rank < KINDS; rank++)
    upTo.push((upTo[rank - 1] ?? 0) + (rank + SIZE.offset) ** -SIZE.power);
  const signs = Float32Array.from({ length: 2 * dims }, () => (random.next() < 0.5 ? -1 : 1));
  for (let i = 0; i < rows; i++) {
    const share = random.next() * upTo[KINDS - 1];
    const from = random.next() < STRAYS ? centre() : centres[upTo.findIndex((limit) => limit >= share)];
    const row = data.subarray(i * dims, (i + 1) * dims);
    for (let j = 0; j < dims; j++) row[j] = from[j] + within[j] * normal();
    turn(row, signs);
  }
  return normalizeRows({ data, rows, dims });
}

function deviations(part: { variance: number; knee: number; power: number }, dims: number): Float64Array {
  const shares = Float64Array.from({ length: dims }, (_, j) => (1 + j / part.knee) ** -part.power);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => Math.sqrt((share / total) * part.variance));
}

/** Box and Muller's. */
function normals(random: { next(): number }): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** An orthogonal turn but for scale: twice random signs and a Walsh-Hadamard transform. */
function turn(row: Float32Array, signs: Float32Array): void {
  const dims = row.length;
  for (let round = 0; round < 2; round++) {
    for (let j = 0; j < dims; j++) row[j] *= signs[round * dims + j];
    for (let half = 1; half < dims; half *= 2)
      for (let from = 0; from < dims; from += 2 * half)
        for (let j = from; j < from + half; j++) {
          const [a, b] = [row[j], row[j + half]];
          row[j] = a + b;
          row[j + half] = a - b;
        }
  }
}
