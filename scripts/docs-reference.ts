/**
 * Makes docs/reference/ from the code: `npm run docs:reference` writes the pages, and a test compares them. The command
 * line comes from Commander's definitions, settings and errors from their tables, the API from the declarations that
 * `tsc` emits.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Command } from "commander";
import { z } from "zod";
import { defineCommands } from "../src/cli/commands.ts";
import { EXIT } from "../src/cli/run.ts";
import { envNameOf, flagNameOf, REMEMBERED_SETTINGS, SETTINGS, type SettingName } from "../src/config.ts";
import { ERROR_CODES } from "../src/errors.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
export const REFERENCE_FOLDER = join(REPOSITORY, "docs", "reference");
const HELP_WIDTH = 100;
const MADE_BY = "<!-- Made by `npm run docs:reference` from the code; do not edit. -->";

/** File name → text of every page. */
export async function renderReference(): Promise<Map<string, string>> {
  return new Map([
    ["cli.md", renderCommands(commandLine())],
    ["settings.md", renderSettings()],
    ["errors.md", renderErrors()],
    ["api.md", renderApi(await publicNames())],
  ]);
}

/** The commands as `albumen --help` knows them, at a width that does not depend on the terminal. */
export function commandLine(): Command {
  const program = new Command().configureOutput({
    getOutHelpWidth: () => HELP_WIDTH,
    getOutHasColors: () => false,
  });
  return defineCommands(program, async () => {});
}

/** Commands that do something, with their whole names: `models list`, not `models`. */
export function leafCommands(command: Command, path: readonly string[] = []): [string, Command][] {
  return command.commands.flatMap((child) => {
    const name = [...path, child.name()];
    return child.commands.length > 0
      ? leafCommands(child, name)
      : [[name.join(" "), child] satisfies [string, Command]];
  });
}

const EXIT_MEANINGS: Record<keyof typeof EXIT, string> = {
  done: "done; images that failed are reported, they are no error",
  error: "an error; the message says what to do next",
  usage: "wrong use, or a setting that is not allowed",
  strictFailure: "with `--strict`: an image failed",
  interrupted: "interrupted; the same command goes on where it stopped",
};

function renderCommands(program: Command): string {
  const exits = (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((key) => [
    String(EXIT[key]),
    EXIT_MEANINGS[key],
  ]);
  return page("Command line", [
    `What \`albumen <command> --help\` prints. stdout is data, stderr is talk. With \`--json\`, stdout is one JSON object a line, each with an \`event\`; the last one is the \`summary\`, or the \`error\`.`,
    fence("text", program.helpInformation()),
    ...leafCommands(program).flatMap(([name, command]) => [
      `## ${name}`,
      fence("text", command.helpInformation()),
    ]),
    "## Exit codes",
    table(["code", "meaning"], exits),
  ]);
}

function renderSettings(): string {
  const remembered = new Set<SettingName>(REMEMBERED_SETTINGS);
  const rows = (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const { default: preset, about, schema } = SETTINGS[name];
    const flag = preset === true ? `--no-${flagNameOf(name).slice(2)}` : flagNameOf(name);
    const value = preset === null ? "unset" : code(JSON.stringify(preset));
    return [
      code(name),
      code(flag),
      code(envNameOf(name)),
      value,
      allowed(schema),
      remembered.has(name) ? "yes" : "",
      about,
    ];
  });
  return page("Settings", [
    "The first of these that names a setting wins: a flag (in the library: `settings` of `openCatalog`); an environment variable; what the catalog remembers; the user's file, `~/.config/albumen/settings.json` (`$XDG_CONFIG_HOME/albumen/settings.json` where that is set); the default. `albumen config show` tells each value and where it comes from. A switch in the environment is `1` or `0`. What a command was told, the catalog remembers for later commands, where the table says so.",
    table(["setting", "flag", "environment", "default", "allowed", "remembered", "what it is"], rows),
  ]);
}

/** What a schema takes, in words. */
function allowed(schema: z.ZodType): string {
  const { anyOf, ...rest } = z.toJSONSchema(schema, { io: "output" });
  const {
    type,
    enum: values,
    minimum,
    exclusiveMinimum,
    maximum,
  } = anyOf?.find((option) => option.type !== "null") ?? rest;
  if (values) return values.map((value) => code(String(value))).join(", ");
  if (type !== "integer") return type === "boolean" ? "on, off" : "text";
  const least = minimum ?? (typeof exclusiveMinimum === "number" ? exclusiveMinimum + 1 : 0);
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? `whole number ≥ ${least}`
    : `${least}…${maximum}`;
}

