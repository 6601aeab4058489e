/**
 * Greedy and beam search over a decoder that is somebody else's: which sentences are likeliest. Pure; the decoder is a
 * value. What counts, when a sentence is kept and when an item stops follow `GenerationMixin` of transformers 4.57,
 * so that a captioner says the same here as where it was made.
 */

export interface SearchRules {
  /** tokens every sentence begins with: the beginning token and, after it, words given beforehand; at least one */
  readonly prompt: readonly number[];
  /** token that ends a sentence */
  readonly end: number;
  /** tokens that are never written */
  readonly never: readonly number[];
  /** tokens at most, `prompt` and `end` included; above the prompt's */
  readonly maxLength: number;
  /** `end` is not written as long as there are fewer tokens than this, `prompt` included; 0: off */
  readonly minLength: number;
  /** hypotheses kept an item, >= 1; 1 is greedy search */
  readonly beams: number;
  /** score = sum of log-probabilities / length ** lengthPower; below 0 it favours short sentences */
  readonly lengthPower: number;
  /** the length in it, `end` included: of what comes after the prompt, or of everything */
  readonly scoredLength: "continuation" | "sentence";
  /** above 1, tokens that a sentence holds already become less likely (Keskar et al. 2019, CTRL, 4.1); 1: off */
  readonly repetitionPenalty: number;
  /** no sequence of so many tokens comes twice in a sentence; 0: off */
  readonly noRepeat: number;
  /** which ended sentences are enough: the first `beams`, or `beams` that no open one beats at its present length */
  readonly stop: "first" | "unbeaten";
  /** `end` counts when fewer than `beams` continuations are likelier: of any kind, or of those that go on */
  readonly endRank: "among-all" | "among-open";
}

/** The rules of a plain greedy search; what a model does beyond is set over them. */
export const PLAIN_RULES = {
  never: [],
  minLength: 0,
  beams: 1,
  lengthPower: 1,
  scoredLength: "continuation",
  repetitionPenalty: 1,
  noRepeat: 0,
  stop: "unbeaten",
  endRank: "among-all",
} as const satisfies Partial<SearchRules>;

/** One unfinished sentence that the decoder is asked to continue. */
export interface Prefix {
  /** which of the items it belongs to */
  readonly item: number;
  /** starts with the prompt; all prefixes of one step are equally long */
  readonly tokens: readonly number[];
  /** where in the step before stood the prefix that this one continues by one token; null in the first step */
  readonly parent: number | null;
}

/**
 * Row-major logits of the next token, as many for each prefix: that is the vocabulary. Prefixes come in the order of
 * their items; an item has one in the first step and `beams` later, unless the vocabulary is too small for that.
 */
export type DecoderStep = (prefixes: readonly Prefix[]) => Promise<Float32Array>;

export interface Sentence {
  /** with the prompt and, when it ended by itself, `end` */
  readonly tokens: readonly number[];
  /** length-normalised log-probability, <= 0 */
  readonly score: number;
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly parent: number | null;
  /** sum of log-probabilities */
  readonly sum: number;
}

interface Item {
  /** likeliest first */
  readonly open: readonly Hypothesis[];
  /** best first, at most `beams` */
  readonly ended: readonly Sentence[];
  readonly isDone: boolean;
}

/**
 * The best sentence of each item. A step asks for all items that are not done at once, so a batch costs one decoder
 * call a token. Equal candidates: the earlier hypothesis first, then the lower token.
 */
export async function searchSentences(
  items: number,
  rules: SearchRules,
  step: DecoderStep,
): Promise<Sentence[]> {
  let scores = new Float64Array(0);
  const states = Array.from({ length: items }, (): Item => ({
    open: [{ tokens: rules.prompt, parent: null, sum: 0 }],
    ended: [],
    isDone: false,
  }));
  for (;;) {
    const active = states.flatMap(({ isDone }, item) => (isDone ? [] : [item]));
    if (active.length === 0) return states.map(({ ended }) => ended[0] ?? { tokens: rules.prompt, score: 0 });
    const prefixes = active.flatMap((item) =>
      states[item]!.open.map(({ tokens, parent }) => ({ item, tokens, parent })),
    );
    const logits = await step(prefixes);
    const vocabulary = logits.length / prefixes.length;
    if (scores.length !== vocabulary) scores = new Float64Array(vocabulary);
    let row = 0;
    for (const item of active) {
      const candidates: Hypothesis[] = [];
      for (const { tokens, sum } of states[item]!.open) {
        scoreTokens(logits.subarray(row * vocabulary, (row + 1) * vocabulary), tokens, rules, scores);
        for (const token of likeliest(scores, 2 * rules.beams))
          candidates.push({ tokens: [...tokens, token], parent: row, sum: sum + scores[token]! });
        row++;
      }
      states[item] = advance(states[item]!, candidates, rules);
    }
  }
}

