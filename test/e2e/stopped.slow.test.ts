/** Runs that are stopped in the middle, by Ctrl-C or by `kill -9`: the next one finishes what they began. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import { runKilled } from "../faults/kill.ts";
import { albumTree, CLI, jsonLines, openDesk, treeOf, type Desk } from "../support/cli.ts";
import { writePictures } from "../support/pictures.ts";

/** A run may take a second to wind down; the rest is what a busy machine may add. */
const MAX_WIND_DOWN_MS = 3000;

/**
 * Everything in a catalog but times, tokens, numbers of runs and what follows from those: stamps of files that were
 * linked anew, and hashes of pages that tell when they were made.
 */
function catalogOf(out: string): Record<string, unknown[]> {
  const db = new Database(join(out, ".albumen", "catalog.db"), { readonly: true });
  const rows = (text: string) => db.prepare(text).all([]);
  const tables = {
    images: rows("SELECT * FROM images ORDER BY image"),
    places: rows("SELECT source, name, stamp, image FROM places ORDER BY source"),
    owners: rows("SELECT source, user FROM owners JOIN places ON id = place ORDER BY source, user"),
    failures: rows("SELECT source, code, reason, attempts FROM failures ORDER BY source"),
    embedded: rows("SELECT space, image FROM vector_rows ORDER BY space, image"),
    annotations: rows("SELECT * FROM annotations ORDER BY recipe, image"),
    albums: rows("SELECT * FROM albums ORDER BY position"),
    members: rows("SELECT * FROM members ORDER BY album_id, position"),
    meta: rows("SELECT key, value FROM meta WHERE key NOT IN ('stateBefore', 'out') ORDER BY key"),
    entries: rows("SELECT kind, step_count, finished, undone FROM journal_entries ORDER BY id"),
    outputs: rows("SELECT path, image, source, mode FROM outputs ORDER BY path"),
    folders: rows("SELECT path, album FROM outputs_folders ORDER BY path"),
    vectors: vectorsByImage(out, rows("SELECT space, row, image FROM vector_rows ORDER BY image")),
  };
  db.close();
  return tables;
}

function vectorsByImage(out: string, rows: unknown[]): unknown[] {
  const [name] = readdirSync(join(out, ".albumen", "vectors"));
  const bytes = readFileSync(join(out, ".albumen", "vectors", name!));
  return (rows as { space: string; row: number; image: string }[]).map(({ space, row, image }) => {
    const size = 4 * Number(space.slice(space.lastIndexOf(":") + 1));
    return [image, bytes.subarray(row * size, (row + 1) * size).toString("base64")];
  });
}

/** The whole of what must be equal after an undisturbed and a disturbed run. */
function stateOf(out: string): object {
  const json = JSON.parse(readFileSync(join(out, "albums.json"), "utf8")) as { albums: unknown };
  return {
    tree: albumTree(out, { withInodes: true }),
    exports: treeOf(out, { without: [".albumen", "albums.json", "index.html"] })["albums.csv"],
    albums: json.albums,
    catalog: catalogOf(out),
  };
}

/** What a stopped process left in the way of people; inside the catalog a half-written thumbnail may stay. */
function leftovers(out: string): string[] {
  return Object.keys(treeOf(out, { without: [".albumen"] })).filter((path) => /\.(part|tmp)$/.test(path));
}

describe("Ctrl-C", () => {
  it.each<[string, RegExp]>([
    ["while it opens the model", /^/],
    ["while it looks at images", /"stage":"list"/],
    ["while it makes folders", /"stage":"apply"/],
    ["while it makes the gallery", /"stage":"gallery"/],
  ])(
    "%s: ends with 130 in about a second, and the next run equals an undisturbed one",
    async (_when, when) => {
      const desk = openDesk();
      await writePictures(desk.path("in"), { each: 30 });
      const sources = treeOf(desk.path("in"), { withInodes: true });
      const args = ["organize", "in", "--json"];
      await desk.albumen([...args, "--out", "undisturbed"]);
      let stoppedAt = 0;
      const begun = performance.now();
      const stopped = await desk.run([...args, "--out", "disturbed"], {
        interrupt: { when, signal: "SIGINT", onSent: () => (stoppedAt = performance.now() - begun) },
      });
      // The last stage may be over before the signal comes.
      expect(stopped.code === 130 || (stopped.code === 0 && when.test('"stage":"gallery"'))).toBe(true);
      expect(stopped.elapsedMs - stoppedAt).toBeLessThan(MAX_WIND_DOWN_MS);
      if (stopped.code === 130 && stopped.stdout !== "")
        expect(jsonLines(stopped.stdout).at(-1)).toMatchObject({ event: "error", code: "ABORTED" });
      expect(treeOf(desk.path("in"), { withInodes: true })).toEqual(sources);
      await desk.albumen([...args, "--out", "disturbed"]);
      expect(stateOf(desk.path("disturbed"))).toEqual(stateOf(desk.path("undisturbed")));
      expect(leftovers(desk.path("disturbed"))).toEqual([]);
    },
  );

  it("says on stderr what to do, and twice ends at once", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 30 });
    const { code, stdout, stderr } = await desk.run(["organize", "in"], {
      interrupt: { when: /Looking for images/, signal: "SIGINT" },
    });
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toContain("Stopped.\nRun the same command again to resume.\n");
  });

  it("of the system (SIGTERM) is the same", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 30 });
    const { code } = await desk.run(["organize", "in"], {
      interrupt: { when: /Looking for images/, signal: "SIGTERM" },
    });
    expect(code).toBe(130);
  });
});

