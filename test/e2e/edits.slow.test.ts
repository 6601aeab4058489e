/** What a person does to albums, plans, and undoes; searching; failures. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { albumTree, openDesk, treeOf, type Desk, type JsonLine } from "../support/cli.ts";
import { drawKind, writePictures, type Kind } from "../support/pictures.ts";

const KINDS = ["sunset", "receipt", "night", "flower"] as const;
const EACH = 6;

async function organised(): Promise<Desk> {
  const desk = openDesk();
  await writePictures(desk.path("in"), { kinds: KINDS, each: EACH });
  await desk.albumen(["organize", "in", "--albums", String(KINDS.length)]);
  return desk;
}

interface AlbumLine {
  readonly id: string;
  readonly name: { readonly text: string; readonly source: string };
  readonly size: number;
}

async function albumsOf(desk: Desk): Promise<AlbumLine[]> {
  const lines = await desk.json(["albums"]);
  return lines.filter(({ event }) => event === "album") as unknown as AlbumLine[];
}

/** The album that holds most pictures of a kind. */
async function albumOfKind(desk: Desk, kind: Kind): Promise<AlbumLine> {
  const folder = folderOf(desk, `${kind}-00.jpg`);
  return (await albumsOf(desk)).find(({ name }) => name.text === folder)!;
}

function folderOf(desk: Desk, picture: string): string {
  const path = Object.keys(albumTree(desk.path("albums"))).find((file) => basename(file) === picture);
  if (path === undefined) throw new Error(`${picture} is in no album.`);
  return path.slice(0, path.lastIndexOf("/"));
}

