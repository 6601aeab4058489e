/**
 * Names for the albums that have none. The encoder's own words name every album first; a language model, where there
 * is one, is then asked for better names, which stand only when they pass the test on the pictures. What does not is
 * asked about once more, with what was wrong; after that the words' name stands, and says why.
 */
import type { AlbumName, NameProof } from "../core/albums.ts";
import { quoted } from "../core/naming/name-rules.ts";
import type { Call } from "../ports/call.ts";
import type { AlbumEvidence, NamedSibling, Namer, NamingRequest, RejectedName } from "../ports/namer.ts";
import { callOf, quietCall, type Watch } from "./events.ts";
import type { AlbumOnTrial, Prover } from "./prove.ts";

export interface NamingParts {
  /** names every album by itself, without fail */
  readonly words: Namer;
  /** asked for better names; null: nobody is */
  readonly language: Namer | null;
  readonly prover: Prover;
  readonly watch: Watch;
}

/** An album that keeps its name. */
export interface Sibling extends NamedSibling {
  /** false: a name by date or colour, which no picture can speak for or against */
  readonly claims: boolean;
}

/** An album without a name, and what has become of it so far. */
interface Unnamed {
  readonly evidence: AlbumEvidence;
  /** what the words call it, given the names that stand */
  draft: AlbumName;
  /** the language model's name; null: none stands */
  chosen: AlbumName | null;
  readonly rejected: RejectedName[];
  mayAskAgain: boolean;
}

/** Questions about one album: a first one, and one more with what was wrong. */
const ROUNDS = 2;

/** One name an album, in order and in English, each with what the test on the pictures said. */
export async function nameLeaves(
  albums: readonly AlbumEvidence[],
  siblings: readonly Sibling[],
  shared: Omit<NamingRequest, "albums" | "siblings">,
  { words, language, prover, watch }: NamingParts,
): Promise<AlbumName[]> {
  const first = await draftsOf(albums, [], language ? quietCall(watch) : callOf(watch, "name"));
  const open = albums.map((evidence, i): Unnamed => ({
    evidence,
    draft: first[i]!,
    chosen: null,
    rejected: [],
    mayAskAgain: true,
  }));
  if (language) for (let round = 1; round <= ROUNDS; round++) await ask(language);
  const proofs = await settle();
  if (language) tellOfFallbacks(open, language.id, watch);
  return open.map((album, i) => withProof(album.chosen ?? withRejections(album), proofs[i]!));

  /** What the words call albums, when others are called as `chosen` says. */
  async function draftsOf(
    of: readonly AlbumEvidence[],
    chosen: readonly NamedSibling[],
    call: Call,
  ): Promise<AlbumName[]> {
    const unasked = of.map((album) => ({ ...album, draft: null, rejected: [] }));
    const answers = await words.name(
      { ...shared, albums: unasked, siblings: [...siblings, ...chosen] },
      call,
    );
    return answers.map((answer) => {
      if (answer.kind === "named") return answer.name;
      throw new Error(`The namer ${words.id} left an album without a name: ${answer.because}`);
    });
  }

  function chosenNames(): NamedSibling[] {
    return open.flatMap(({ evidence, chosen }) => (chosen ? { ...evidence, name: chosen.text } : []));
  }

  /** One question about each album without a chosen name; what passes the tests is chosen, the rest knows why not. */
  async function ask(namer: Namer): Promise<void> {
    const asked = open.filter((album) => album.chosen === null && album.mayAskAgain);
    if (asked.length === 0) return;
    const rest = open
      .filter((album) => !asked.includes(album))
      .map(({ evidence, chosen, draft }) => ({ ...evidence, name: (chosen ?? draft).text }));
    const inUse: NamedSibling[] = [...siblings, ...rest];
    const questions = asked.map(({ evidence, draft, rejected }) => ({ ...evidence, draft, rejected }));
    const answers = await namer.name(
      { ...shared, albums: questions, siblings: inUse },
      callOf(watch, "name"),
    );

    const proposed = new Map<Unnamed, AlbumName>();
    for (const [i, album] of asked.entries()) {
      const answer = answers[i]!;
      if (answer.kind === "unnamed") {
        album.rejected.push({ text: answer.text, because: answer.because });
        album.mayAskAgain = answer.mayAskAgain;
        continue;
      }
      const { text } = answer.name;
      const others = [...inUse.map(({ name }) => name), ...[...proposed.values()].map((name) => name.text)];
      const same = await prover.sameMeaning(text, others);
      if (same === null) proposed.set(album, answer.name);
      else album.rejected.push({ text, because: `It means the same as ${quoted(same)}, another album.` });
    }
    const proofs = await tryAll(proposed);
    for (const [album, name] of proposed)
      if (!rejectUnproven(album, name, proofs[open.indexOf(album)]!)) album.chosen = name;
  }

  /**
   * Gives the words' names to what is left, and tries everything as it is going to stand. A language model's name that
   * does not hold its own among those falls too, which makes the next trial another one; at the latest when none is
   * left all is settled.
   */
  async function settle(): Promise<NameProof[]> {
    for (;;) {
      const left = open.filter((album) => album.chosen === null);
      const chosen = chosenNames();
      // The first drafts were made when no other name was taken.
      if (left.length > 0 && chosen.length > 0) {
        const evidence = left.map((album) => album.evidence);
        const drafts = await draftsOf(evidence, chosen, quietCall(watch));
        left.forEach((album, i) => (album.draft = drafts[i]!));
      }
      const proofs = await tryAll(new Map());
      const fallen = open.filter(
        (album, i) => album.chosen !== null && rejectUnproven(album, album.chosen, proofs[i]!),
      );
      if (fallen.length === 0) return proofs;
      for (const album of fallen) album.chosen = null;
    }
  }

  /** Everything by what it is or would be called, drafts too: they are each other's rivals. One verdict for each of `open`. */
  async function tryAll(proposed: ReadonlyMap<Unnamed, AlbumName>): Promise<NameProof[]> {
    const onTrial = open.map((album): AlbumOnTrial => {
      const { text, source } = album.chosen ?? proposed.get(album) ?? album.draft;
      return { name: source === "neutral" ? null : text, rows: album.evidence.rows };
    });
    const beside = siblings.map(({ name, rows, claims }): AlbumOnTrial => ({
      name: claims ? name : null,
      rows,
    }));
    return (await prover.prove([...onTrial, ...beside])).slice(0, open.length);
  }
}

