/**
 * Every shell command of README and docs, run page by page in a folder of its own with drawn pictures in `photos/` and
 * `new-photos/`. `npx albumen` is the built command line; nothing is fetched, so the bundled encoder answers. The pages
 * speak of albums called Sunsets, Receipts, Night and Flowers: the first `organize` of a page is followed by giving
 * those names to the albums that hold these pictures.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writePictures, type Kind } from "../support/pictures.ts";
import { readPages, REPOSITORY } from "./pages.ts";

const CLI = join(REPOSITORY, "dist", "cli", "main.js");
const NAMES = {
  Sunsets: "sunset",
  Receipts: "receipt",
  Night: "night",
  Flowers: "flower",
} as const satisfies Record<string, Kind>;
const albumsSchema = z.object({
  albums: z.array(
    z.object({ id: z.string(), size: z.number(), representatives: z.array(z.object({ file: z.string() })) }),
  ),
});

let root: string;
beforeAll(async () => {
  if (!existsSync(CLI)) throw new Error("dist/ is missing: run npm run build first.");
  root = await mkdtemp(join(tmpdir(), "albumen-docs-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a line of shell in `dir` with a home of its own, so that no setting or model of this machine counts. */
function runLine(line: string, dir: string): Promise<Outcome> {
  const home = join(dir, ".home");
  const environment = {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_CONFIG_HOME: join(home, "config"),
    ALBUMEN_CACHE: join(home, "cache"),
    ALBUMEN_OFFLINE: "1",
    ALBUMEN_THREADS: "2",
  };
  const command = line.replaceAll("npx albumen", `"${process.execPath}" "${CLI}"`);
  return new Promise((done) => {
    execFile("bash", ["-ec", command], { cwd: dir, env: environment }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

async function mustRun(line: string, dir: string): Promise<string> {
  const { code, output } = await runLine(line, dir);
  expect(code, `${line}\n${output}`).toBe(0);
  return output;
}

async function workFolder(name: string): Promise<string> {
  const dir = join(root, name.replaceAll(/\W/g, "-"));
  await mkdir(join(dir, ".home"), { recursive: true });
  await writePictures(join(dir, "photos"));
  await writePictures(join(dir, "new-photos"), { each: 2, from: 20 });
  return dir;
}

/** Fails when a kind is not the album of its own that the pages speak of. */
async function nameByContent(dir: string): Promise<void> {
  const { albums } = albumsSchema.parse(
    JSON.parse(await readFile(join(dir, "albums", "albums.json"), "utf8")),
  );
  for (const [name, kind] of Object.entries(NAMES)) {
    const meant = albums.filter(
      ({ representatives }) =>
        representatives.length > 0 && representatives.every(({ file }) => file.includes(`/${kind}-`)),
    );
    expect(meant.length, `albums of ${kind} pictures`).toBe(1);
    await mustRun(`npx albumen rename ${meant[0]!.id} ${name}`, dir);
  }
}

const pages = await readPages();

describe.each(pages.filter(({ blocks }) => blocks.some(({ language }) => language === "sh")))(
  "$path",
  ({ path, blocks }) => {
    const shell = blocks.filter(({ language }) => language === "sh");
    for (const { line, notRun } of shell)
      if (notRun !== null) {
        console.warn(`skipped: ${path}:${line}: ${notRun}`);
        it.skip(`line ${line} (not run: ${notRun})`, () => {});
      }
    const commands = shell
      .filter(({ notRun }) => notRun === null)
      .flatMap(({ text }) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#")));
    it.runIf(commands.length > 0)("holds commands that work, in their order", async () => {
      const dir = await workFolder(path);
      let isNamed = false;
      // A guide may begin where the first one ends.
      if (!commands.some((command) => /^npx albumen (organize|demo)/.test(command))) {
        await mustRun("npx albumen organize photos", dir);
        await nameByContent(dir);
        isNamed = true;
      }
      for (const command of commands) {
        await mustRun(command, dir);
        if (!isNamed && /^npx albumen organize photos(?:\s|$)/.test(command)) {
          await nameByContent(dir);
          isNamed = true;
        }
      }
    });
  },
);

it("the library example of README prints an album and its size on each line", async () => {
  const dir = await workFolder("library");
  const example = pages
    .find(({ path }) => path === "README.md")!
    .blocks.find(({ language }) => language === "ts")!.text;
  expect(example.split("\n").length).toBeLessThanOrEqual(10);
  // Types are erased by hand: the example has none.
  await writeFile(join(dir, "example.mjs"), example);
  await mkdir(join(dir, "node_modules"));
  await symlink(REPOSITORY, join(dir, "node_modules", "albumen"), "dir");
  const output = await mustRun("node example.mjs", dir);
  const sizes = output.split("\n").flatMap((line) => {
    const found = /^.+ (\d+)$/.exec(line);
    return found ? [Number(found[1])] : [];
  });
  // Five kinds of eight pictures.
  expect(sizes.length).toBeGreaterThanOrEqual(5);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(40);
});
