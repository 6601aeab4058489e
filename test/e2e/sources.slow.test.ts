/** Sources other than folders, from the command line: lists, archives, URLs, standard input; one user or all of them. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import Papa from "papaparse";
import { pack } from "tar-stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { ZipFile } from "yazl";
import { albumTree, openDesk, treeOf, type Desk } from "../support/cli.ts";
import { writePictures } from "../support/pictures.ts";

const EACH = 6;

async function withPictures(): Promise<{ desk: Desk; names: string[] }> {
  const desk = openDesk();
  await writePictures(desk.path("in"), { each: EACH });
  return { desk, names: readdirSync(desk.path("in")).sort() };
}

const rowsOf = (out: string): Record<string, string>[] =>
  Papa.parse<Record<string, string>>(readFileSync(join(out, "albums.csv"), "utf8").trimEnd(), {
    header: true,
  }).data;

/** The pictures in the albums: their bytes, whatever folder they are in. */
const contents = (out: string): string[] =>
  Object.values(albumTree(out))
    .filter((hash) => hash !== "folder")
    .sort();

const picturesIn = (desk: Desk): string[] => Object.values(treeOf(desk.path("in"))).sort();

/** A table of the pictures, the users in turns. */
function writeList(desk: Desk, names: readonly string[], users: readonly string[]): void {
  const rows = names.map((name, i) => `${i};in/${name};${users[i % users.length]}`);
  writeFileSync(desk.path("list.csv"), ["id;path;user_id", ...rows].join("\r\n"));
}