describe("a session of edits", () => {
  let desk: Desk;
  const states: { tree: Record<string, string>; albums: unknown }[] = [];
  const remember = async () =>
    states.push({
      tree: albumTree(desk.path("albums"), { withInodes: true }),
      albums: await albumsOf(desk),
    });
  beforeAll(async () => {
    desk = await organised();
    await remember();
  });

  it("renames an album and its folder, the files staying the very same", async () => {
    const { id } = await albumOfKind(desk, "night");
    await desk.albumen(["rename", id, "Nights in the Alps"]);
    expect(folderOf(desk, "night-03.jpg")).toBe("Nights in the Alps");
    const { ino } = statSync(desk.path("albums/Nights in the Alps/night-03.jpg"));
    expect(ino).toBe(statSync(desk.path("in/night-03.jpg")).ino);
    const renamed = (await albumsOf(desk)).find((album) => album.id === id);
    expect(renamed?.name).toMatchObject({ text: "Nights in the Alps", source: "user" });
    await remember();
  });

  it("refuses a name that another album has, and one that does not fit on a line", async () => {
    const { id } = await albumOfKind(desk, "flower");
    const taken = await desk.run(["rename", id, "nights  in the ALPS"]);
    expect([taken.code, taken.stdout]).toEqual([2, ""]);
    expect(taken.stderr).toContain("albumen merge");
    expect((await desk.run(["rename", id, "a\u0007b"])).code).toBe(2);
    expect((await desk.run(["rename", id, "  "])).code).toBe(2);
    const unknown = await desk.run(["rename", "no such album", "x"]);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      'There is no album "no such album".\nalbumen albums lists them.\n',
    ]);
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(states.at(-1)!.tree);
  });

  it("makes folders of wild names without leaving the output", async () => {
    const { id } = await albumOfKind(desk, "flower");
    await desk.albumen(["rename", id, "../../etc/passwd"]);
    const outside = treeOf(desk.folder, { without: [".home", "in", "albums"] });
    expect(outside).toEqual({});
    expect(folderOf(desk, "flower-00.jpg")).not.toContain("/");
    expect((await albumsOf(desk)).find((album) => album.id === id)?.name.text).toBe("../../etc/passwd");
    await desk.albumen(["undo"]);
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(states.at(-1)!.tree);
  });

  it("merges albums into the first, which keeps id and name", async () => {
    const [night, receipt] = [await albumOfKind(desk, "night"), await albumOfKind(desk, "receipt")];
    await desk.albumen(["merge", "Nights in", receipt.id]);
    const albums = await albumsOf(desk);
    expect(albums.find(({ id }) => id === night.id)).toMatchObject({
      name: { text: "Nights in the Alps" },
      size: 2 * EACH,
    });
    expect(albums.map(({ id }) => id)).not.toContain(receipt.id);
    expect(folderOf(desk, "receipt-02.jpg")).toBe("Nights in the Alps");
    await remember();
  });

  it("splits an album into the kinds in it, the larger or first part keeping the name", async () => {
    await desk.albumen(["split", "Nights in the Alps"]);
    const [night, receipt] = [folderOf(desk, "night-00.jpg"), folderOf(desk, "receipt-00.jpg")];
    expect([night, receipt]).toContain("Nights in the Alps");
    expect(night).not.toBe(receipt);
    for (let i = 0; i < EACH; i++) {
      expect(folderOf(desk, `night-0${i}.jpg`)).toBe(night);
      expect(folderOf(desk, `receipt-0${i}.jpg`)).toBe(receipt);
    }
    await remember();
  });

  it("moves an image by its source, by its place in the output and by its hash", async () => {
    const { id } = await albumOfKind(desk, "sunset");
    const sunsets = folderOf(desk, "sunset-00.jpg");
    await desk.albumen(["move", "in/flower-00.jpg", id]);
    const inOutput = join("albums", folderOf(desk, "flower-01.jpg"), "flower-01.jpg");
    await desk.albumen(["move", inOutput, id]);
    const csv = readFileSync(desk.path("albums/albums.csv"), "utf8");
    const hash = csv
      .split("\r\n")
      .find((line) => line.includes("flower-02.jpg"))!
      .match(/[0-9a-f]{64}/)![0];
    await desk.albumen(["move", hash.slice(0, 10), id]);
    for (const name of ["flower-00.jpg", "flower-01.jpg", "flower-02.jpg"])
      expect(folderOf(desk, name)).toBe(sunsets);
    expect((await desk.run(["move", "in/nowhere.jpg", id])).stderr).toContain("The catalog has no image");
    await remember();
  });

  it("keeps every decision through reorganize: names, ids, merges, splits, moves", async () => {
    const ids = new Map((await albumsOf(desk)).map(({ id, name }) => [id, name]));
    const { id } = await albumOfKind(desk, "sunset");
    await desk.albumen(["reorganize"]);
    expect((await albumOfKind(desk, "sunset")).id).toBe(id);
    const sunsets = folderOf(desk, "sunset-00.jpg");
    expect(folderOf(desk, "flower-00.jpg")).toBe(sunsets);
    expect(folderOf(desk, "flower-02.jpg")).toBe(sunsets);
    const albums = await albumsOf(desk);
    for (const album of albums)
      if (ids.get(album.id)?.source === "user") expect(album.name).toEqual(ids.get(album.id));
    expect(albums.filter((album) => ids.has(album.id))).toHaveLength(4);
  });

  it("tells all of it in history, newest first", async () => {
    const lines = await desk.json(["history"]);
    const kinds = lines.filter(({ event }) => event === "history").map((line) => line["kind"]);
    expect(kinds).toEqual(expect.arrayContaining(["born", "renamed", "merged", "split", "moved", "undone"]));
    expect(kinds.indexOf("split")).toBeLessThan(kinds.indexOf("merged"));
    const few = await desk.json(["history", "--limit", "2"]);
    expect(few).toHaveLength(3);
  });

  it("takes all of it back, apply by apply, to the very same files and albums", async () => {
    // The moves were three applies, and reorganize one where it changed a file.
    const seen: string[] = [];
    const wanted = [...states].reverse();
    while (wanted.length > 0) {
      const tree = albumTree(desk.path("albums"), { withInodes: true });
      if (JSON.stringify(tree) === JSON.stringify(wanted[0]!.tree)) {
        expect(await albumsOf(desk)).toEqual(wanted[0]!.albums);
        seen.push(`state ${wanted.length}`);
        wanted.shift();
      }
      if (wanted.length > 0) await desk.albumen(["undo"]);
    }
    expect(seen).toHaveLength(states.length);
    await desk.albumen(["undo"]);
    expect(treeOf(desk.path("albums"), { without: [".albumen"] })).toEqual({});
    expect(await albumsOf(desk)).toEqual([]);
    const { code, stderr } = await desk.run(["undo"]);
    expect([code, stderr]).toEqual([
      1,
      "There is no apply left to undo.\nalbumen history lists what was done.\n",
    ]);
  });
});

