/** What a command says before it does anything: exit codes, errors, settings and where they come from. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/errors.ts";
import { jsonLines, openDesk } from "../support/cli.ts";

const ESCAPE = String.fromCharCode(27);

describe.concurrent("wrong use", () => {
  it.each([
    ["a command that does not exist", ["organise-everything"], "unknown command"],
    ["a flag that does not exist", ["organize", "x", "--colour", "red"], "unknown option"],
    ["no source", ["organize"], "missing required argument"],
    ["a value that is not one of a few", ["organize", "x", "--as", "teleport"], "--as (flag)"],
    ["a number that is none", ["organize", "x", "--albums", "many"], "--albums (flag)"],
    ["an undo of nothing", ["undo", "0"], "There is no catalog"],
  ])("%s: says what is wrong", async (_what, args, told) => {
    const desk = openDesk();
    const { code, stdout, stderr } = await desk.run(args);
    expect(stderr).toContain(told);
    expect(stdout).toBe("");
    expect(code).toBe(told === "There is no catalog" ? 1 : 2);
    expect(readdirSync(desk.folder)).toEqual([".home"]);
  });

  it("of the environment is told by the variable's name and ends with 2", async () => {
    const { code, stderr } = await openDesk().run(["organize", "."], { env: { ALBUMEN_DEPTH: "7" } });
    expect(code).toBe(2);
    expect(stderr).toContain("ALBUMEN_DEPTH");
  });
});

describe.concurrent("help and version", () => {
  it("go to stdout and end with 0", async () => {
    const desk = openDesk();
    const help = await desk.albumen(["--help"]);
    const commands =
      "organize add reorganize plan apply undo albums rename merge split move pin history search similar failures status config demo";
    for (const command of commands.split(" ")) expect(help).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    expect(await desk.albumen(["organize", "--help"])).toContain("--min-album-size");
    expect(await desk.albumen(["--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe.concurrent("a source that is not there", () => {
  it("is an error with what to do next, and leaves nothing behind", async () => {
    const desk = openDesk();
    const { code, stdout, stderr } = await desk.run(["organize", "my photos", "--out", "deep/down/albums"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe("my photos does not exist.\nCheck the spelling; a path with spaces needs quotes.\n");
    expect(readdirSync(desk.folder)).toEqual([".home"]);
  });

  it("is one object on stdout with --json", async () => {
    const { code, stdout, stderr } = await openDesk().run(["organize", "nowhere", "--json"]);
    expect([code, stderr]).toEqual([1, ""]);
    const lines = jsonLines(stdout);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEqual({
      event: "error",
      code: "SOURCE_NOT_FOUND",
      message: "nowhere does not exist.",
      hint: "Check the spelling; a path with spaces needs quotes.",
    });
    expect(ERROR_CODES).toHaveProperty(lines[0]!["code"] as string);
  });

  it("cannot make the terminal obey its name", async () => {
    const { stderr } = await openDesk().run(["organize", `${ESCAPE}[2Jgone\nfishing`]);
    expect(stderr).not.toContain(ESCAPE);
    expect(stderr).toContain("\\u{1b}[2Jgone\\u{a}fishing does not exist.");
  });

  it("keeps what already stood in the output folder", async () => {
    const desk = openDesk();
    mkdirSync(desk.path("albums"));
    writeFileSync(desk.path("albums", "mine.txt"), "mine");
    expect((await desk.run(["organize", "nowhere"])).code).toBe(1);
    expect(readdirSync(desk.path("albums"))).toEqual(["mine.txt"]);
  });
});

describe.concurrent("a folder without images", () => {
  it("is told from one that is empty, and neither leaves a catalog behind", async () => {
    const desk = openDesk();
    mkdirSync(desk.path("empty"));
    mkdirSync(desk.path("letters"));
    writeFileSync(desk.path("letters", "dear.txt"), "Dear Albumen");
    const empty = await desk.run(["organize", "empty"]);
    expect(empty.stderr).toContain("There are no images in empty.");
    const letters = await desk.run(["organize", "letters"]);
    expect(letters.stderr).toContain("There are no images in letters (1 other file).");
    expect([empty.code, letters.code]).toEqual([1, 1]);
    expect(existsSync(desk.path("albums"))).toBe(false);
  });
});

describe.concurrent("commands on a catalog", () => {
  it("say what to do where there is none", async () => {
    const desk = openDesk();
    for (const args of [["reorganize"], ["search", "dog"]]) {
      const { code, stderr } = await desk.run(args);
      expect([code, stderr]).toEqual([
        1,
        "There is no catalog in this folder or above it.\nRun albumen organize <folder> first, go to its output folder, or name it with --catalog.\n",
      ]);
    }
    const named = await desk.run(["albums", "--catalog", "nowhere"]);
    expect([named.code, named.stdout]).toEqual([1, ""]);
    expect(named.stderr).toContain(`There is no catalog in ${desk.path("nowhere")}`);
    expect(readdirSync(desk.folder)).toEqual([".home"]);
  });
});

describe.concurrent("config show", () => {
  it("tells each value's origin, the stronger winning", async () => {
    const desk = openDesk();
    mkdirSync(desk.path(".home/config/albumen"), { recursive: true });
    writeFileSync(
      desk.path(".home/config/albumen/settings.json"),
      JSON.stringify({ as: "copy", depth: 2, captions: false }),
    );
    const lines = await desk.json(["config", "show"], { env: { ALBUMEN_DEPTH: "1", ALBUMEN_SEED: "7" } });
    const origins = Object.fromEntries(lines.map((line) => [line["name"], [line["value"], line["origin"]]]));
    expect(origins).toMatchObject({
      as: ["copy", "user file"],
      captions: [false, "user file"],
      depth: [1, "env"],
      seed: [7, "env"],
      offline: [true, "env"],
      albums: [null, "default"],
      minAlbumSize: [3, "default"],
    });
    expect(lines.at(-1)).toMatchObject({ event: "summary" });
  });

  it("refuses a user file with a setting that does not exist, naming those that do", async () => {
    const desk = openDesk();
    mkdirSync(desk.path(".home/config/albumen"), { recursive: true });
    writeFileSync(desk.path(".home/config/albumen/settings.json"), '{ "colour": "red" }');
    const { code, stderr } = await desk.run(["config", "show"]);
    expect(code).toBe(2);
    expect(stderr).toContain('There is no setting "colour" (user file).');
    expect(stderr).toContain("minAlbumSize");
  });
});