describe("organize of a list", () => {
  it("ends in the albums of the same files in a folder, and keeps every owner", async () => {
    const { desk, names } = await withPictures();
    writeList(desk, names, ["ana", "bob"]);
    writeFileSync(desk.path("more.csv"), `path,owner\nin/${names[0]},zoe\n`);
    await desk.albumen(["organize", "in", "--out", "folder"]);
    await desk.albumen(["organize", "list.csv", "more.csv", "--out", "list"]);
    expect(albumTree(desk.path("list"))).toEqual(albumTree(desk.path("folder")));
    const owners = rowsOf(desk.path("list")).filter(({ source }) => source === desk.path("in", names[0]!));
    expect(owners.map(({ user }) => user)).toEqual(["ana", "zoe"]);
  });

  it("of one user takes in theirs alone", async () => {
    const { desk, names } = await withPictures();
    writeList(desk, names, ["ana", "bob"]);
    const summary = (await desk.json(["organize", "list.csv", "--user", "bob", "--out", "out"])).at(-1)!;
    expect(summary).toMatchObject({ images: names.length / 2, failed: 0 });
    expect(new Set(rowsOf(desk.path("out")).map(({ user }) => user))).toEqual(new Set(["bob"]));
  });

  it("names the columns when it cannot tell which one counts, and leaves nothing behind", async () => {
    const desk = openDesk();
    writeFileSync(desk.path("list.csv"), "a,b\n1,2\n");
    const ran = await desk.run(["organize", "list.csv", "--out", "out"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/Its columns are: a, b\. Name one with --url-column\./);
    expect(readdirSync(desk.folder).includes("out")).toBe(false);
  });
});

describe("organize of an archive", () => {
  it.each(["zip", "tar", "tar.gz"])(
    "puts the pictures of a %s into albums, and needs it no more",
    async (format) => {
      const { desk, names } = await withPictures();
      const files = names.map((name) => [name, readFileSync(desk.path("in", name))] as const);
      writeFileSync(desk.path(`in.${format}`), await packed(format, files));
      const args = ["organize", `in.${format}`, "--out", "out"];
      expect((await desk.json(args)).at(-1)).toMatchObject({ added: names.length, failed: 0 });
      expect(contents(desk.path("out"))).toEqual(picturesIn(desk));
      if (format === "zip")
        expect((await desk.json(args)).at(-1)).toMatchObject({ added: 0, message: "Nothing is new." });
      rmSync(desk.path(`in.${format}`));
      await desk.albumen(["reorganize", "--as", "copy", "--catalog", "out/.albumen"]);
      expect(contents(desk.path("out"))).toEqual(picturesIn(desk));
    },
    60_000,
  );
});

async function packed(format: string, files: readonly (readonly [string, Buffer])[]): Promise<Buffer> {
  if (format === "zip") {
    const zip = new ZipFile();
    for (const [name, bytes] of files) zip.addBuffer(bytes, `photos/${name}`);
    zip.end();
    return buffer(zip.outputStream);
  }
  const tar = pack();
  for (const [name, bytes] of files) tar.entry({ name: `photos/${name}` }, bytes);
  tar.finalize();
  const bytes = await buffer(tar);
  return format === "tar" ? bytes : gzipSync(bytes);
}

describe("organize of URLs", () => {
  let server: Server | null = null;
  afterEach(() => void server?.close());

  it("fetches each once, whatever is done with the albums afterwards", async () => {
    const { desk, names } = await withPictures();
    const asked: string[] = [];
    server = createServer((request, response) => {
      asked.push(request.url!);
      const name = request.url!.slice(1).replace(/\?.*/, "");
      if (!names.includes(name)) return void response.writeHead(404).end("gone");
      response.writeHead(200, { etag: `"${name}"` }).end(readFileSync(desk.path("in", name)));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server!.once("listening", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const urls = [...names, "dead.jpg"].map((name) => `${base}/${name}?token=secret`);
    writeFileSync(desk.path("urls.txt"), urls.join("\n"));

    const online = { env: { ALBUMEN_OFFLINE: undefined, ALBUMEN_ALLOW_PRIVATE: "1" } };
    const args = ["organize", "urls.txt", "--out", "out"];
    const first = (await desk.json(args, online)).at(-1)!;
    expect(first).toMatchObject({ added: names.length, failed: 1 });
    expect(asked.length).toBe(urls.length);
    expect(contents(desk.path("out"))).toEqual(picturesIn(desk));
    expect(Object.keys(albumTree(desk.path("out"))).some((path) => path.endsWith(`/${names[0]}`))).toBe(true);

    const catalog = ["--catalog", "out/.albumen"];
    await desk.albumen(["undo", ...catalog]);
    expect(albumTree(desk.path("out"))).toEqual({});
    await desk.albumen(args, online);
    expect(contents(desk.path("out"))).toEqual(picturesIn(desk));
    expect(asked.length).toBe(urls.length);

    // Asked whether they have changed, on demand only.
    await desk.albumen([...args, "--refresh"], online);
    expect(asked.length).toBe(urls.length + names.length);

    const failures = await desk.albumen(["failures", "--csv", ...catalog]);
    expect(failures).toMatch(/^code,source,reason,attempts,at\nFETCH_404,.*dead\.jpg\?token=\*\*\*/);
    expect(failures).not.toMatch(/secret/);
    await desk.run(["failures", "--retry", ...catalog], online);
    expect(await desk.albumen(["failures", "--csv", ...catalog])).toMatch(/dead.*,2,/);
    expect(readFileSync(desk.path("out", "albums.csv"), "utf8")).not.toMatch(/secret/);
  }, 120_000);
});

describe("organize of standard input", () => {
  it("takes what find -print0 writes, and tables", async () => {
    const { desk, names } = await withPictures();
    const paths = names.map((name) => desk.path("in", name));
    await desk.albumen(["organize", "-", "--out", "nul"], { input: `${paths.join("\0")}\0` });
    expect(contents(desk.path("nul"))).toEqual(picturesIn(desk));
    const table = ["file\towner", ...paths.map((path) => `${path}\tana`)].join("\n");
    await desk.albumen(["organize", "-", "--out", "table"], { input: table });
    expect(rowsOf(desk.path("table")).every(({ user }) => user === "ana")).toBe(true);
  }, 60_000);
});

describe("organize --per-user", () => {
  it("gives each user an ordinary catalog of their own images, embedding each image once", async () => {
    const { desk, names } = await withPictures();
    writeList(desk, [...names, names[0]!], ["ana", "b/c"]);
    const summary = (await desk.json(["organize", "list.csv", "--per-user", "--out", "out"])).at(-1)!;
    expect(summary).toMatchObject({ images: names.length, added: names.length, failed: 0 });
    expect(readdirSync(desk.path("out")).sort()).toEqual([".albumen", "ana", "b-c"]);
    const ofAna = contents(desk.path("out", "ana"));
    expect(ofAna.length).toBe(names.length / 2);
    expect(rowsOf(desk.path("out", "b-c")).every(({ user }) => user === "b/c")).toBe(true);

    // What is done in a user's folder is done with that user's albums alone.
    const [album] = (await desk.json(["albums", "--catalog", "out/ana/.albumen"])).filter(
      ({ event }) => event === "album",
    );
    await desk.albumen(["rename", String(album!["id"]), "Mine", "--catalog", "out/ana/.albumen"]);
    await writePictures(desk.path("more"), { each: 1, from: 77 });
    const rows = readdirSync(desk.path("more")).map((name) => `more/${name},ana`);
    writeFileSync(desk.path("more.csv"), ["path,user", ...rows].join("\n"));
    await desk.albumen(["add", "more.csv", "--catalog", "out/.albumen"]);
    expect(contents(desk.path("out", "ana")).length).toBe(ofAna.length + rows.length);
    const after = (await desk.json(["albums", "--catalog", "out/ana/.albumen"])).filter(
      ({ event }) => event === "album",
    );
    expect(after.find(({ id }) => id === album!["id"])).toMatchObject({
      name: { text: "Mine", source: "user" },
    });
  }, 120_000);

  it("goes on after kill -9 as if nothing had been", async () => {
    const { desk, names } = await withPictures();
    writeList(desk, names, ["ana", "bob", "cid"]);
    const args = ["organize", "list.csv", "--per-user", "--json", "--out"];
    await desk.albumen([...args, "undisturbed"]);
    const trees = (out: string) =>
      ["ana", "bob", "cid"].map((user) => [albumTree(desk.path(out, user)), rowsOf(desk.path(out, user))]);
    await desk.run([...args, "disturbed"], {
      interrupt: { when: /"stage":"users","done":1/, signal: "SIGKILL" },
    });
    await desk.albumen([...args, "disturbed"]);
    expect(trees("disturbed")).toEqual(trees("undisturbed"));
  }, 120_000);

  it("says so when no image belongs to anybody", async () => {
    const { desk } = await withPictures();
    const ran = await desk.run(["organize", "in", "--per-user", "--out", "out"]);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/No image belongs to a user/)]);
  });
});
