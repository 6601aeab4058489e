/** Pages agree with the code and with each other: reference, links, snippets' types. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import {
  commandLine,
  leafCommands,
  publicNames,
  REFERENCE_FOLDER,
  renderReference,
} from "../../scripts/docs-reference.ts";
import { SETTINGS } from "../../src/config.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { blocksOf, proseOf, readPages, REPOSITORY, type Page } from "./pages.ts";

let pages: Page[];
beforeAll(async () => {
  pages = await readPages();
});

describe("the generated reference", () => {
  it("is what the code gives (else run npm run docs:reference)", async () => {
    for (const [name, text] of await renderReference())
      expect(await readFile(join(REFERENCE_FOLDER, name), "utf8"), name).toBe(text);
  });

  it("finds a line for people in every setting, error, command, option and public name", async () => {
    const silent = [
      ...Object.entries(SETTINGS).flatMap(([name, { about }]) => (about.trim() ? [] : [`setting ${name}`])),
      ...Object.entries(ERROR_CODES).flatMap(([name, text]) => (text.trim() ? [] : [`error ${name}`])),
      ...leafCommands(commandLine()).flatMap(([name, command]) => [
        ...(command.description() ? [] : [`command ${name}`]),
        ...command.options.flatMap(({ long, description }) => (description ? [] : [`${name} ${long}`])),
      ]),
      ...(await publicNames()).flatMap(({ name, comment }) => (comment ? [] : [`public name ${name}`])),
    ];
    expect(silent).toEqual([]);
  });

  it("is not all there is: README or a guide shows every command in use", () => {
    const shown = pages
      .flatMap(({ blocks }) => blocks.filter(({ language }) => language === "sh"))
      .map(({ text }) => text)
      .join("\n");
    const unseen = leafCommands(commandLine())
      .map(([name]) => name)
      .filter((name) => !new RegExp(`^npx albumen ${name}\\b`, "m").test(shown));
    expect(unseen).toEqual([]);
  });
});

describe("README and docs", () => {
  it("link to files that exist, and to headings that exist in them", async () => {
    const broken: string[] = [];
    for (const page of pages)
      for (const [, target] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target!)) continue;
        const [path, anchor] = target!.split("#");
        const file = path ? join(REPOSITORY, dirname(page.path), path) : join(REPOSITORY, page.path);
        if (!existsSync(file)) broken.push(`${page.path}: ${target}`);
        else if (anchor && !headings(await readFile(file, "utf8")).includes(anchor))
          broken.push(`${page.path}: ${target}`);
      }
    expect(broken).toEqual([]);
  });

  it("hold TypeScript that type-checks", async () => {
    // Inside the repository, so that the snippets find Node's types.
    const dir = await mkdtemp(join(REPOSITORY, "node_modules", ".docs-snippets-"));
    try {
      const snippets = pages.flatMap(({ path, blocks }) =>
        blocks
          .filter(({ language }) => language === "ts")
          .map(({ text, line }) => ({ file: `${path.replaceAll(/\W/g, "-")}-${line}.ts`, text })),
      );
      expect(snippets.length).toBeGreaterThan(0);
      for (const { file, text } of snippets) await writeFile(join(dir, file), `${text}\nexport {};\n`);
      await writeFile(
        join(dir, "tsconfig.json"),
        JSON.stringify({
          extends: "../../tsconfig.json",
          compilerOptions: { paths: { albumen: ["../../src/index.ts"] }, noUnusedLocals: false },
          // The declarations that src needs are global, so nothing imports them.
          include: ["*.ts", "../../src/**/*.d.ts"],
          exclude: [],
        }),
      );
      const tsc = join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
      const complaints = await promisify(execFile)(process.execPath, [tsc, "-p", dir]).then(
        () => "",
        (error: { stdout: string }) => error.stdout,
      );
      expect(complaints).toBe("");
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it("keep README at 160 lines, guides at 80, and the picture under 300 kB", async () => {
    const lines = (page: Page): number => page.text.trimEnd().split("\n").length;
    const long = pages
      .filter(
        (page) =>
          lines(page) >
          (page.path === "README.md" ? 160 : page.path.startsWith("docs/guides/") ? 80 : Infinity),
      )
      .map(({ path }) => path);
    expect(long).toEqual([]);
    expect((await readFile(join(REPOSITORY, "docs/images/gallery.png"))).length).toBeLessThan(300_000);
  });
});

describe("the reader of pages", () => {
  it("takes a reason not to run from the comment right above a fence, and from nowhere else", () => {
    const text =
      "<!-- not run: no network -->\n\n```sh\na\n```\n\n```sh\nb\n```\n<!-- not run: x -->\ntext\n```sh\nc\n```";
    expect(blocksOf(text).map(({ text, notRun }) => [text, notRun])).toEqual([
      ["a", "no network"],
      ["b", null],
      ["c", null],
    ]);
  });

  it("refuses a fence that is never closed", () => {
    expect(() => blocksOf("```sh\nnpx albumen albums\n")).toThrow("line 1");
  });
});

/** Anchors as GitHub makes them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