const KILLS = 56;
const KILLS_A_COMMAND = 4;
const SEED = 20;

describe("kill -9", () => {
  it(`at ${KILLS} moments of organize, add, rename and undo loses nothing, and the rerun equals an undisturbed run`, async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 12 });
    await writePictures(desk.path("new"), { kinds: ["night", "flower"], each: 4, from: 40 });
    const sources = [desk.path("in"), desk.path("new")];
    const untouched = sources.map((folder) => treeOf(folder, { withInodes: true }));
    const commandsOf = (out: string): string[][] => {
      const catalog = ["--catalog", join(out, ".albumen")];
      return [
        ["organize", "in", "--out", out],
        ["add", "new", ...catalog],
        ["rename", "Mostly Black", "Nights", ...catalog],
        ["undo", ...catalog],
      ];
    };

    const tookMs: number[] = [];
    const undisturbed: object[] = [];
    const names = await renamable(desk);
    const commands = (out: string) =>
      commandsOf(out).map((args) => args.map((word) => (word === "Mostly Black" ? names : word)));
    for (const args of commands(desk.path("undisturbed"))) {
      tookMs.push((await desk.run(args)).elapsedMs);
      undisturbed.push(stateOf(desk.path("undisturbed")));
    }

    const random = createRandom(SEED);
    let kills = 0;
    const killsOf = tookMs.map(() => 0);
    for (let round = 0; kills < KILLS; round++) {
      const out = desk.path(`disturbed ${round}`);
      for (const [i, args] of commands(out).entries()) {
        let isDone = false;
        for (let attempt = 0; attempt < KILLS_A_COMMAND && !isDone; attempt++) {
          const begun = performance.now();
          const ended = await runKilled(process.execPath, [...CLI, ...args, "--json"], {
            cwd: desk.folder,
            env: desk.env,
            delayMs: Math.round((0.25 + 0.75 * random.next()) * tookMs[i]!),
          });
          if (ended.killed) {
            kills++;
            killsOf[i]!++;
            // One that outran its kill says how long it takes now: other work comes and goes on the machine.
          } else tookMs[i] = performance.now() - begun;
          isDone = !ended.killed || isOver(out, args[0]!);
          if (!ended.killed) expect({ args, ...ended }).toMatchObject({ exitCode: 0 });
        }
        // Where the work was done and only its telling was cut short, any command that looks at the output tells it.
        if (isOver(out, args[0]!)) await desk.albumen(["apply", "--catalog", join(out, ".albumen")]);
        else if (!isDone) await desk.albumen(args);
        expect({ round, command: args[0], ...stateOf(out) }).toEqual({
          round,
          command: args[0],
          ...undisturbed[i],
        });
        expect(leftovers(out)).toEqual([]);
        expect(sources.map((folder) => treeOf(folder, { withInodes: true }))).toEqual(untouched);
      }
    }
    console.log(`${kills} kills: ${killsOf.join(", ")} of organize, add, rename, undo`);
    expect(Math.min(...killsOf)).toBeGreaterThan(3);
  });
});

/** The id of the album of night pictures: it is the same wherever the same pictures are organised. */
async function renamable(desk: Desk): Promise<string> {
  await desk.albumen(["organize", "in", "--out", "probe"]);
  const { albums } = JSON.parse(readFileSync(desk.path("probe", "albums.json"), "utf8")) as {
    albums: { id: string; representatives: { file: string }[] }[];
  };
  return albums.find(({ representatives }) => representatives[0]?.file.includes("night"))!.id;
}

/** Asked again, these two would do more: an undo that is done takes back the one before, a rename writes history. */
function isOver(out: string, command: string): boolean {
  if (command !== "undo") return false;
  try {
    const db = new Database(join(out, ".albumen", "catalog.db"), { readonly: true });
    const last = db.prepare("SELECT kind, finished FROM journal_entries ORDER BY id DESC LIMIT 1").get([]) as
      { kind: string; finished: number } | undefined;
    db.close();
    return last?.kind === "undo" && last.finished === 1;
  } catch {
    return false;
  }
}
