/** Every command of the command line: its words, its flags, and which call answers it. */
import { Option, type Command } from "commander";
import { flagNameOf, SETTINGS, type SettingName, type SettingsInput } from "../config.ts";
import { AlbumenError, isAlbumenError } from "../errors.ts";
import {
  describeSettings,
  makeDemo,
  openModels,
  VERSION,
  watchForFiles,
  WEIGHT_DTYPES,
  type RunSummary,
  type WeightDtype,
  redactUrl,
} from "../compose.ts";
import { findOutput } from "./find-catalog.ts";
import { runModels } from "./models.ts";
import { duplicateLines, duplicateTable } from "./render-duplicates.ts";
import { albumRows, alignColumns, csvLine, summaryLines } from "./render.ts";
import { EXIT, type CommonFlags, type Session } from "./run.ts";

type Flags = CommonFlags & Record<string, unknown>;
type Runner = (flags: CommonFlags, work: (session: Session) => Promise<number | void>) => Promise<void>;

const GROUPING: readonly SettingName[] = [
  "albums",
  "clusterer",
  "granularity",
  "minAlbumSize",
  "maxAlbums",
  "singletons",
  "seed",
];
const NAMING: readonly SettingName[] = [
  "namer",
  "lang",
  "llmUrl",
  "llmModel",
  "llmTimeoutSeconds",
  "llmParallel",
  "gguf",
  "captioner",
  "captionPrompt",
  "captionUrl",
  "captionModel",
  "captions",
  "labelImages",
  "keepLocation",
];
const FETCHING: readonly SettingName[] = [
  "allowPrivate",
  "fetchConcurrency",
  "fetchPerHost",
  "fetchTimeoutSeconds",
  "maxFetchBytes",
  "proxy",
  "keepPlaceholders",
  "s3Endpoint",
];
const READING: readonly SettingName[] = [
  "user",
  "perUser",
  "urlColumn",
  "userColumn",
  "refresh",
  "model",
  "offline",
  "maxPixels",
  "threads",
  "device",
  ...FETCHING,
];
const FILES: readonly SettingName[] = ["depth", "as"];

const FAILURES_AT_ONCE = 1000;

