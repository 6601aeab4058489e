/** What organize, add and reorganize leave in the output folder, and what stays as it was. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import Papa from "papaparse";
import { beforeAll, describe, expect, it } from "vitest";
import { fromBuffer, type Entry } from "yauzl";
import { albumTree, jsonLines, openDesk, treeOf, type Desk, type JsonLine } from "../support/cli.ts";
import { KINDS, writePictures } from "../support/pictures.ts";

const COLUMNS = "album_id,album,parent_id,source,file,sha256,user,representative,similarity,caption";
const EACH = 8;

type CsvRow = Record<string, string>;

function csvOf(out: string): CsvRow[] {
  const text = readFileSync(`${out}/albums.csv`, "utf8");
  expect(text.split("\r\n")[0]).toBe(COLUMNS);
  return Papa.parse<CsvRow>(text.trimEnd(), { header: true }).data;
}

interface AlbumsJson {
  readonly albums: readonly {
    readonly id: string;
    readonly name: string;
    readonly nameSource: string;
    readonly parentId: string | null;
    readonly size: number;
    readonly representatives: readonly { readonly file: string; readonly caption: string | null }[];
  }[];
  readonly model: { readonly model: string };
  readonly run: { readonly seed: number };
}

function albumsOf(out: string): AlbumsJson {
  return JSON.parse(readFileSync(`${out}/albums.json`, "utf8")) as AlbumsJson;
}

/** Pictures by the album that holds them, as the name before the dash tells their kind. */
function kindsByAlbum(out: string): string[][] {
  const kinds = new Map<string, string[]>();
  for (const path of Object.keys(albumTree(out)))
    if (path.includes("/")) {
      const [album, file] = path.split("/");
      kinds.set(album!, [...(kinds.get(album!) ?? []), file!.split("-")[0]!]);
    }
  return [...kinds.values()];
}

/** Share of pictures that lie with a majority of their own kind. */
function purityOf(out: string): number {
  const albums = kindsByAlbum(out);
  const right = albums.map((kinds) =>
    Math.max(...KINDS.map((kind) => kinds.filter((k) => k === kind).length)),
  );
  return right.reduce((a, b) => a + b, 0) / albums.flat().length;
}

async function organised(each = EACH, ...flags: string[]): Promise<Desk> {
  const desk = openDesk();
  await writePictures(desk.path("in"), { each });
  await desk.albumen(["organize", "in", ...flags]);
  return desk;
}