function renderErrors(): string {
  const rows = Object.entries(ERROR_CODES).map(([name, meaning]) => [code(name), meaning]);
  return page("Errors", [
    "Every error is an `AlbumenError` with one of these codes, a message that says what and which, and mostly a hint that says what next. Codes that begin with `IMAGE_` or `FILE_` and `EMBED_FAILED` are about one image: they become rows of `albumen failures`, and the run goes on. The others stop it.",
    table(["code", "meaning"], rows),
  ]);
}

export interface PublicName {
  readonly name: string;
  /** the declaration without its comment */
  readonly declaration: string;
  /** text of its doc comment; "" when it has none */
  readonly comment: string;
}

/** Every name that `src/index.ts` exports, in its order, as `tsc` declares it. */
export async function publicNames(): Promise<PublicName[]> {
  const out = await mkdtemp(join(tmpdir(), "albumen-declarations-"));
  try {
    const tsc = join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
    const flags = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", out];
    await promisify(execFile)(process.execPath, [tsc, ...flags], { cwd: REPOSITORY });
    const index = await readFile(join(out, "index.d.ts"), "utf8");
    const names: PublicName[] = [];
    for (const [, listed, module] of index.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";$/gm)) {
      const file = resolve(dirname(join(out, "index.d.ts")), module!.replace(/\.(ts|js)$/, ".d.ts"));
      for (const entry of listed!.split(",")) {
        const name = entry.trim().replace(/^type /, "");
        if (name !== "") names.push(await findDeclaration(file, name));
      }
    }
    return names;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** `tsc` indents everything but top-level statements, so a declaration ends where the next line at column 0 starts. */
async function findDeclaration(file: string, name: string): Promise<PublicName> {
  const lines = (await readFile(file, "utf8")).split("\n");
  const starts = new RegExp(`^export (?:declare )?(?:interface|type|class|function|const) ${name}\\b`);
  const first = lines.findIndex((line) => starts.test(line));
  if (first < 0) {
    // Passed on from another module.
    const passed = lines.find(
      (line) => line.startsWith("export ") && new RegExp(`[{ ]${name}[ ,}]`).test(line),
    );
    const module = passed && /from "([^"]+)";$/.exec(passed)?.[1];
    if (!module) throw new Error(`${file} does not declare ${name}.`);
    return findDeclaration(resolve(dirname(file), module.replace(/\.(ts|js)$/, ".d.ts")), name);
  }
  let end = first + 1;
  while (end < lines.length && /^(?:[ }]|$)/.test(lines[end]!)) end++;
  let from = first;
  if (lines[first - 1]?.endsWith("*/")) while (!lines[--from]!.startsWith("/**"));
  const comment = lines
    .slice(from, first)
    .map((line) =>
      line
        .replace(/^\/\*\* ?/, "")
        .replace(/\s*\*\/$/, "")
        .replace(/^ \* ?/, ""),
    )
    .join("\n")
    .trim();
  const declaration = lines.slice(first, end).join("\n").trim();
  return { name, declaration: declaration.replace(/^export (?:declare )?/, ""), comment };
}

/** Tables whose content has a page of its own. */
const TABLES: Readonly<Record<string, string>> = {
  SETTINGS: "Its content: [settings](settings.md).",
  ERROR_CODES: "Its content: [errors](errors.md).",
};

function renderApi(names: readonly PublicName[]): string {
  return page("API", [
    '`import { openCatalog } from "albumen"`. These names, and no others, are public.',
    ...names.flatMap(({ name, declaration, comment }) => [
      `## ${name}`,
      ...(comment === "" ? [] : [comment]),
      // `dts`, not `ts`: a declaration alone is not a program that a test could check.
      TABLES[name] ?? fence("dts", declaration),
    ]),
  ]);
}

function page(title: string, parts: readonly string[]): string {
  return `${[`# ${title}`, MADE_BY, ...parts].join("\n\n")}\n`;
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(REFERENCE_FOLDER, { recursive: true });
  for (const [name, text] of await renderReference()) await writeFile(join(REFERENCE_FOLDER, name), text);
}