export function defineCommands(program: Command, run: Runner): Command {
  program
    .name("albumen")
    .description("Turns a heap of unlabelled images into named albums.")
    .version(VERSION, "-V, --version")
    .showHelpAfterError("(albumen --help lists the commands)")
    .exitOverride();

  /** One command; `work` gets the session, the flags and the arguments. */
  const command = (
    usage: string,
    about: string,
    settings: readonly SettingName[],
    work: (session: Session, flags: Flags, args: string[][]) => Promise<number | void>,
  ): Command => {
    const made = program.command(usage).description(about).exitOverride();
    for (const option of settings.flatMap(optionsOf)) made.addOption(option);
    made
      .option(
        "--catalog <dir>",
        "catalog folder (default: .albumen in the output folder, found upwards from here)",
      )
      .option("--json", "one JSON object a line on stdout; the last one is the summary")
      .option("--quiet", "no progress")
      .option("--yes", "do not ask");
    made.action(async (...values: unknown[]) => {
      const flags = made.opts<Flags>();
      const args = values
        .slice(0, -2)
        .map((value) => (value === undefined ? [] : ([value].flat() as string[])));
      await run(flags, (session) => work(session, flags, args));
    });
    return made;
  };

  command(
    "organize <source...>",
    "turn images into albums: folders, files, globs, lists, archives, URLs, buckets, or - for standard input",
    ["out", ...GROUPING, ...FILES, ...NAMING, ...READING],
    async (session, flags, [sources]) => {
      const catalog = await session.open({ settings: settingsOf(flags) });
      return report(session, await catalog.organize(sources!, zipOf(flags)), flags);
    },
  )
    .option("--zip <file>", "write one archive of the albums too")
    .option("--strict", "exit with 3 when an image failed");

  command(
    "add <source...>",
    "add new images: each joins its album, or opens a new one when unlike all",
    [...NAMING, ...READING.filter((name) => name !== "model")],
    async (session, flags, [sources]) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      return report(session, await catalog.add(sources!), flags);
    },
  ).option("--strict", "exit with 3 when an image failed");

  command(
    "watch <folder...>",
    "organise folders, and add new files as they settle, until stopped",
    ["out", ...GROUPING, ...FILES, ...NAMING, ...READING],
    async (session, flags, [folders]) => {
      const settings = settingsOf(flags);
      const out = await session.during({ settings }, async (catalog) => (await catalog.status()).out);
      for await (const count of watchForFiles(folders!, out, session.signal)) {
        if (count > 0) session.emit("changed", { files: count });
        await session.during({ settings }, async (catalog) => {
          const { images } = await catalog.status();
          await takeIn(session, flags, () =>
            images === 0 ? catalog.organize(folders!) : catalog.add(folders!),
          );
        });
        session.print("Waiting for new files; Ctrl-C stops.");
        session.emit("waiting", { folders });
      }
      return EXIT.interrupted;
    },
  );

  command(
    "reorganize",
    "group everything anew; ids, your names and pins stay",
    [...GROUPING, ...FILES, ...NAMING, "offline", "threads", "device"],
    async (session, flags) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      return report(session, await catalog.reorganize(), flags);
    },
  );

  command(
    "plan [source...]",
    "show what apply would do, without doing it; with sources, what organize would do",
    ["out", ...GROUPING, ...FILES, ...NAMING, ...READING],
    async (session, flags, [sources]) => {
      const settings = settingsOf(flags);
      const catalog = sources!.length
        ? await session.open({ settings })
        : await session.openExisting({ settings });
      const plan = await catalog.plan(sources!);
      session.print(plan.text);
      session.emit("summary", { steps: plan.steps, counts: plan.counts });
    },
  );

  command("apply", "make the folders as the albums say", FILES, async (session, flags) => {
    const catalog = await session.openExisting({ settings: settingsOf(flags) });
    return report(session, await catalog.apply(), flags);
  });

  command(
    "undo [count]",
    "take back the last apply, or the last few",
    [],
    async (session, flags, [count]) => {
      const catalog = await session.openExisting();
      const times = count!.length ? wholeNumber(count![0], "undo") : 1;
      return report(session, await catalog.undo(times), flags);
    },
  );

  command("albums", "list the albums", [], async (session) => {
    const catalog = await session.openExisting();
    const albums = await catalog.albums();
    for (const line of alignColumns(albumRows(albums))) session.print(line);
    for (const album of albums)
      session.emit("album", { ...album, members: undefined, size: album.members.length });
    session.emit("summary", { albums: albums.length });
  });

  command(
    "rename <album> <name>",
    "give an album your own name",
    [],
    async (session, flags, [album, name]) => {
      const catalog = await session.openExisting();
      return report(session, await catalog.rename(album![0]!, name![0]!), flags);
    },
  );

  command("merge <album...>", "put albums into the first one", [], async (session, flags, [albums]) => {
    const catalog = await session.openExisting();
    return report(session, await catalog.merge(albums!), flags);
  });

  command("split <album>", "cut an album into parts", [], async (session, flags, [album]) => {
    const catalog = await session.openExisting();
    const into = flags["into"] === undefined ? null : wholeNumber(flags["into"], "--into", 2);
    return report(session, await catalog.split(album![0]!, into), flags);
  }).option("--into <parts>", "number of parts (default: found by itself)");

  command(
    "move <image> <album>",
    "put an image into an album and keep it there",
    [],
    async (session, flags, [image, album]) => {
      const catalog = await session.openExisting();
      return report(session, await catalog.move(image!, album![0]!), flags);
    },
  );

  command(
    "pin <what...>",
    "keep images, or all images of an album, where they are",
    [],
    async (session, flags, [what]) => {
      const catalog = await session.openExisting();
      return report(session, await catalog.pin(what!, flags["off"] !== true), flags);
    },
  ).option("--off", "unpin");

  command("history", "what happened to the albums, newest first", [], async (session, flags) => {
    const catalog = await session.openExisting();
    const events = await catalog.history(wholeNumber(flags["limit"], "--limit"));
    for (const event of events) {
      session.print(`${event.at.slice(0, 16).replace("T", " ")}  ${event.kind.padEnd(8)}  ${event.text}`);
      session.emit("history", event);
    }
    session.emit("summary", { events: events.length });
  }).option("--limit <n>", "at most this many", "50");

  command(
    "search <words...>",
    "find images by words",
    ["offline", "threads", "device"],
    async (session, flags, [words]) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      const { hits, understood } = await catalog.search(
        words!.join(" "),
        wholeNumber(flags["limit"], "--limit"),
      );
      if (understood.kind === "nearest") session.print(understood.text);
      for (const line of alignColumns(
        hits.map((hit) => [hit.similarity.toFixed(3), hit.album, hit.file ?? hit.source]),
      ))
        session.print(line);
      for (const hit of hits) session.emit("hit", hit);
      session.emit("summary", { hits: hits.length, understood });
    },
  ).option("--limit <n>", "at most this many", "20");

  command(
    "similar <image>",
    "find images like one: a file, or an image of the catalog",
    ["offline", "threads", "device"],
    async (session, flags, [image]) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      const hits = await catalog.similar(image![0]!, wholeNumber(flags["limit"], "--limit"));
      for (const line of alignColumns(
        hits.map((hit) => [hit.similarity.toFixed(3), hit.album, hit.file ?? hit.source]),
      ))
        session.print(line);
      for (const hit of hits) session.emit("hit", hit);
      session.emit("summary", { hits: hits.length });
    },
  ).option("--limit <n>", "at most this many", "20");

  command(
    "duplicates",
    "pictures that are there more than once; nothing is deleted",
    ["user", "threads"],
    async (session, flags) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      const { sets, unseen } = await catalog.duplicates();
      session.reporter.stop();
      const isCsv = flags["csv"] === true;
      const told = sets.map((set) => ({
        ...set,
        keep: redactUrl(set.keep),
        files: set.files.map((file) => ({ ...file, sources: file.sources.map(redactUrl) })),
      }));
      for (const set of told) session.emit("duplicates", set);
      for (const line of isCsv ? duplicateTable(told) : duplicateLines(told)) session.print(line);
      if (unseen > 0 && !isCsv)
        session.print(`${unseen} images could not be compared: their thumbnails are gone.`);
      const count = (kind: string) => sets.filter((set) => set.kind === kind).length;
      session.emit("summary", { exact: count("exact"), near: count("near"), bursts: count("burst"), unseen });
    },
  ).option("--csv", "a table: kind, group, source, width, height, bytes, taken_at, keep, why");

  command(
    "failures",
    "the places that gave no image, and why",
    [...NAMING, ...FETCHING, "offline", "maxPixels", "threads", "device"],
    async (session, flags) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      if (flags["retry"] === true) return report(session, await catalog.retryFailures(), flags);
      const isCsv = flags["csv"] === true;
      if (isCsv) session.print(csvLine(["code", "source", "reason", "attempts", "at"]));
      let told = 0;
      for (let after: string | null = null; ;) {
        const page = await catalog.failures({ after, limit: FAILURES_AT_ONCE });
        for (const failure of page) {
          const { code, source, reason, attempts, at } = failure;
          const shown = redactUrl(source);
          if (isCsv) session.print(csvLine([code, shown, reason, attempts, at]));
          else {
            const tries = attempts === 1 ? "tried once" : `tried ${attempts} times`;
            session.print(
              `${code}  ${shown}\n    ${reason} (${tries}, ${at.slice(0, 16).replace("T", " ")})`,
            );
          }
          session.emit("failure", { ...failure, source: shown });
        }
        told += page.length;
        if (page.length < FAILURES_AT_ONCE) break;
        after = page.at(-1)!.source;
      }
      session.emit("summary", { failures: told });
    },
  )
    .option("--retry", "try them again")
    .option("--csv", "a table: code, source, reason, attempts, at");

  command(
    "forget <image-or-user>",
    "remove every trace of an image or a user; your own files stay, nothing can be undone",
    ["offline", "threads", "device"],
    async (session, flags, [what]) => {
      const catalog = await session.openExisting({ settings: settingsOf(flags) });
      const forgotten = await catalog.forget(what![0]!);
      session.reporter.stop();
      const { images, places, scannedFiles, scannedBytes, kept } = forgotten;
      session.print(`Forgot ${images} images at ${places} places; the undo history is gone with them.`);
      session.print(
        `Looked through ${scannedFiles} files (${Math.ceil(scannedBytes / 1e6)} MB) of the catalog and its exports: no trace is left.`,
      );
      for (const path of kept) session.print(`Still in the output: ${path}`);
      session.emit("summary", forgotten);
    },
  );

  command("status", "what the catalog holds", [], async (session) => {
    const catalog = await session.openExisting();
    const status = await catalog.status();
    for (const line of alignColumns(Object.entries(status).map(([key, value]) => [key, String(value)])))
      session.print(line);
    session.emit("summary", status);
  });

  command(
    "models <action> [id]",
    "list models, or pull, remove, verify one, or say where it is",
    ["offline"],
    async (session, flags, [action, id]) => {
      const shelf = openModels({
        settings: settingsOf(flags),
        signal: session.signal,
        onEvent: session.reporter.report,
      });
      return runModels(session, shelf, action![0]!, id![0], flags["dtype"] as WeightDtype | undefined);
    },
  ).addOption(
    new Option(
      "--dtype <dtype>",
      "how weights of a pulled model are kept: fp32, fp16 or q8 (default: q8)",
    ).choices(WEIGHT_DTYPES),
  );

  command(
    "config <action>",
    "show every setting, its value and where it comes from",
    [],
    async (session, _flags, [action]) => {
      if (action![0] !== "show")
        throw new AlbumenError("USAGE", `albumen config knows "show", not "${action![0]}".`);
      const out = session.flags.catalog === undefined ? findOutput(process.cwd()) : null;
      const rows = await describeSettings({
        ...(session.flags.catalog === undefined ? {} : { catalog: session.flags.catalog }),
        ...(out === null ? {} : { out }),
      });
      for (const line of alignColumns(
        rows.map(({ name, value, origin, about }) => [name, JSON.stringify(value), origin, about]),
      ))
        session.print(line);
      for (const row of rows) session.emit("setting", row);
      session.emit("summary", { settings: rows.length });
    },
  );

  command(
    "demo",
    "draw 128 sample pictures and organise them",
    ["out", ...GROUPING, ...FILES, ...NAMING, ...READING],
    async (session, flags) => {
      const settings = settingsOf(flags);
      const pictures = await makeDemo(String(flags["pictures"]), session.signal);
      session.print(`${pictures.drawn} pictures are in ${pictures.folder}`);
      const catalog = await session.open({ settings });
      return report(session, await catalog.organize([pictures.folder], zipOf(flags)), flags);
    },
  )
    .option("--pictures <dir>", "folder for the pictures", "./albumen-demo")
    .option("--zip <file>", "write one archive of the albums too");

  return program;
}