describe("pins", () => {
  it("hold images where they are, are counted, and can be taken off", async () => {
    const desk = await organised();
    const { id } = await albumOfKind(desk, "night");
    await desk.albumen(["pin", id]);
    const pinned = async () => (await desk.json(["status"])).at(-1)!["pinned"];
    expect(await pinned()).toBe(EACH);
    await desk.albumen(["pin", "in/night-00.jpg", "--off"]);
    expect(await pinned()).toBe(EACH - 1);
    await desk.albumen(["reorganize", "--albums", "2", "--granularity", "coarse"]);
    expect(await albumsOf(desk)).toContainEqual(expect.objectContaining({ id }));
    expect(new Set([1, 2, 3, 4, 5].map((i) => folderOf(desk, `night-0${i}.jpg`))).size).toBe(1);
  });
});

describe("plan and apply", () => {
  it("plan shows what organize would do and does nothing; apply then does exactly that", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: EACH });
    const text = await desk.albumen(["plan", "in", "--albums", "4"]);
    expect(text).toContain("night-00.jpg");
    expect(treeOf(desk.path("albums"), { without: [".albumen"] })).toEqual({});
    const summary = (await desk.json(["plan"])).at(-1)!;
    expect(summary["counts"]).toMatchObject({ foldersMade: 4, placed: 24, removed: 0 });
    const steps = summary["steps"] as JsonLine[];
    await desk.albumen(["apply"]);
    const wanted = steps.map((step) => step["path"]);
    expect(Object.keys(albumTree(desk.path("albums"))).sort()).toEqual(wanted.sort());
    expect(await desk.albumen(["plan"])).toContain("Nothing to do");
    await desk.albumen(["undo"]);
    expect(treeOf(desk.path("albums"), { without: [".albumen"] })).toEqual({});
    await desk.albumen(["organize", "in"]);
    expect(Object.keys(albumTree(desk.path("albums"))).sort()).toEqual(wanted.sort());
  });

  it("keeps what the user put into the output, changed there, or took away", async () => {
    const desk = await organised();
    const night = folderOf(desk, "night-00.jpg");
    const place = (name: string) => desk.path("albums", night, name);
    writeFileSync(place("notes.txt"), "my notes");
    // An editor writes a new file and renames it: the link is cut, the source is as it was.
    writeFileSync(place("edited"), "my edit");
    renameSync(place("edited"), place("night-01.jpg"));
    rmSync(place("night-02.jpg"));
    const summary = (await desk.json(["undo"])).at(-1)!;
    expect(summary["kept"]).toHaveLength(2);
    expect(treeOf(desk.path("albums"), { without: [".albumen"] })).toEqual({
      [night]: "folder",
      [`${night}/night-01.jpg`]: expect.any(String),
      [`${night}/notes.txt`]: expect.any(String),
    });
    expect(readFileSync(place("night-01.jpg"), "utf8")).toBe("my edit");
    await desk.albumen(["organize", "in"]);
    expect(readFileSync(place("night-01.jpg"), "utf8")).toBe("my edit");
    expect(readFileSync(place("notes.txt"), "utf8")).toBe("my notes");
    expect(statSync(desk.path("in/night-02.jpg")).isFile()).toBe(true);
  });
});