describe("organize", () => {
  let desk: Desk;
  let summary: JsonLine;
  let lines: JsonLine[];
  let before: Record<string, string>;
  beforeAll(async () => {
    desk = openDesk();
    await writePictures(desk.path("in"), { each: EACH });
    before = treeOf(desk.path("in"), { withInodes: true });
    lines = await desk.json(["organize", "in"]);
    summary = lines.at(-1)!;
  });

  it("makes one folder an album, each of one kind, and leaves the sources as they were", () => {
    expect(purityOf(desk.path("albums"))).toBeGreaterThan(0.95);
    const albums = readdirSync(desk.path("albums"));
    expect(albums).toEqual(expect.arrayContaining([".albumen", "albums.csv", "albums.json", "index.html"]));
    expect(albums.length - 4).toBeGreaterThanOrEqual(KINDS.length);
    expect(treeOf(desk.path("in"), { withInodes: true })).toEqual(before);
  });

  it("links by default: the picture in the album is the very same file", () => {
    for (const { source, file } of csvOf(desk.path("albums")))
      expect(statSync(desk.path("albums", file!)).ino).toBe(statSync(source!).ino);
  });

  it("with --json writes one object a line, the last one the summary, and nothing on stderr", () => {
    expect(lines.every((line) => typeof line["event"] === "string")).toBe(true);
    expect(lines.filter((line) => line["event"] === "summary")).toEqual([summary]);
    expect(summary).toMatchObject({ images: 40, added: 40, failed: 0, duplicates: 0 });
    expect(new Set(lines.map((line) => line["stage"]).filter(Boolean))).toContain("embed");
  });

  it("writes albums.csv with one row a picture, each row true", () => {
    const rows = csvOf(desk.path("albums"));
    expect(rows.map((row) => row["source"]).sort()).toEqual(
      Object.keys(before).map((name) => desk.path("in", name)),
    );
    const albums = new Map(albumsOf(desk.path("albums")).albums.map((album) => [album.id, album]));
    for (const row of rows) {
      expect(albums.get(row["album_id"]!)!.name).toBe(row["album"]);
      expect(row["file"]).toBe(`${row["album"]}/${basename(row["source"]!)}`);
      expect(row["sha256"]!.slice(0, 32)).toBe(before[basename(row["source"]!)]!.split(" ")[0]);
      expect(["0", "1"]).toContain(row["representative"]);
      expect(Math.abs(Number(row["similarity"]))).toBeLessThanOrEqual(1);
      expect([row["parent_id"], row["user"]]).toEqual(["", ""]);
    }
  });

  it("writes albums.json whose sizes add up and whose representatives stand in the output", () => {
    const { albums, model, run } = albumsOf(desk.path("albums"));
    expect(albums.reduce((sum, album) => sum + album.size, 0)).toBe(40);
    expect(albums.filter(({ id }) => id !== "unsorted")).toHaveLength(summary["albums"] as number);
    for (const { id, nameSource, representatives } of albums) {
      expect(["user", "llm", "concepts", "neutral"]).toContain(nameSource);
      expect(representatives.length > 0).toBe(id !== "unsorted");
      for (const { file } of representatives) expect(statSync(desk.path("albums", file)).isFile()).toBe(true);
    }
    expect([model.model, run.seed]).toEqual(["mini", 1]);
  });

  it("writes a gallery that holds every album's name and asks for nothing from outside", () => {
    const page = readFileSync(desk.path("albums", "index.html"), "utf8");
    expect(page).not.toMatch(/(src|href)="https?:/);
    for (const { name } of albumsOf(desk.path("albums")).albums) expect(page).toContain(name);
  });

  it("run again does nothing: no file is touched, not even the gallery", async () => {
    const stamps = () =>
      ["index.html", "albums.json", "albums.csv"].map((name) => statSync(desk.path("albums", name)).mtimeMs);
    const [tree, written] = [albumTree(desk.path("albums"), { withInodes: true }), stamps()];
    const again = (await desk.json(["organize", "in"])).at(-1);
    expect(again).toMatchObject({ added: 0, message: "Nothing is new." });
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(tree);
    expect(stamps()).toEqual(written);
    expect((await desk.json(["plan"])).at(-1)).toMatchObject({ steps: [] });
  });

  it("is found from the output, from below it and from the folder above, and by --catalog", async () => {
    const listed = await desk.albumen(["albums"]);
    expect(listed).not.toBe("");
    const [album] = readdirSync(desk.path("albums")).filter((name) => !name.includes("."));
    for (const cwd of [desk.path("albums"), desk.path("albums", album!), desk.path("in")])
      expect(await desk.albumen(["albums"], { cwd })).toBe(listed);
    mkdirSync(desk.path("elsewhere"), { recursive: true });
    const args = ["albums", "--catalog", desk.path("albums", ".albumen")];
    expect(await desk.albumen(args, { cwd: "/" })).toBe(listed);
  });

  it("with --quiet says nothing while it works; otherwise stderr has the talk", async () => {
    const quiet = await desk.run(["organize", "in", "--quiet"]);
    expect([quiet.code, quiet.stderr]).toEqual([0, ""]);
    expect(quiet.stdout).toContain("Nothing is new.");
    const loud = await desk.run(["organize", "in"]);
    expect(loud.stderr).toContain("Looking for images: 40/40 images");
    expect(loud.stdout).toBe(quiet.stdout.replace(/\d+ s\)/, /\d+ s\)/.exec(loud.stdout)![0]));
  });

  it("groups anew, with the same ids where albums live on, when another number of albums is asked for", async () => {
    const idsBefore = albumsOf(desk.path("albums")).albums.map(({ id }) => id);
    await desk.albumen(["organize", "in", "--albums", "4", "--granularity", "coarse"]);
    const { albums } = albumsOf(desk.path("albums"));
    expect(albums.filter(({ id }) => id !== "unsorted")).toHaveLength(4);
    expect(albums.filter(({ id }) => idsBefore.includes(id)).length).toBeGreaterThanOrEqual(3);
    expect((await desk.json(["config", "show"])).find(({ name }) => name === "albums")).toMatchObject({
      value: 4,
      origin: "catalog",
    });
  });
});

