/** How well each word of a table fits each album, and which of several broader or narrower words to trust. Pure. */
import type { ConceptTable } from "../concepts.ts";
import { dot, meanOf, rowOf, spreadOver, takeRows, type Vectors } from "../vectors.ts";
import { treeOf } from "./concept-tree.ts";

/** Images of an album that are looked at: more change the median little and cost time. */
const SAMPLE = 24;

/** How every word fits one album; one entry a word. */
export interface WordFits {
  /**
   * the median over the album's images of the cosine, divided by the length of the images' mean, so that loose and
   * tight albums compare. The median, not the mean: a few strays in a found album must not name it (on true folders
   * the two do equally well)
   */
  readonly fit: Float32Array;
  /** the cosine that two images of three, or more, reach */
  readonly floor: Float32Array;
}

/** All 0 for an album without images. */
export function fitWords(rows: ArrayLike<number>, vectors: Vectors, concepts: ConceptTable): WordFits {
  const words = concepts.vectors;
  const fit = new Float32Array(words.rows);
  const floor = new Float32Array(words.rows);
  const sample = takeRows(
    vectors,
    spreadOver(rows.length, SAMPLE).map((i) => rows[i]!),
  );
  const count = sample.rows;
  if (count === 0) return { fit, floor };
  const mean = meanOf(sample);
  const length = Math.sqrt(dot(mean, mean)) || 1;
  const cosines = new Float32Array(count);
  for (let word = 0; word < words.rows; word++) {
    cosinesTo(rowOf(words, word), sample, cosines);
    cosines.sort();
    fit[word] = (cosines[(count - 1) >> 1]! + cosines[count >> 1]!) / 2 / length;
    floor[word] = cosines[Math.floor(count / 3)]!;
  }
  return { fit, floor };
}

/** Four rows at a time: four sums do not wait for each other, three times as fast as one dot product after another. */
function cosinesTo(word: Float32Array, { data, rows, dims }: Vectors, out: Float32Array): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const at = row * dims;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let j = 0; j < dims; j++) {
      const w = word[j]!;
      a += data[at + j]! * w;
      b += data[at + dims + j]! * w;
      c += data[at + 2 * dims + j]! * w;
      d += data[at + 3 * dims + j]! * w;
    }
    out[row] = a;
    out[row + 1] = b;
    out[row + 2] = c;
    out[row + 3] = d;
  }
  for (; row < rows; row++) out[row] = dot(data.subarray(row * dims, (row + 1) * dims), word);
}

/** What an album could be called. */
export interface Candidate {
  /** index in the concept table */
  readonly word: number;
  /** probability that the word or one of its narrower ones is what the album shows, in [0, 1] */
  readonly share: number;
  /** cosine */
  readonly fit: number;
  /** deviations above the background */
  readonly standing: number;
  /** deviations above the background that two images of three reach, each by itself */
  readonly agreement: number;
  /** deviations above the mean of the siblings; 0 without siblings */
  readonly lead: number;
  /** share, less where the word itself stands out little, in [0, 1]: the confidence */
  readonly score: number;
}

/*
 * [Note: constants of the word choice]
 * Chosen together on tuning folders only: every second folder of caltech_a, the ten pictures of each of 200 ImageNet
 * kinds at 64 px (tinyval2000), and clothing, grocery, scenes and houses at 25 pictures a folder; encoder `starter`.
 * Right was the accepted name (caltech_a), or the label or a broader word of it (the others). Mean share of right first
 * words: plain cosine .924, the best of a grid of 864 settings .950, these .947. Among the many within .003 of the
 * best, one that takes the median alone was picked. `npm run eval:names` reports tuning and other folders apart.
 */
/** Weight of the fit, counted in deviations of a typical word, in the log-odds of words. */
const FIT_WEIGHT = 1;
/** Weight of the standing: it helps words that fit few pictures at all. */
const STANDING_WEIGHT = 0.2;
/** What an album has over its siblings counts half as much as the fit itself. */
const CONTRAST = 0.5;
/** Trust in broad words: the larger, the more probability outweighs information. */
const HEDGE = 6;
/** A word standing out by so many deviations is taken at its share; below, in proportion. */
const FULL_STANDING = 6;

/**
 * Ranks the words that could name each album, best first. Words share out one unit of probability by a softmax of
 * their fit; a broader word gathers what its narrower words got, so where five breeds disagree, `dog` has it all.
 * Between them decides probability times information, times how far the word itself stands out of the background
 * (after Deng et al., "Hedging Your Bets", CVPR 2012: the most specific word that is still right).
 */
export function rankWords(albums: readonly WordFits[], concepts: ConceptTable): Candidate[][] {
  const { concepts: table } = concepts;
  const tree = treeOf(concepts);
  const words = table.length;
  const typical = median(table.map(({ deviation }) => deviation));
  const siblings = new Float64Array(words);
  for (const { fit } of albums) for (let w = 0; w < words; w++) siblings[w]! += fit[w]! / albums.length;
  const hasSiblings = albums.length > 1;

  return albums.map(({ fit, floor }) => {
    const standing = (w: number): number => (fit[w]! - table[w]!.mean) / table[w]!.deviation;
    const logits = new Float64Array(words).fill(-Infinity);
    for (let w = 0; w < words; w++) {
      if (!tree.isEvidence[w]) continue;
      const contrast = hasSiblings ? CONTRAST * (fit[w]! - siblings[w]!) : 0;
      logits[w] = (FIT_WEIGHT * (fit[w]! + contrast)) / typical + STANDING_WEIGHT * standing(w);
    }
    const share = sharesOf(logits, tree.lineage);
    const worth = ({ word, score }: Candidate): number => score * (HEDGE + tree.specificity[word]!);
    return table
      .flatMap(({ mean, deviation }, word): Candidate | [] => {
        const score = share[word]! * Math.min(1, standing(word) / FULL_STANDING);
        if (!tree.isName[word] || !(score > 0)) return [];
        return {
          word,
          share: share[word]!,
          fit: fit[word]!,
          standing: standing(word),
          agreement: (floor[word]! - mean) / deviation,
          lead: hasSiblings ? (fit[word]! - siblings[word]!) / deviation : 0,
          score,
        };
      })
      .sort((a, b) => worth(b) - worth(a) || a.word - b.word);
  });
}

/** Softmax over all words, then every word adds its part to its broader words. */
function sharesOf(logits: Float64Array, lineage: readonly (readonly number[])[]): Float64Array {
  const share = new Float64Array(logits.length);
  const highest = logits.reduce((best, value) => Math.max(best, value), -Infinity);
  if (highest === -Infinity) return share;
  let total = 0;
  for (let w = 0; w < logits.length; w++) {
    const odds = Math.exp(logits[w]! - highest);
    total += odds;
    if (odds > 0) for (const word of lineage[w]!) share[word]! += odds;
  }
  // Rounding can push a sum a hair above 1.
  return share.map((odds) => Math.min(1, odds / total));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 1;
}
