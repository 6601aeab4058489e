/** Names albums: a word that stands out, told apart from the siblings', or an honest neutral name. Pure. */
import type { AlbumName, NameEvidence } from "../albums.ts";
import type { Concept, ConceptTable } from "../concepts.ts";
import { countMentions, countNouns } from "./caption-words.ts";
import { treeOf } from "./concept-tree.ts";
import { namesInUse, type AlbumEvidence, type NamingRequest } from "./evidence.ts";
import { MAX_NAME_WORDS } from "./name-rules.ts";
import { neutralNames, whenOf } from "./neutral.ts";
import { rankWords, type Candidate, type WordFits } from "./word-fit.ts";
import { cleanWord, foldName, pluralOf, titleCase, wordsOf } from "./wording.ts";

/**
 * A word is shown from this probability on. On the tuning folders (see [Note: constants of the word choice]) lower
 * bars show more wrong names than right ones, higher bars lose right ones; .3 to .4 do equally well.
 */
const SHOWN_SHARE = 0.35;
/** And only where it stands out of the background at all: right words of the tuning folders have 2.7 or more. */
const SHOWN_STANDING = 2;
/**
 * And only where two images of three stand out by so much, each by itself: the right words of the tuning folders reach
 * 1.9 or more, the words of groups drawn at random from them .7 or less. Without it half dogs, half teapots are Dogs.
 */
const SHOWN_AGREEMENT = 1;
/** An everyday word takes the place of a broader one when it has this much of its probability: Dogs, not Pets. */
const EVERYDAY_SHARE = 0.85;
/** A second word tells two albums of one name apart when it is so many deviations above the background … */
const SECOND_STANDING = 3.5;
/** … and fits so many deviations better than it fits the other album. */
const SECOND_LEAD = 2;
/**
 * A second word that at least three captions and half of all hold, or narrower words of it, needs this part of the two
 * bars only. For first words captions are no witnesses: they come from the same features as the words' fit and err
 * with it (letting them confirm first words added one wrong name, "Hats" for brains, and no right one).
 */
const CONFIRMED = 0.5;
const MIN_CONFIRMING = 3;

/** One album on its way to a name. */
interface Subject {
  readonly album: AlbumEvidence;
  /** best first; empty without concepts */
  readonly ranked: readonly Candidate[];
  /** those that may be shown */
  readonly shown: readonly Candidate[];
  /** the one to show */
  readonly head: Candidate | null;
}

/**
 * One name for each of `request.albums`, in order. Names differ from each other and from all in use when folded
 * (`foldName`). `fits`: the fit of every word for each of `albums`, then for each of `siblings`, see `fitWords`; not
 * looked at when there are no concepts.
 */
export function nameAlbumsByWords(request: NamingRequest, fits: readonly WordFits[]): AlbumName[] {
  const { albums, siblings, concepts } = request;
  const ranked = concepts ? rankWords(fits, concepts) : [];
  const all = [...albums, ...siblings].map((album, i) => subjectOf(album, ranked[i] ?? [], concepts));
  const subjects = all.slice(0, albums.length);
  const taken = new Set(namesInUse(request).map(foldName));
  const names = new Map<Subject, AlbumName>();
  // The surest album has first choice, of two equal ones the first; those without a word come last.
  const order = [...subjects].sort((a, b) => (b.head?.score ?? -1) - (a.head?.score ?? -1));
  for (const subject of order)
    names.set(
      subject,
      concepts && subject.head
        ? nameByWord(subject, subject.head, all, concepts, taken)
        : nameNeutrally(subject, concepts, taken),
    );
  return subjects.map((subject) => names.get(subject)!);
}

function subjectOf(
  album: AlbumEvidence,
  ranked: readonly Candidate[],
  concepts: ConceptTable | null,
): Subject {
  if (!concepts) return { album, ranked, shown: [], head: null };
  const shown = ranked.filter(
    ({ word, share, standing, agreement }) =>
      share >= SHOWN_SHARE &&
      standing >= SHOWN_STANDING &&
      agreement >= SHOWN_AGREEMENT &&
      // One word less than the limit: there must be room for a number.
      isSayable(nounOf(word, concepts), MAX_NAME_WORDS - 1),
  );
  return { album, ranked, shown, head: headOf(shown, concepts) };
}

/** The best word that may be shown, or an everyday word below it that has nearly all of its probability. */
function headOf(shown: readonly Candidate[], concepts: ConceptTable): Candidate | null {
  const { lineage } = treeOf(concepts);
  const best = shown[0];
  if (!best) return null;
  let head = best;
  for (const candidate of shown)
    if (
      isBelow(candidate.word, head.word, lineage) &&
      concepts.concepts[candidate.word]!.kind === "hyper" &&
      candidate.share >= EVERYDAY_SHARE * best.share
    )
      head = candidate;
  return head;
}