describe("search", () => {
  it("finds pictures by a word that the model knows, best first", async () => {
    const desk = await organised();
    const lines = await desk.json(["search", "sunset", "--limit", "6"]);
    const hits = lines.filter(({ event }) => event === "hit");
    expect(hits).toHaveLength(6);
    expect(hits.map((hit) => basename(hit["source"] as string).split("-")[0])).toEqual(
      Array.from({ length: 6 }, () => "sunset"),
    );
    const similarities = hits.map((hit) => hit["similarity"] as number);
    expect([...similarities].sort((a, b) => b - a)).toEqual(similarities);
    for (const hit of hits) expect(statSync(desk.path("albums", hit["file"] as string)).isFile()).toBe(true);
    expect(lines.at(-1)).toMatchObject({ hits: 6, understood: { kind: "concept", text: "sunset" } });
  });

  it("offers the nearest known words for others, and says that it does", async () => {
    const desk = await organised();
    const lines = await desk.json(["search", "sunzet"]);
    const understood = lines.at(-1)!["understood"] as JsonLine;
    expect(understood).toMatchObject({ kind: "nearest" });
    expect(understood["words"]).toContain("sunset");
    expect(lines.filter(({ event }) => event === "hit").length).toBeGreaterThan(0);
    expect(await desk.albumen(["search", "zzqx"])).toContain("nearest known words");
  });

  it("by a picture finds its like: one of the catalog, without itself, or any file", async () => {
    const desk = await organised();
    const kindsOf = (lines: JsonLine[]) =>
      lines
        .filter(({ event }) => event === "hit")
        .map((hit) => basename(hit["source"] as string).split("-")[0]);
    const own = await desk.json(["similar", "in/night-00.jpg", "--limit", "5"]);
    expect(kindsOf(own)).toEqual(Array.from({ length: 5 }, () => "night"));
    expect(own.map((hit) => hit["source"])).not.toContain(desk.path("in/night-00.jpg"));
    writeFileSync(desk.path("other.jpg"), await drawKind("flower", 99));
    const other = await desk.json(["similar", "other.jpg", "--limit", "5"]);
    expect(kindsOf(other)).toEqual(Array.from({ length: 5 }, () => "flower"));
    writeFileSync(desk.path("broken.jpg"), "");
    const broken = await desk.run(["similar", "broken.jpg"]);
    expect([broken.code, broken.stdout]).toEqual([1, ""]);
    expect(broken.stderr).toContain("The file is empty.");
  });

  it("refuses a limit that is no number of images", async () => {
    const desk = await organised();
    for (const limit of ["0", "-3", "ten", "1.5"]) {
      expect((await desk.run(["search", "sunset", "--limit", limit])).code).toBe(2);
      expect((await desk.run(["history", "--limit", limit])).code).toBe(2);
    }
  });
});

describe("failures", () => {
  it("are listed with code and reason, kept until repaired, and tried again on request", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: EACH });
    const whole = await drawKind("night", 40);
    writeFileSync(desk.path("in/night-40.jpg"), whole.subarray(0, whole.length / 2));
    writeFileSync(desk.path("in/gone.jpg"), "");
    await desk.albumen(["organize", "in", "--albums", "4"]);
    const codes = async () => {
      const lines = await desk.json(["failures"]);
      return Object.fromEntries(
        lines
          .filter(({ event }) => event === "failure")
          .map((line) => [basename(line["source"] as string), line["code"]]),
      );
    };
    expect(await codes()).toEqual({ "gone.jpg": "IMAGE_EMPTY", "night-40.jpg": "IMAGE_TRUNCATED" });
    const plain = await desk.albumen(["failures"]);
    expect(plain).toContain(`IMAGE_TRUNCATED  ${desk.path("in/night-40.jpg")}`);
    expect((await desk.json(["status"])).at(-1)).toMatchObject({ images: 24, failures: 2, albums: 4 });

    writeFileSync(desk.path("in/night-40.jpg"), whole);
    rmSync(desk.path("in/gone.jpg"));
    const summary = (await desk.json(["failures", "--retry"])).at(-1);
    expect(summary).toMatchObject({ added: 1, failed: 1 });
    expect(await codes()).toEqual({ "gone.jpg": "FILE_NOT_FOUND" });
    expect(folderOf(desk, "night-40.jpg")).toBe(folderOf(desk, "night-00.jpg"));
  });

  it("of every file are an error that says where to look, and the catalog keeps them", async () => {
    const desk = openDesk();
    mkdirSync(desk.path("in"));
    writeFileSync(desk.path("in/a.jpg"), "no picture");
    const { code, stderr } = await desk.run(["organize", "in"]);
    expect(code).toBe(1);
    expect(stderr).toContain("albumen failures tells why");
    expect(await desk.albumen(["failures"])).toContain("IMAGE_UNKNOWN_FORMAT");
    expect(await desk.albumen(["albums"])).toBe("");
  });
});