/** Notes why a name was not proven. Returns whether that was so. */
function rejectUnproven(album: Unnamed, { text }: AlbumName, proof: NameProof): boolean {
  if (proof.kind !== "unproven") return false;
  album.rejected.push({ text, because: proof.because });
  return true;
}

/** The verdict beside the name; a language model's confidence is the share of pictures that speak for it. */
function withProof(name: AlbumName, proof: NameProof): AlbumName {
  if (name.evidence === null) return name;
  const score = name.source === "llm" && proof.kind !== "untested" ? proof.share : name.score;
  return { ...name, score, evidence: { ...name.evidence, proof } };
}

/** The words' name, and why it is not the language model's. */
function withRejections({ draft, rejected }: Unnamed): AlbumName {
  if (rejected.length === 0 || draft.evidence === null) return draft;
  const told = rejected.map(({ text, because }) =>
    text === null ? because : `${quoted(text)} was not used: ${because}`,
  );
  const reason = [draft.evidence.reason, "Of the language model:", ...new Set(told)].join(" ");
  return { ...draft, evidence: { ...draft.evidence, reason } };
}

/** One notice for all albums with the same fault, the commonest first. */
function tellOfFallbacks(open: readonly Unnamed[], namerId: string, watch: Watch): void {
  const counts = new Map<string, number>();
  for (const { chosen, rejected } of open) {
    const last = rejected.at(-1);
    if (chosen !== null || !last) continue;
    const why =
      last.text === null ? last.because : "its names broke the rules of names or failed on the pictures.";
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  for (const [why, count] of [...counts].sort((a, b) => b[1] - a[1]))
    watch.report({
      kind: "notice",
      text: `${count} ${count === 1 ? "album is" : "albums are"} named by the encoder's own words instead of ${namerId}: ${why}`,
    });
}
