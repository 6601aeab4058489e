/** Names albums: a word that stands out, told apart from the siblings', or an honest neutral name. Pure. */
import type { AlbumName, NameEvidence } from "../albums.ts";
import type { ConceptTable } from "../concepts.ts";
import { countNouns } from "./caption-words.ts";
import { treeOf } from "./concept-tree.ts";
import type { AlbumEvidence, NamingRequest } from "./evidence.ts";
import { neutralNames } from "./neutral.ts";
import { rankWords, type Candidate } from "./word-fit.ts";
import { cleanWord, foldName, pluralOf, titleCase, wordsOf } from "./wording.ts";

/**
 * A word is shown from this probability on. On the tuning folders (see [Note: constants of the word choice]) lower
 * bars show more wrong names than right ones, higher bars lose right ones; .3 to .4 do equally well.
 */
const SHOWN_SHARE = 0.35;
/** And only where it stands out of the background at all: right words of the tuning folders have 2.7 or more. */
const SHOWN_STANDING = 2;
/** An everyday word takes the place of a broader one when it has this much of its probability: Dogs, not Pets. */
const EVERYDAY_SHARE = 0.85;
/** A second word tells two albums of one name apart when it is so many deviations above the background … */
const SECOND_STANDING = 3.5;
/** … and fits so many deviations better than it fits the other album. */
const SECOND_LEAD = 2;

const MAX_WORDS = 4;

/**
 * One name an album, in order. Names differ from each other and from the taken ones when folded (`foldName`).
 * `fits`: for each album the fit of every word, see `fitAlbum`; not looked at when there are no concepts.
 */
export function nameAlbumsByWords(request: NamingRequest, fits: readonly Float32Array[]): AlbumName[] {
  const { albums, concepts } = request;
  const taken = new Set(request.takenNames.map(foldName));
  const names = new Array<AlbumName | undefined>(albums.length);
  const candidates = concepts ? rankAlbums(albums, fits, concepts) : albums.map(() => []);

  if (concepts) {
    const heads = candidates.map((ranked) => headOf(ranked, concepts));
    // The surest album has first choice; of two equal ones the first.
    const order = heads
      .flatMap((head, album) => (head ? [{ head, album }] : []))
      .sort((a, b) => b.head.score - a.head.score || a.album - b.album);
    for (const { head, album } of order) {
      const rivals = order.flatMap((other) =>
        other.album !== album && other.head.word === head.word ? [candidates[other.album]!] : [],
      );
      const text = firstFree(
        wordNames(head, candidates[album]!, rivals, albums[album]!, concepts),
        taken,
      );
      names[album] = {
        text,
        source: "concepts",
        score: head.score,
        evidence: evidenceOf(albums[album]!, candidates[album]!, concepts, reasonFor(head, concepts)),
      };
    }
  }
  albums.forEach((album, i) => {
    if (names[i]) return;
    const choices = neutralNames(album);
    const text = firstFree(
      choices.map((choice) => choice.text),
      taken,
    );
    const by = choices.find((choice) => text.startsWith(choice.text))?.by ?? "nothing else";
    names[i] = {
      text,
      source: "neutral",
      score: null,
      evidence: evidenceOf(
        album,
        candidates[i]!,
        concepts,
        `No word stands out enough, so it is named by ${by}.`,
      ),
    };
  });
  return names as AlbumName[];
}

function rankAlbums(
  albums: readonly AlbumEvidence[],
  fits: readonly Float32Array[],
  concepts: ConceptTable,
): Candidate[][] {
  const known = albums.map(({ captions }, album) => ({
    fit: fits[album]!,
    mentions: new Map(
      [...countNouns(captions, concepts)].map(([word, count]) => [word, count / captions.length]),
    ),
  }));
  return rankWords(known, concepts);
}

/** The word to show, or null when none stands out. */
function headOf(ranked: readonly Candidate[], concepts: ConceptTable): Candidate | null {
  const { lineage } = treeOf(concepts);
  const shown = ranked.filter(
    ({ share, standing }) => share >= SHOWN_SHARE && standing >= SHOWN_STANDING,
  );
  const best = shown[0];
  if (!best) return null;
  let head = best;
  for (const candidate of shown) {
    const { kind } = concepts.concepts[candidate.word]!;
    const isNarrower = candidate.word !== head.word && lineage[candidate.word]!.includes(head.word);
    if (isNarrower && kind === "hyper" && candidate.share >= EVERYDAY_SHARE * best.share) head = candidate;
  }
  return head;
}

