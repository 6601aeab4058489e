/**
 * Names of the true folders of caltech_a, dreambooth (by class) and heap, judged by ../shared/data/dev/names.json:
 * `npm run eval:names`, with `-- --list` for every folder's name.
 *
 * "first word" is the word that would be shown if there were no bar, "accepted" and "wrong" count the names that are
 * shown, "neutral" those that claim nothing. Every second folder of caltech_a, by name, chose the constants of the
 * namer ("tuned"); the other folders and packs did not. A control names groups of pictures drawn at random, where
 * nothing should be shown. Folders of a pack are named together, as siblings.
 */
import { createConceptNamer } from "../src/adapters/namer/concepts.ts";
import type { AlbumName } from "../src/core/albums.ts";
import { gateCaption } from "../src/core/naming/caption-gate.ts";
import { createRandom, shuffled } from "../src/core/random.ts";
import { meanOf, rowOf, dot } from "../src/core/vectors.ts";
import type { AlbumToName } from "../src/ports/namer.ts";
import { acceptedNamesOrSkip } from "../test/support/packs.ts";
import { isAccepted } from "./accepted-names.ts";
import { foldersOf, openPacks, type EncodedPack, type Folder } from "./encoded-packs.ts";
import { machine, table } from "./report.ts";

/** Captions an album, as the product writes them for its representatives. */
const CAPTIONED = 6;
const BARS = {
  caltech_a: { firstWord: 0.72, wrong: 0.25 },
  dreambooth: { firstWord: 0.65, wrong: 0.25 },
  heap: { firstWord: 0.96, wrong: 0.1 },
} as const;
type Named = keyof typeof BARS;

interface Judged {
  readonly label: string;
  readonly name: AlbumName;
  readonly firstWord: boolean;
  readonly cosine: boolean;
  readonly verdict: "accepted" | "wrong" | "neutral";
}

const accepted = await acceptedNamesOrSkip();
if (!accepted.isAvailable) process.exit(0);
const isListing = process.argv.includes("--list");
const packs = await openPacks();
const namer = createConceptNamer();
const signal = new AbortController().signal;

async function nameFolders(encoded: EncodedPack, folders: readonly Folder[]): Promise<AlbumName[]> {
  const { pack, vectors, facts } = encoded;
  const albums: AlbumToName[] = [];
  for (const { label, rows } of folders) {
    const chosen = rows.filter((_, i) => i % Math.ceil(rows.length / CAPTIONED) === 0);
    const captions = await packs.caption(pack, chosen);
    albums.push({
      albumId: label,
      size: rows.length,
      rows: Int32Array.from(rows),
      captions: captions
        .filter((caption, i) => gateCaption(caption, rowOf(vectors, chosen[i]!), packs.concepts).shown)
        .map(({ text }) => text),
      fileNames: [],
      dates: rows.flatMap((row) => facts[row]!.takenAt ?? []),
      places: [],
      meanColors: rows.map((row) => facts[row]!.meanColor),
      aspectRatios: rows.map((row) => facts[row]!.width / facts[row]!.height),
      draft: null,
      rejected: [],
    });
  }
  const request = { vectors, concepts: packs.concepts, albums, siblings: [], takenNames: [] };
  const answers = await namer.name(request, { signal });
  return answers.flatMap((answer) => (answer.kind === "named" ? answer.name : []));
}

/** What the namer has to beat: the word nearest to the mean. */
function nearestWord({ vectors }: EncodedPack, { rows }: Folder): string {
  const mean = meanOf(vectors, rows);
  const words = packs.concepts;
  let best = 0;
  const cosine = (word: number): number => dot(mean, rowOf(words.vectors, word));
  for (let word = 1; word < words.concepts.length; word++) if (cosine(word) > cosine(best)) best = word;
  return words.concepts[best]!.text;
}

/** Groups drawn at random from all folders, as large as the pack's median folder. */
function mixed({ pack }: EncodedPack): Folder[] {
  const rows = shuffled([...pack.images.keys()], createRandom(1));
  const size = 15;
  return Array.from({ length: Math.min(20, Math.floor(rows.length / size)) }, (_, i) => ({
    label: `mixed ${i}`,
    rows: rows.slice(i * size, (i + 1) * size),
  }));
}