/**
 * `--min-album-size <value>`. A switch has two, `--captions` and `--no-captions`, since a catalog remembers either; help
 * shows the one that differs from the default.
 */
function optionsOf(setting: SettingName): Option[] {
  const { default: preset, about } = SETTINGS[setting];
  const name = flagNameOf(setting);
  if (typeof preset === "boolean")
    return [
      new Option(name, about).hideHelp(preset),
      new Option(`--no-${name.slice(2)}`, `do not ${about}`).hideHelp(!preset),
    ];
  const shown = preset === null ? about : `${about} (default: ${String(preset)})`;
  return [new Option(`${name} <value>`, shown)];
}

function settingsOf(flags: Flags): SettingsInput {
  const given = Object.entries(flags).filter(([key, value]) => key in SETTINGS && value !== undefined);
  return Object.fromEntries(given) as SettingsInput;
}

function wholeNumber(value: unknown, what: string, least = 1): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new AlbumenError("USAGE", `${what} takes a whole number from ${least} on, not "${String(value)}".`);
}

function zipOf(flags: Flags): { zip?: string } {
  return flags["zip"] === undefined ? {} : { zip: String(flags["zip"]) };
}

/** What a watch lives through: no picture yet, or another command at work on the catalog. */
const PASSING: ReadonlySet<string> = new Set(["SOURCE_EMPTY", "CATALOG_LOCKED"]);

/** One round of a watch: its summary, or why there is none yet. */
async function takeIn(session: Session, flags: Flags, work: () => Promise<RunSummary>): Promise<void> {
  try {
    report(session, await work(), flags);
  } catch (error) {
    if (!isAlbumenError(error) || !PASSING.has(error.code)) throw error;
    session.print(error.message);
    session.emit("passed", { code: error.code, message: error.message });
  }
}

function report(session: Session, summary: RunSummary, flags: Flags): number {
  session.reporter.stop();
  for (const line of summaryLines(summary)) session.print(line);
  session.emit("summary", summary);
  return flags["strict"] === true && summary.failed > 0 ? EXIT.strictFailure : EXIT.done;
}
