/**
 * Which perceptual hashes are near each other, without comparing all with all: multi-index hashing (Norouzi, Punjani, Fleet
 * 2012, "Fast Search in Hamming Space with Multi-Index Hashing", section 3). Pure.
 */

/**
 * Two hashes of 64 bits that differ in at most 7 have one of four 16-bit pieces in which they differ in at most one: looked up
 * under each piece and its 16 neighbours, no such pair is missed.
 */
export const NEAR_BITS = 7;
const PIECES = 4;
const PIECE_BITS = 16;

export interface HashPair {
  readonly a: number;
  readonly b: number;
}

/**
 * Pairs a < b of indices into `hashes` (16 hexadecimal digits each) that differ in at most 7 bits, each once, in order. Of equal
 * hashes each is paired with the first only: they make one group without the n^2 pairs among them.
 */
export function nearHashes(hashes: readonly string[]): HashPair[] {
  const pairs: HashPair[] = [];
  const firstOf = new Map<string, number>();
  const distinct: number[] = [];
  hashes.forEach((hash, i) => {
    const first = firstOf.get(hash);
    if (first === undefined) {
      firstOf.set(hash, i);
      distinct.push(i);
    } else pairs.push({ a: first, b: i });
  });

  const pieces = new Uint16Array(distinct.length * PIECES);
  distinct.forEach((index, row) => {
    for (let piece = 0; piece < PIECES; piece++)
      pieces[row * PIECES + piece] = Number.parseInt(hashes[index]!.slice(4 * piece, 4 * piece + 4), 16);
  });
  const tables = Array.from({ length: PIECES }, (_, piece) => bucketsOf(pieces, piece, distinct.length));
  const seen = new Int32Array(distinct.length).fill(-1); // the last row that met this one
  for (let row = 0; row < distinct.length; row++)
    for (let piece = 0; piece < PIECES; piece++) {
      const { starts, rows } = tables[piece]!;
      const own = pieces[row * PIECES + piece]!;
      for (let flipped = -1; flipped < PIECE_BITS; flipped++) {
        const key = flipped < 0 ? own : own ^ (1 << flipped);
        for (let at = starts[key]!; at < starts[key + 1]!; at++) {
          const other = rows[at]!;
          if (other >= row || seen[other] === row) continue;
          seen[other] = row;
          if (distance(pieces, row, other) <= NEAR_BITS)
            pairs.push({ a: distinct[other]!, b: distinct[row]! });
        }
      }
    }
  return pairs.sort((x, y) => x.a - y.a || x.b - y.b);
}

/** Rows by the value of one piece: those with value v are `rows[starts[v]..starts[v + 1]]`. */
function bucketsOf(pieces: Uint16Array, piece: number, count: number) {
  const starts = new Int32Array((1 << PIECE_BITS) + 1);
  for (let row = 0; row < count; row++) starts[pieces[row * PIECES + piece]! + 1]!++;
  for (let value = 0; value < 1 << PIECE_BITS; value++) starts[value + 1]! += starts[value]!;
  const rows = new Int32Array(count);
  const next = starts.slice();
  for (let row = 0; row < count; row++) rows[next[pieces[row * PIECES + piece]!]!++] = row;
  return { starts, rows };
}

function distance(pieces: Uint16Array, a: number, b: number): number {
  let bits = 0;
  for (let piece = 0; piece < PIECES; piece++) {
    let different = pieces[a * PIECES + piece]! ^ pieces[b * PIECES + piece]!;
    while (different !== 0) {
      different &= different - 1;
      bits++;
    }
  }
  return bits;
}
