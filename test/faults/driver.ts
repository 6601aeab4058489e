/**
 * One process of the kill test: `driver.ts <folder> <mode> <operation>` recovers and then performs one of
 * OPERATIONS, unless an earlier process finished it, on the pictures in `<folder>/in`. Prints "ready" before the
 * first effect and "done" with the milliseconds after the last.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Database from "libsql";
import { createSqliteJournal, migrate } from "../../src/adapters/journal/sqlite.ts";
import { createDiskOutput } from "../../src/adapters/output/disk.ts";
import type { Album } from "../../src/core/albums.ts";
import type { PlaceMode } from "../../src/core/plan/steps.ts";
import { applyPlan, recover, type Workplace } from "../../src/pipeline/apply.ts";
import { planOutput } from "../../src/pipeline/plan.ts";
import { undoLast } from "../../src/pipeline/undo.ts";

export const OPERATIONS = ["organise", "edit", "undo", "undo"] as const;

const startedAt = "2026-01-01T00:00:00Z";

/** Opens the catalog of a kill test. */
export function openWorld(folder: string) {
  const out = join(folder, "out");
  mkdirSync(join(out, ".albumen"), { recursive: true });
  const db = new Database(join(out, ".albumen", "catalog.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = NORMAL");
  migrate(db);
  db.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, value TEXT)");
  const workplace: Workplace = {
    output: createDiskOutput(out),
    journal: createSqliteJournal(db),
    restoreState: async (state) => {
      const value = state === null ? "nothing" : new TextDecoder().decode(state);
      db.prepare("INSERT OR REPLACE INTO state VALUES (1, ?)").run(value);
    },
  };
  return { db, workplace };
}

function picturesOf(folder: string) {
  return readdirSync(join(folder, "in")).map((name) => {
    const source = join(folder, "in", name);
    return { name, source, image: createHash("sha256").update(readFileSync(source)).digest("hex") };
  });
}

/** Ten albums; the edit shuffles a third of the pictures, swaps two names, drops an album and opens another. */
function albumsOf(
  pictures: readonly { readonly name: string; readonly image: string }[],
  isEdited: boolean,
): Album[] {
  const numberOf = (name: string) => Number(/\d+/.exec(name)![0]);
  const albumOf = (name: string) => {
    const number = numberOf(name);
    if (!isEdited) return number % 10;
    return number % 3 === 0 ? (number * 7) % 10 : number % 10 === 9 ? 10 : number % 10;
  };
  const names = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];
  if (isEdited) names.splice(0, 3, "One", "Zero", "Two, too");
  return names.map((text, i) => ({
    id: `album${i}`,
    parentId: null,
    name: { text, source: "user", score: null, evidence: null },
    cohesion: 1,
    trust: null,
    members: pictures
      .filter(({ name }) => albumOf(name) === i)
      .map(({ image }) => ({ image, similarity: 1, representativeRank: -1, isPinned: false })),
  }));
}

async function main(folder: string, mode: PlaceMode, operation: number): Promise<void> {
  const { workplace, db } = openWorld(folder);
  const { journal } = workplace;
  const call = { signal: new AbortController().signal };
  // In move mode pictures leave the folder: they are told from the journal once that knows them.
  const known = (await journal.outputs()).files.map(({ image, source }) => ({
    image,
    source,
    name: source.slice(source.lastIndexOf("/") + 1),
  }));
  const pictures = [
    ...new Map([...picturesOf(folder), ...known].map((picture) => [picture.source, picture])).values(),
  ];
  const images = new Map(
    pictures.map(({ image, source, name }) => [image, { locations: [{ source, name }] }]),
  );
  process.stdout.write("ready\n");
  const begun = performance.now();
  await recover(workplace, call);
  const finished = (await journal.entries()).filter((entry) => entry.isFinished).length;
  if (finished === operation) {
    const name = OPERATIONS[operation]!;
    if (name === "undo") await undoLast(workplace, { startedAt }, call);
    else {
      const albums = albumsOf(pictures, name === "edit");
      const plan = await planOutput(workplace, { albums, images, mode, depth: 1 }, call.signal);
      await applyPlan(
        workplace,
        plan,
        { label: name, startedAt, stateBefore: Buffer.from(`before ${name}`) },
        call,
      );
    }
  }
  process.stdout.write(`done ${performance.now() - begun}\n`);
  db.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [folder, mode, operation] = process.argv.slice(2);
  await main(folder!, mode as PlaceMode, Number(operation));
}