describe("flags of organize", () => {
  it("--albums 5 makes five albums, of the five kinds", async () => {
    const desk = await organised(EACH, "--albums", "5");
    const albums = albumsOf(desk.path("albums")).albums.filter(({ id }) => id !== "unsorted");
    expect(albums).toHaveLength(5);
    expect(purityOf(desk.path("albums"))).toBe(1);
  });

  it("--as copy makes files of its own", async () => {
    const desk = await organised(4, "--as", "copy");
    for (const { source, file } of csvOf(desk.path("albums"))) {
      expect(statSync(desk.path("albums", file!)).ino).not.toBe(statSync(source!).ino);
      expect(readFileSync(desk.path("albums", file!)).equals(readFileSync(source!))).toBe(true);
    }
  });

  it("--as move takes the pictures away from their place, a second run keeps them, undo gives them back", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 4 });
    const before = treeOf(desk.path("in"), { withInodes: true });
    await desk.albumen(["organize", "in", "--as", "move"]);
    expect(treeOf(desk.path("in"))).toEqual({});
    const moved = albumTree(desk.path("albums"), { withInodes: true });
    expect(
      Object.values(moved)
        .filter((what) => what !== "folder")
        .sort(),
    ).toEqual(Object.values(before).sort());
    await desk.albumen(["reorganize"]);
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(moved);
    await writePictures(desk.path("in"), { each: 2, from: 20 });
    await desk.albumen(["add", "in"]);
    expect(treeOf(desk.path("in"))).toEqual({});
    await desk.albumen(["undo", "2"]);
    const given = treeOf(desk.path("in"), { withInodes: true });
    expect(given).toMatchObject(before);
    expect(Object.keys(given)).toHaveLength(30);
    expect(albumTree(desk.path("albums"))).toEqual({});
  });

  it("--min-album-size puts smaller groups into Unsorted, and --singletons makes albums of them", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: ["sunset", "receipt"], each: 8 });
    await writePictures(desk.path("in"), { kinds: ["night"], each: 1 });
    await desk.albumen(["organize", "in", "--min-album-size", "4"]);
    const rows = csvOf(desk.path("albums"));
    expect(rows.filter((row) => row["album_id"] === "unsorted").map((row) => row["file"])).toEqual([
      "Unsorted/night-00.jpg",
    ]);
    await desk.albumen(["organize", "in", "--singletons"]);
    expect(csvOf(desk.path("albums")).filter((row) => row["album_id"] === "unsorted")).toEqual([]);
    await desk.albumen(["organize", "in", "--no-singletons"]);
    expect(csvOf(desk.path("albums")).filter((row) => row["album_id"] === "unsorted")).toHaveLength(1);
  });

  it("--depth 2 nests albums in their parents, and albums.csv says in which", async () => {
    const desk = openDesk();
    await desk.albumen(["demo", "--depth", "2"]);
    const { albums } = albumsOf(desk.path("albums"));
    const byId = new Map(albums.map((album) => [album.id, album]));
    const children = albums.filter(({ parentId }) => parentId !== null);
    for (const row of csvOf(desk.path("albums"))) {
      const parent = row["parent_id"] === "" ? null : byId.get(row["parent_id"]!)!;
      const folders = [...(parent ? [parent.name] : []), row["album"]!];
      expect(dirname(row["file"]!)).toBe(folders.join("/"));
    }
    expect(children.length).toBeGreaterThan(0);
  });

  it("--user is written beside each picture", async () => {
    const desk = await organised(3, "--user", "anna@example.org");
    expect(new Set(csvOf(desk.path("albums")).map((row) => row["user"]))).toEqual(
      new Set(["anna@example.org"]),
    );
  });

  it("--no-captions is remembered, and --captions takes it back", async () => {
    const desk = await organised(3, "--no-captions");
    const captions = async () =>
      (await desk.json(["config", "show"])).find(({ name }) => name === "captions");
    expect(await captions()).toMatchObject({ value: false, origin: "catalog" });
    await desk.albumen(["organize", "in", "--captions"]);
    expect(await captions()).toMatchObject({ value: true, origin: "catalog" });
    const other = await organised(3);
    expect((await other.json(["config", "show"])).find(({ name }) => name === "captions")).toMatchObject({
      value: true,
      origin: "default",
    });
  });

  it("--zip writes one archive that any reader opens, with the very bytes", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 4 });
    const summary = (await desk.json(["organize", "in", "--zip", "all.zip"])).at(-1)!;
    expect(summary["zip"]).toBeTruthy();
    const entries = await readZip(readFileSync(desk.path("all.zip")));
    for (const { source, file } of csvOf(desk.path("albums")))
      expect(entries.get(file!)?.equals(readFileSync(source!))).toBe(true);
    expect([...entries.keys()]).toEqual(expect.arrayContaining(["index.html", "albums.json", "albums.csv"]));
  });

  it("--zip onto a file that is not its own is refused before anything is done", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 3 });
    writeFileSync(desk.path("all.zip"), "my backup");
    const { code, stderr } = await desk.run(["organize", "in", "--zip", "all.zip"]);
    expect(code).toBe(1);
    expect(stderr).toContain("all.zip stands there already");
    expect(readFileSync(desk.path("all.zip"), "utf8")).toBe("my backup");
    expect(readdirSync(desk.folder).sort()).toEqual([".home", "all.zip", "in"]);
  });

  it("--strict ends with 3 when a picture failed, and the rest is organised all the same", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { each: 3 });
    writeFileSync(desk.path("in", "broken.jpg"), "");
    const strict = await desk.run(["organize", "in", "--strict", "--json"]);
    expect(strict.code).toBe(3);
    expect(jsonLines(strict.stdout).at(-1)).toMatchObject({ event: "summary", images: 15, failed: 1 });
    expect((await desk.run(["organize", "in"])).code).toBe(0);
  });

  it("the same seed and pictures make the same albums in another place", async () => {
    const [one, two] = [await organised(5), await organised(5)];
    expect(albumTree(one.path("albums"))).toEqual(albumTree(two.path("albums")));
    expect(albumsOf(one.path("albums")).albums).toEqual(albumsOf(two.path("albums")).albums);
  });
});

