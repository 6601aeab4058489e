/** Beam search over a decoder that is somebody else's: which sentences are likeliest. Pure; the step is a value. */

export interface BeamRules {
  /** token every sentence starts with */
  readonly begin: number;
  /** token that ends a sentence */
  readonly end: number;
  /** tokens that are never written */
  readonly never: readonly number[];
  /** tokens after `begin` at most, `end` included */
  readonly maxTokens: number;
  /** hypotheses kept an item, >= 1 */
  readonly beams: number;
  /** score = sum of log-probabilities / (number of tokens with begin and end) ** lengthPower */
  readonly lengthPower: number;
}

/** One unfinished sentence that the decoder is asked to continue. */
export interface Prefix {
  /** which of the items it belongs to */
  readonly item: number;
  /** starts with `begin`; all prefixes of one step are equally long */
  readonly tokens: readonly number[];
}

/** Row-major logits of the next token: entry t of prefix i at `[i * vocabulary + t]`. */
export type DecoderStep = (prefixes: readonly Prefix[]) => Promise<Float32Array>;

export interface Sentence {
  /** with `begin` and, when it ended by itself, `end` */
  readonly tokens: readonly number[];
  /** length-normalised log-probability, <= 0 */
  readonly score: number;
}

interface Hypothesis {
  readonly tokens: readonly number[];
  /** sum of log-probabilities */
  readonly sum: number;
}

/**
 * The best sentence of each item. A step asks for all items at once, so a batch costs one decoder call a token.
 *
 * An item stops once `beams` of its sentences have ended (they need not be the best `beams`: the same rule as in
 * the usual "early stopping"), or after `maxTokens`. Equal candidates: the earlier hypothesis first, then the
 * lower token.
 */
export async function beamSearch(
  items: number,
  rules: BeamRules,
  vocabulary: number,
  step: DecoderStep,
): Promise<Sentence[]> {
  let open: Hypothesis[][] = Array.from({ length: items }, () => [{ tokens: [rules.begin], sum: 0 }]);
  const ended: Sentence[][] = Array.from({ length: items }, () => []);
  const normalised = ({ tokens, sum }: Hypothesis): Sentence => ({
    tokens,
    score: sum / tokens.length ** rules.lengthPower,
  });

  for (let length = 0; length < rules.maxTokens; length++) {
    const active = open.map((_, item) => item).filter((item) => ended[item]!.length < rules.beams);
    if (active.length === 0) break;
    const prefixes = active.flatMap((item) => open[item]!.map(({ tokens }) => ({ item, tokens })));
    const logits = await step(prefixes);
    let row = 0;
    const next = [...open];
    for (const item of active) {
      const candidates: Hypothesis[] = [];
      for (const { tokens, sum } of open[item]!) {
        const scores = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
        row++;
        for (const { token, logProbability } of likeliest(scores, rules))
          candidates.push({ tokens: [...tokens, token], sum: sum + logProbability });
      }
      candidates.sort((a, b) => b.sum - a.sum);
      const kept: Hypothesis[] = [];
      for (const candidate of candidates) {
        if (candidate.tokens.at(-1) === rules.end) ended[item]!.push(normalised(candidate));
        else kept.push(candidate);
        if (kept.length === rules.beams) break;
      }
      next[item] = kept;
    }
    open = next;
  }

  return ended.map((sentences, item) => {
    const choices = sentences.length > 0 ? sentences : open[item]!.map(normalised);
    return choices.reduce((best, sentence) => (sentence.score > best.score ? sentence : best));
  });
}

/** The `beams` likeliest allowed tokens, best first, equal ones by token. */
function likeliest(
  logits: Float32Array,
  rules: BeamRules,
): { readonly token: number; readonly logProbability: number }[] {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const logSum = largest + Math.log(sum);

  const best: { token: number; logProbability: number }[] = [];
  for (let token = 0; token < logits.length; token++) {
    const logProbability = logits[token]! - logSum;
    if (best.length === rules.beams && logProbability <= best.at(-1)!.logProbability) continue;
    if (rules.never.includes(token)) continue;
    // Insertion behind all that are at least as likely keeps equal tokens in order.
    let at = best.length;
    while (at > 0 && best[at - 1]!.logProbability < logProbability) at--;
    best.splice(at, 0, { token, logProbability });
    if (best.length > rules.beams) best.pop();
  }
  return best;
}
