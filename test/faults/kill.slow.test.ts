/** kill -9 at random moments of organise, edit and undo; then recovery, and a look at whether anything is amiss. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import type { PlaceMode } from "../../src/core/plan/steps.ts";
import { OPERATIONS, openWorld } from "./driver.ts";
import { runKilled } from "./kill.ts";

const DRIVER = fileURLToPath(new URL("driver.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PICTURES = 400;
/** in each of three modes: more than 50 in all */
const KILLS = 20;
const KILLS_AN_OPERATION = 3;

const made: string[] = [];
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "albumen-kill-"));
  made.push(folder);
  mkdirSync(join(folder, "in"));
  for (let i = 0; i < PICTURES; i++)
    writeFileSync(join(folder, "in", `IMG_${i}.jpg`), `picture ${i} `.repeat(200));
  return folder;
}

async function perform(folder: string, mode: PlaceMode, operation: number, delayMs: number | null) {
  const args = ["--import", "tsx", DRIVER, folder, mode, String(operation)];
  const ended = await runKilled(process.execPath, args, { cwd: ROOT, after: /ready/, delayMs });
  if (!ended.killed && ended.exitCode !== 0) throw new Error(ended.stderr);
  return { killed: ended.killed, tookMs: Number(/done ([\d.]+)/.exec(ended.stdout)?.[1] ?? 0) };
}

/** Every file with the hash of its bytes (the database left out), and what the database says, stamps left out. */
async function snapshot(folder: string) {
  const tree: Record<string, string> = {};
  const walk = (path: string) => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      const below = join(path, name);
      if (name === ".albumen") continue;
      if (statSync(join(folder, below)).isDirectory()) {
        tree[`${below}/`] = "";
        walk(below);
      } else
        tree[below] = createHash("sha256")
          .update(readFileSync(join(folder, below)))
          .digest("hex");
    }
  };
  walk("");
  const { db, workplace } = openWorld(folder);
  const { folders, files } = await workplace.journal.outputs();
  const entries = await workplace.journal.entries();
  const steps = await Promise.all(entries.map(({ id }) => workplace.journal.steps(id)));
  const state = db.prepare("SELECT value FROM state").all();
  const integrity = db.prepare("PRAGMA integrity_check").all();
  db.close();
  const relative = (path: string) => path.slice(folder.length);
  return {
    tree,
    state,
    integrity,
    folders,
    files: files.map(({ path, image, source, mode }) => ({ path, image, source: relative(source), mode })),
    entries: entries.map(({ kind, undoes, isFinished, isUndone, stepCount }) => ({
      kind,
      undoes,
      isFinished,
      isUndone,
      stepCount,
    })),
    outcomes: steps.map((entry) => entry.map(({ step, outcome }) => `${step.kind} ${outcome?.kind}`)),
  };
}

describe.each<PlaceMode[]>([["link"], ["copy"], ["move"]])("killed at random moments (%s)", (mode) => {
  it(`ends like an undisturbed run, whatever the moment: ${KILLS} kills`, async () => {
    const undisturbed = createFolder();
    const expected: unknown[] = [];
    const tookMs: number[] = [];
    const before = (await snapshot(undisturbed)).tree;
    for (const operation of OPERATIONS.keys()) {
      tookMs.push((await perform(undisturbed, mode, operation, null)).tookMs);
      expected.push(await snapshot(undisturbed));
    }
    expect((await snapshot(undisturbed)).tree).toEqual({ ...before, "out/": "" });

    const seed = Date.now() % 1_000_000;
    const random = createRandom(seed);
    let kills = 0;
    while (kills < KILLS) {
      const folder = createFolder();
      for (const operation of OPERATIONS.keys()) {
        for (let attempt = 0; ; attempt++) {
          const delayMs = attempt < KILLS_AN_OPERATION ? random.next() * tookMs[operation]! : null;
          const { killed } = await perform(folder, mode, operation, delayMs);
          if (!killed) break;
          kills++;
        }
        expect(await snapshot(folder), `seed ${seed}, after ${kills} kills`).toEqual(expected[operation]);
      }
    }
    console.log(
      `${mode}: ${kills} kills, operations took ${tookMs.map((ms) => Math.round(ms)).join(", ")} ms`,
    );
  });
});