const share = (count: number, of: number): number => Number((count / of).toFixed(3));
const figuresOf = (judged: readonly Judged[]) => {
  const count = (is: (one: Judged) => boolean): number => share(judged.filter(is).length, judged.length);
  return {
    folders: judged.length,
    cosine: count((one) => one.cosine),
    firstWord: count((one) => one.firstWord),
    accepted: count((one) => one.verdict === "accepted"),
    wrong: count((one) => one.verdict === "wrong"),
    neutral: count((one) => one.verdict === "neutral"),
  };
};

const figures: Record<string, ReturnType<typeof figuresOf>> = {};
const mixedShown: Record<string, number> = {};
const shown: Judged[] = [];
for (const pack of Object.keys(BARS) as Named[]) {
  const encoded = await packs.encode(pack);
  const right = accepted.value[pack]!;
  const folders = foldersOf(encoded).filter(({ label }) => right[label] !== undefined);
  const names = await nameFolders(encoded, folders);
  const judged = folders.map((folder, i): Judged => {
    const name = names[i]!;
    const list = right[folder.label]!;
    const isRight = isAccepted(name.text, list);
    const first = name.evidence?.words[0]?.text ?? "";
    return {
      label: folder.label,
      name,
      cosine: isAccepted(nearestWord(encoded, folder), list),
      firstWord: name.source === "neutral" ? isAccepted(first, list) : isRight,
      verdict: name.source === "neutral" ? "neutral" : isRight ? "accepted" : "wrong",
    };
  });
  if (pack === "caltech_a") {
    figures["caltech_a, tuned"] = figuresOf(judged.filter((_, i) => i % 2 === 0));
    figures["caltech_a, other"] = figuresOf(judged.filter((_, i) => i % 2 === 1));
  }
  figures[pack] = figuresOf(judged);
  shown.push(...judged);
  if (isListing)
    console.log(
      table(
        ["folder", "name", "score", "verdict", "words", "caption words"],
        judged.map(({ label, name, verdict }) => [
          label,
          name.text,
          name.score?.toFixed(2) ?? "",
          verdict,
          name.evidence!.words.map(({ text }) => text).join(", "),
          name.evidence!.captionWords.map(({ text, count }) => `${text} ${count}`).join(", "),
        ]),
      ),
    );
  const groups = mixed(encoded);
  const random = await nameFolders(encoded, groups);
  mixedShown[pack] = share(random.filter(({ source }) => source !== "neutral").length, groups.length);
  if (isListing) console.log(`mixed: ${random.map(({ text }) => text).join(" | ")}\n`);
}
await packs.dispose();

/** Of the names shown with a score in each band, the share that is accepted. */
const bands = [0, 0.5, 0.9].map((low, i, all) => {
  const high = all[i + 1] ?? 1.01;
  const inside = shown.filter(({ name }) => name.score !== null && name.score >= low && name.score < high);
  return {
    from: low,
    names: inside.length,
    accepted: share(inside.filter(({ verdict }) => verdict === "accepted").length, inside.length),
  };
});

console.log(
  table(
    ["folders of", "count", "plain cosine", "first word", "accepted", "wrong", "neutral"],
    Object.entries(figures).map(([set, f]) => [
      set,
      f.folders,
      f.cosine,
      f.firstWord,
      f.accepted,
      f.wrong,
      f.neutral,
    ]),
  ),
);
console.log(
  `\n${table(
    ["score from", "names", "accepted"],
    bands.map((b) => [b.from, b.names, b.accepted]),
  )}`,
);
console.log(
  `\nRandom groups that got a word: ${Object.entries(mixedShown)
    .map(([pack, of]) => `${pack} ${of}`)
    .join(", ")}.`,
);
const passed = (Object.keys(BARS) as Named[]).every(
  (pack) => figures[pack]!.firstWord >= BARS[pack].firstWord && figures[pack]!.wrong <= BARS[pack].wrong,
);
console.log(JSON.stringify({ figures, bands, mixedShown, bars: BARS, passed, machine: machine() }));