describe("sources", () => {
  it("may be files and globs; a picture in two places is embedded once and keeps both", async () => {
    const desk = openDesk();
    await writePictures(desk.path("a"), { each: 4 });
    await writePictures(desk.path("b"), { each: 2 });
    const summary = (await desk.json(["organize", "a", "b/*.jpg", "b/night-00.jpg"])).at(-1);
    expect(summary).toMatchObject({ images: 20, locations: 30, added: 20, duplicates: 10 });
    const rows = csvOf(desk.path("albums"));
    expect(rows).toHaveLength(30);
    expect(new Set(rows.map((row) => row["sha256"])).size).toBe(20);
  });
});

describe("add", () => {
  it("lets new pictures join their album, opens one for what is unlike all, and changes nothing else", async () => {
    const desk = openDesk();
    const kinds = ["sunset", "receipt", "night"] as const;
    await writePictures(desk.path("in"), { kinds, each: 8 });
    await desk.albumen(["organize", "in", "--albums", "3"]);
    const [tree, albums] = [
      albumTree(desk.path("albums"), { withInodes: true }),
      albumsOf(desk.path("albums")).albums,
    ];
    await writePictures(desk.path("new"), { kinds: ["night"], each: 3, from: 50 });
    await writePictures(desk.path("new"), { kinds: ["flower"], each: 5, from: 50 });
    const summary = (await desk.json(["add", "new"])).at(-1);
    expect(summary).toMatchObject({ added: 8, images: 32 });
    expect(albumTree(desk.path("albums"), { withInodes: true })).toMatchObject(tree);
    const after = albumsOf(desk.path("albums")).albums;
    for (const { id, name } of albums) expect(after.find((album) => album.id === id)?.name).toBe(name);
    const albumOf = (name: string) =>
      csvOf(desk.path("albums")).find((row) => row["source"]!.endsWith(name))!["album_id"];
    for (const number of [50, 51, 52]) expect(albumOf(`night-${number}.jpg`)).toBe(albumOf("night-00.jpg"));
    const opened = new Set([50, 51, 52, 53, 54].map((number) => albumOf(`flower-${number}.jpg`)));
    expect(albums.map(({ id }) => id)).not.toEqual(expect.arrayContaining([...opened]));
  });

  it("of what is known already says so and does nothing", async () => {
    const desk = await organised(3);
    const tree = albumTree(desk.path("albums"), { withInodes: true });
    expect((await desk.json(["add", "in/night-00.jpg"])).at(-1)).toMatchObject({
      added: 0,
      message: "Nothing is new.",
    });
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(tree);
  });
});

describe("a source that changes", () => {
  it("is taken in as the other picture it now is; one that is gone stays in its album", async () => {
    const desk = await organised(6, "--albums", "5");
    writeFileSync(desk.path("in", "night-00.jpg"), readFileSync(desk.path("in", "sunset-00.jpg")));
    rmSync(desk.path("in", "flower-00.jpg"));
    const summary = (await desk.json(["organize", "in"])).at(-1);
    expect(summary).toMatchObject({ added: 0 });
    const rows = csvOf(desk.path("albums"));
    const albumOf = (name: string) => rows.find((row) => row["source"]!.endsWith(name))?.["album_id"];
    expect(albumOf("night-00.jpg")).toBe(albumOf("sunset-01.jpg"));
    expect(albumOf("flower-00.jpg")).toBe(albumOf("flower-01.jpg"));
    const file = rows.find((row) => row["source"]!.endsWith("flower-00.jpg"))!["file"]!;
    expect(statSync(desk.path("albums", file)).isFile()).toBe(true);
  });
});

function readZip(bytes: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Buffer>();
    fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on("entry", (entry: Entry) =>
        zip.openReadStream(entry, (failure, stream) => {
          if (failure) return reject(failure);
          const parts: Buffer[] = [];
          stream.on("data", (part: Buffer) => parts.push(part));
          stream.on("end", () => {
            entries.set(entry.fileName, Buffer.concat(parts));
            zip.readEntry();
          });
        }),
      );
      zip.on("end", () => resolve(entries));
      zip.readEntry();
    });
  });
}