/** Names that hold the word, the plainest first; all of them true. The last one can be numbered. */
function wordNames(
  head: Candidate,
  ranked: readonly Candidate[],
  rivals: readonly (readonly Candidate[])[],
  album: AlbumEvidence,
  concepts: ConceptTable,
): string[] {
  const { lineage } = treeOf(concepts);
  const noun = (word: number): string => pluralOf(cleanWord(concepts.concepts[word]!.text));
  const plain = noun(head.word);
  const narrower = ranked.filter(
    ({ word, share, standing }) =>
      word !== head.word &&
      lineage[word]!.includes(head.word) &&
      share >= SHOWN_SHARE &&
      standing >= SHOWN_STANDING,
  );
  const seconds = ranked
    .filter(
      ({ word, fit, standing }) =>
        standing >= SECOND_STANDING &&
        !areKin(word, head.word, lineage) &&
        rivals.every((rival) => leadOver(rival, word, fit, concepts) >= SECOND_LEAD),
    )
    .sort((a, b) => b.standing - a.standing);
  const date = neutralNames(album).find((name) => name.by === "the date of its images");
  const texts = [
    plain,
    ...narrower.map(({ word }) => noun(word)),
    ...seconds.map(({ word }) => `${plain} and ${noun(word)}`),
    ...(date ? [`${plain} ${date.text}`] : []),
  ];
  return texts.filter((text) => isSayable(text)).map(titleCase);
}

/** How many deviations better a word fits here than in another album; a word that is no candidate there fits 0 above. */
function leadOver(
  rival: readonly Candidate[],
  word: number,
  fit: number,
  concepts: ConceptTable,
): number {
  const { mean, deviation } = concepts.concepts[word]!;
  const there = rival.find((candidate) => candidate.word === word)?.fit ?? mean;
  return (fit - there) / deviation;
}

/** On one line of broader words, or under one broader word: such a second word would only say the first again. */
function areKin(a: number, b: number, lineage: readonly (readonly number[])[]): boolean {
  return lineage[a]!.some((word) => lineage[b]!.includes(word));
}

function isSayable(text: string): boolean {
  const count = wordsOf(text).length;
  return count >= 1 && count <= MAX_WORDS;
}

/** The first text that is free, else the first one with a number. Takes it. */
function firstFree(texts: readonly string[], taken: Set<string>): string {
  const free = texts.find((text) => !taken.has(foldName(text)));
  let text = free ?? texts[0]!;
  for (let number = 2; taken.has(foldName(text)); number++) text = `${texts[0]!} ${number}`;
  taken.add(foldName(text));
  return text;
}

function reasonFor(head: Candidate, concepts: ConceptTable): string {
  const text = cleanWord(concepts.concepts[head.word]!.text);
  const percent = Math.round(100 * head.share);
  return `“${text}” and its narrower words hold ${percent} % of the evidence, and it fits ${head.standing.toFixed(1)} deviations better than it fits other pictures.`;
}

/** Words kept as evidence of a name. */
const EVIDENCE_WORDS = 5;

function evidenceOf(
  album: AlbumEvidence,
  ranked: readonly Candidate[],
  concepts: ConceptTable | null,
  reason: string,
): NameEvidence {
  const textOf = (word: number): string => cleanWord(concepts!.concepts[word]!.text);
  return {
    words: ranked
      .slice(0, EVIDENCE_WORDS)
      .map(({ word, fit, lead }) => ({ text: textOf(word), fit, lead })),
    captionWords: concepts
      ? [...countNouns(album.captions, concepts)]
          .filter(([, count]) => count > 1)
          .sort((a, b) => b[1] - a[1] || a[0] - b[0])
          .slice(0, EVIDENCE_WORDS)
          .map(([word, count]) => ({ text: textOf(word), count }))
      : [],
    reason,
  };
}