function nameByWord(
  subject: Subject,
  head: Candidate,
  subjects: readonly Subject[],
  concepts: ConceptTable,
  taken: Set<string>,
): AlbumName {
  const rivals = subjects.filter((other) => other !== subject && other.head?.word === head.word);
  const { text } = takeFree(wordNames(subject, head, rivals, concepts), taken);
  const percent = Math.round(100 * head.share);
  const reason =
    `“${textOf(head.word, concepts)}” and its narrower words hold ${percent} % of the evidence, ` +
    `and it fits ${head.standing.toFixed(1)} deviations better than it fits other pictures.`;
  return { text, source: "concepts", score: head.score, evidence: evidenceOf(subject, concepts, reason) };
}

function nameNeutrally(subject: Subject, concepts: ConceptTable | null, taken: Set<string>): AlbumName {
  const choices = neutralNames(subject.album);
  const { text, choice } = takeFree(
    choices.map((name) => name.text),
    taken,
  );
  const reason = `No word stands out enough, so it is named by ${choices[choice]!.by}.`;
  return { text, source: "neutral", score: null, evidence: evidenceOf(subject, concepts, reason) };
}

/** Names that hold the word, all of them true, the plainest first. */
function wordNames(
  { album, ranked, shown }: Subject,
  head: Candidate,
  rivals: readonly Subject[],
  concepts: ConceptTable,
): string[] {
  const { lineage } = treeOf(concepts);
  const plain = nounOf(head.word, concepts);
  const narrower = shown.filter(({ word }) => isBelow(word, head.word, lineage));
  const mentions = countMentions(album.captions, concepts);
  const seconds = ranked
    .filter((second) => {
      const { word, standing, agreement } = second;
      if (!isEveryday(concepts.concepts[word]!) || areKin(word, head.word, lineage)) return false;
      const count = mentions.get(word) ?? 0;
      const bar = count >= MIN_CONFIRMING && 2 * count >= album.captions.length ? CONFIRMED : 1;
      return (
        agreement >= SHOWN_AGREEMENT &&
        standing >= bar * SECOND_STANDING &&
        rivals.every((rival) => leadOver(rival, second, concepts) >= bar * SECOND_LEAD)
      );
    })
    .sort((a, b) => b.standing - a.standing);
  const when = whenOf(album);
  return [
    plain,
    ...narrower.map(({ word }) => nounOf(word, concepts)),
    ...seconds.map(({ word }) => `${plain} and ${nounOf(word, concepts)}`),
    ...(when ? [`${plain} ${when}`] : []),
  ]
    .filter((text) => isSayable(text, MAX_NAME_WORDS))
    .map(titleCase);
}

/** How many deviations better a word fits than it fits another album; where it is no candidate, it fits as anywhere. */
function leadOver(rival: Subject, { word, fit }: Candidate, concepts: ConceptTable): number {
  const { mean, deviation } = concepts.concepts[word]!;
  const there = rival.ranked.find((candidate) => candidate.word === word)?.fit ?? mean;
  return (fit - there) / deviation;
}

type Lineage = readonly (readonly number[])[];

function isBelow(word: number, broader: number, lineage: Lineage): boolean {
  return word !== broader && lineage[word]!.includes(broader);
}

/** On one line of broader words, or under one broader word: such a second word would only say the first again. */
function areKin(a: number, b: number, lineage: Lineage): boolean {
  return lineage[a]!.some((word) => lineage[b]!.includes(word));
}

function isEveryday({ kind }: Concept): boolean {
  return kind === "hyper" || kind === "domain";
}

function textOf(word: number, concepts: ConceptTable): string {
  return cleanWord(concepts.concepts[word]!.text);
}

function nounOf(word: number, concepts: ConceptTable): string {
  return pluralOf(textOf(word, concepts));
}

function isSayable(text: string, most: number): boolean {
  const count = wordsOf(text).length;
  return count >= 1 && count <= most;
}

/** The first text that is free, else the first one that has room for a number, with the lowest free one. Takes it. */
function takeFree(texts: readonly string[], taken: Set<string>): { text: string; choice: number } {
  let choice = texts.findIndex((text) => !taken.has(foldName(text)));
  let text = texts[choice]!;
  if (choice < 0) {
    choice = texts.findIndex((base) => isSayable(base, MAX_NAME_WORDS - 1));
    let number = 2;
    do text = `${texts[choice]!} ${number++}`;
    while (taken.has(foldName(text)));
  }
  taken.add(foldName(text));
  return { text, choice };
}

/** Words kept as evidence of a name. */
const EVIDENCE_WORDS = 5;

function evidenceOf({ album, ranked }: Subject, concepts: ConceptTable | null, reason: string): NameEvidence {
  if (!concepts) return { words: [], captionWords: [], reason };
  return {
    words: ranked
      .slice(0, EVIDENCE_WORDS)
      .map(({ word, fit, lead }) => ({ text: textOf(word, concepts), fit, lead })),
    captionWords: [...countNouns(album.captions, concepts)]
      .filter(([, count]) => count > 1)
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, EVIDENCE_WORDS)
      .map(([word, count]) => ({ text: textOf(word, concepts), count })),
    reason,
  };
}