/** Sorts an item's continuations into open and ended ones. */
function advance({ ended }: Item, candidates: Hypothesis[], rules: SearchRules): Item {
  const { beams, prompt, maxLength, end } = rules;
  // Each beam may propose `end` once, so twice as many leave enough to go on with.
  const best = candidates.sort((a, b) => b.sum - a.sum).slice(0, 2 * beams);
  if (best.length === 0) return { open: [], ended, isDone: true };
  const length = best[0]!.tokens.length;
  const normaliser =
    (rules.scoredLength === "sentence" ? length : length - prompt.length) ** rules.lengthPower;

  const open: Hypothesis[] = [];
  const kept = [...ended];
  best.forEach((candidate, rank) => {
    const { tokens, sum } = candidate;
    if (length < maxLength && tokens.at(-1) !== end) {
      if (open.length < beams) open.push(candidate);
    } else if ((rules.endRank === "among-all" ? rank : open.length) < beams) {
      kept.push({ tokens, score: sum / normaliser });
    }
  });
  kept.sort((a, b) => b.score - a.score).splice(beams);
  const isBeaten = (sentence: Sentence) => (open[0]?.sum ?? -Infinity) / normaliser > sentence.score;
  const isEnough = kept.length === beams && (rules.stop === "first" || !isBeaten(kept.at(-1)!));
  return { open, ended: kept, isDone: open.length === 0 || isEnough };
}

/** Log-probabilities of the next token under the rules, into `scores`; -Infinity: not to be written. */
function scoreTokens(
  logits: Float32Array,
  tokens: readonly number[],
  rules: SearchRules,
  scores: Float64Array,
): void {
  scores.set(logits);
  // transformers lets the rules work on logits in greedy search and on log-probabilities in beam search.
  if (rules.beams > 1) toLogProbabilities(scores);
  if (rules.repetitionPenalty !== 1)
    for (const token of new Set(tokens))
      scores[token]! *= scores[token]! < 0 ? rules.repetitionPenalty : 1 / rules.repetitionPenalty;
  for (const token of repeats(tokens, rules.noRepeat)) scores[token] = -Infinity;
  for (const token of rules.never) scores[token] = -Infinity;
  if (tokens.length < rules.minLength) scores[rules.end] = -Infinity;
  if (rules.beams === 1) toLogProbabilities(scores);
}

/** Plain loops: these run over the whole vocabulary for every hypothesis of every step. */
function toLogProbabilities(scores: Float64Array): void {
  const { length } = scores;
  let largest = -Infinity;
  for (let token = 0; token < length; token++) if (scores[token]! > largest) largest = scores[token]!;
  let sum = 0;
  for (let token = 0; token < length; token++) sum += Math.exp(scores[token]! - largest);
  const logSum = largest + Math.log(sum);
  for (let token = 0; token < length; token++) scores[token]! -= logSum;
}

/** Tokens that would complete a sequence of `length` tokens which is in the sentence already. */
function repeats(tokens: readonly number[], length: number): number[] {
  if (length === 0) return [];
  const last = tokens.slice(tokens.length - length + 1);
  const found: number[] = [];
  for (let at = 0; at + length <= tokens.length; at++)
    if (last.every((token, i) => tokens[at + i] === token)) found.push(tokens[at + length - 1]!);
  return found;
}

/** The `count` tokens of the highest scores, best first, equal ones by token; none that is -Infinity. */
function likeliest(scores: Float64Array, count: number): number[] {
  const best: number[] = [];
  let threshold = -Infinity;
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token]!;
    if (score <= threshold) continue;
    // Insertion behind all that are at least as likely keeps equal tokens in order.
    let at = best.length;
    while (at > 0 && scores[best[at - 1]!]! < score) at--;
    best.splice(at, 0, token);
    if (best.length > count) best.pop();
    if (best.length === count) threshold = scores[best.at(-1)!]!;
  }
  return best;
}
