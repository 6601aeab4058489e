/**
 * How well the test of names tells right names from wrong ones: `npm run eval:name-proof`.
 *
 * Each true folder of a pack gets a right name; then a fifth of the names are swapped among the folders, seeded, in
 * many draws, and every folder's name is tested. Counted are the swapped names that are caught and the right ones that
 * are lost. Right names come from two sources: what the namer `concepts` says where names.json accepts it, and the
 * first name that names.json accepts, as a person or a language model might say it. A control gives a fifth of the
 * folders a word for something that no folder of the pack holds.
 *
 * The bars of the test were chosen on the packs marked "tuned"; heap chose nothing and is the one that counts.
 */
import { createPlainMatrix } from "../src/adapters/matrix/plain.ts";
import { createConceptNamer } from "../src/adapters/namer/concepts.ts";
import { foldName, pluralOf, titleCase } from "../src/core/naming/wording.ts";
import { createRandom, shuffled } from "../src/core/random.ts";
import { rowOf } from "../src/core/vectors.ts";
import { createProver } from "../src/pipeline/prove.ts";
import { textOfName } from "../src/core/naming/proof.ts";
import { acceptedNamesOrSkip } from "../test/support/packs.ts";
import { isAccepted } from "./accepted-names.ts";
import { foldersOf, openPacks, type EncodedPack, type Folder } from "./encoded-packs.ts";
import { machine, table } from "./report.ts";

const REPORTED = "heap";
const TUNED = ["caltech_a", "dreambooth", "tinyval2000"] as const;
const DRAWS = 200;
/** share of the names that are made wrong */
const WRONG_SHARE = 0.2;
/** folders of tinyval2000 at a time: a person has tens of albums, not 200 kinds */
const MOST_FOLDERS = 30;
const BARS = { caught: 0.9, lost: 0.1 } as const;

interface Figures {
  readonly folders: number;
  /** of names given to a wrong folder, the share that is not proven */
  readonly caught: number;
  /** of names that stayed where they belong, the share that is not proven */
  readonly lost: number;
  /** of words for something else, the share that is not proven */
  readonly strangersCaught: number;
}

const accepted = await acceptedNamesOrSkip();
if (!accepted.isAvailable) process.exit(0);
const packs = await openPacks("sentence");
const call = { signal: new AbortController().signal };

/** Folder → name, for those folders whose name the namer got right. */
async function namesByWords(encoded: EncodedPack, folders: readonly Folder[]): Promise<Map<Folder, string>> {
  const right = accepted.isAvailable ? accepted.value[encoded.pack.name] : undefined;
  if (!right) return new Map();
  const albums = folders.map(({ label, rows }) => ({
    albumId: label,
    size: rows.length,
    rows: Int32Array.from(rows),
    captions: [],
    fileNames: [],
    dates: [],
    places: [],
    meanColors: [],
    aspectRatios: [],
    draft: null,
    rejected: [],
  }));
  const answers = await createConceptNamer().name(
    { vectors: encoded.vectors, concepts: packs.concepts, albums, siblings: [], takenNames: [] },
    call,
  );
  const names = new Map<Folder, string>();
  folders.forEach((folder, i) => {
    const answer = answers[i]!;
    if (answer.kind === "named" && isAccepted(answer.name.text, right[folder.label] ?? []))
      names.set(folder, answer.name.text);
  });
  return names;
}

/** Folder → what a person would say; no name twice. tinyval2000 has no list: there it is the kind's own name. */
function namesByPeople({ pack }: EncodedPack, folders: readonly Folder[]): Map<Folder, string> {
  const right = accepted.isAvailable ? accepted.value[pack.name] : undefined;
  const names = new Map<Folder, string>();
  const taken = new Set<string>();
  for (const folder of folders) {
    const said = right ? right[folder.label]?.[0] : folder.label.split(",")[0];
    if (said === undefined) continue;
    const name = titleCase(pluralOf(said.toLowerCase().replaceAll("_", " ")));
    if (taken.has(foldName(name))) continue;
    taken.add(foldName(name));
    names.set(folder, name);
  }
  return names;
}

async function judge(encoded: EncodedPack, all: ReadonlyMap<Folder, string>): Promise<Figures> {
  const random = createRandom(1);
  const matrix = createPlainMatrix();
  const prover = createProver({
    async readNames(names) {
      const rows = await packs.embedTexts(names.map(textOfName));
      return names.map((_, i) => rowOf(rows, i));
    },
    vectors: encoded.vectors,
    matrix: async () => matrix,
    call,
  });
  const held = new Set([...all.values()].map(foldName));
  const strangers = packs.concepts.concepts
    .filter(({ kind, text }) => kind === "imagenet" && !held.has(foldName(text)))
    .map(({ text }) => titleCase(pluralOf(text)));
  const counts = { right: 0, lost: 0, swapped: 0, caught: 0, strange: 0, strangeCaught: 0 };
  for (let draw = 0; draw < DRAWS; draw++) {
    const folders = shuffled([...all.keys()], random).slice(0, MOST_FOLDERS);
    const names = folders.map((folder) => all.get(folder)!);
    const wrong = shuffled([...folders.keys()], random).slice(
      0,
      Math.max(2, Math.round(WRONG_SHARE * folders.length)),
    );
    // In a ring, so that each of them gets another's name.
    const swapped = [...names];
    wrong.forEach((at, i) => (swapped[at] = names[wrong[(i + 1) % wrong.length]!]!));
    const replaced = [...names];
    for (const at of wrong) replaced[at] = strangers[random.int(strangers.length)]!;

    const isWrong = new Set(wrong);
    for (const [kind, given] of [["swapped", swapped] as const, ["strange", replaced] as const]) {
      const proofs = await prover.prove(folders.map(({ rows }, i) => ({ name: given[i]!, rows })));
      proofs.forEach((proof, i) => {
        const isCaught = proof.kind === "unproven";
        if (kind === "strange") {
          if (!isWrong.has(i)) return;
          counts.strange++;
          if (isCaught) counts.strangeCaught++;
        } else if (isWrong.has(i)) {
          counts.swapped++;
          if (isCaught) counts.caught++;
        } else {
          counts.right++;
          if (isCaught) counts.lost++;
        }
      });
    }
  }
  const share = (count: number, of: number): number => Number((count / of).toFixed(3));
  return {
    folders: all.size,
    caught: share(counts.caught, counts.swapped),
    lost: share(counts.lost, counts.right),
    strangersCaught: share(counts.strangeCaught, counts.strange),
  };
}

const figures: Record<string, Figures> = {};
for (const pack of [...TUNED, REPORTED] as const) {
  const encoded = await packs.encode(pack);
  const folders = foldersOf(encoded);
  const title = pack === REPORTED ? pack : `${pack} (tuned)`;
  const byWords = await namesByWords(encoded, folders);
  if (byWords.size > 1) figures[`${title}, names by concepts`] = await judge(encoded, byWords);
  figures[`${title}, names by people`] = await judge(encoded, namesByPeople(encoded, folders));
}
await packs.dispose();

console.log(
  table(
    ["right names of", "folders", "swapped caught", "right lost", "strangers caught"],
    Object.entries(figures).map(([set, f]) => [set, f.folders, f.caught, f.lost, f.strangersCaught]),
  ),
);
const passed = Object.entries(figures)
  .filter(([set]) => set.startsWith(REPORTED))
  .every(([, { caught, lost }]) => caught >= BARS.caught && lost <= BARS.lost);
console.log(
  JSON.stringify({ figures, draws: DRAWS, wrongShare: WRONG_SHARE, bars: BARS, passed, machine: machine() }),
);
