/** Hostile pictures, foreign files, sick disks, broken catalogs: a clear word each, and nothing lost. */
import { execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import Database from "libsql";
import { afterAll, describe, expect, it } from "vitest";
import { makeHostileFolder } from "../fixtures/images.ts";
import { albumTree, CLI, openDesk, treeOf, type Desk } from "../support/cli.ts";
import { writePictures } from "../support/pictures.ts";

const KINDS = ["sunset", "receipt", "night"] as const;

async function withPictures(each = 4): Promise<Desk> {
  const desk = openDesk();
  await writePictures(desk.path("in"), { kinds: KINDS, each });
  return desk;
}

describe("a folder of everything that can be wrong with a picture", () => {
  it("is organised but for what cannot be used, each with its code, and is itself not touched", async () => {
    const desk = openDesk();
    const expected = await makeHostileFolder(desk.path("in"));
    mkdirSync(desk.path("in/folder.jpg"));
    symlinkSync(".", desk.path("in/loop"));
    symlinkSync("..", desk.path("in/folder.jpg/back"));
    symlinkSync("nowhere.jpg", desk.path("in/dangling.jpg"));
    execFileSync("mkfifo", [desk.path("in/pipe.jpg")]);
    const before = treeOf(desk.path("in"), { withInodes: true });
    const summary = (await desk.json(["organize", "in"])).at(-1)!;
    expect(treeOf(desk.path("in"), { withInodes: true })).toEqual(before);

    const wanted = [...expected].filter(([, { kind }]) => kind === "image");
    const broken = [...expected].flatMap(([path, what]) =>
      what.kind === "failed" ? [[basename(path), what.code]] : [],
    );
    expect(summary["images"]).toBe(wanted.length);
    const failures = (await desk.json(["failures"])).filter(({ event }) => event === "failure");
    expect(
      Object.fromEntries(failures.map((row) => [basename(row["source"] as string), row["code"]])),
    ).toEqual({ ...Object.fromEntries(broken), "dangling.jpg": "FILE_NOT_FOUND" });
    for (const row of failures) expect(row["reason"]).toMatch(/^[A-Z/].+\.$/s);

    // Every sound picture stands in an album, byte for byte: no name, case or length lost one.
    const placed = Object.values(albumTree(desk.path("albums"), { withInodes: true }));
    for (const [path] of wanted) expect(placed).toContain(before[path.slice(desk.path("in").length + 1)]);
    const names = Object.keys(albumTree(desk.path("albums"))).map((path) => path.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    await desk.albumen(["undo"]);
    expect(treeOf(desk.path("in"), { withInodes: true })).toEqual(before);
  });
});

describe("output and input in each other", () => {
  it("an output inside the input is not taken in, however often it runs", async () => {
    const desk = await withPictures();
    const args = ["organize", "in", "--out", "in/albums"];
    expect((await desk.json(args)).at(-1)).toMatchObject({ images: 12, locations: 12 });
    expect((await desk.json(args)).at(-1)).toMatchObject({ images: 12, locations: 12, added: 0 });
    await writePictures(desk.path("in"), { kinds: ["night"], each: 1, from: 70 });
    expect((await desk.json(args)).at(-1)).toMatchObject({ images: 13, locations: 13, added: 1 });
  });

  it("an input inside the output, or the output itself, is refused with the way out", async () => {
    const desk = await withPictures();
    const before = treeOf(desk.path("in"), { withInodes: true });
    for (const [source, out] of [
      ["in", "in"],
      ["in", "."],
    ] as const) {
      const { code, stderr } = await desk.run(["organize", source, "--out", out]);
      expect([code, stderr]).toEqual([1, expect.stringContaining("another output with --out")]);
    }
    expect(treeOf(desk.folder, { without: [".home"], withInodes: true })).toEqual({
      in: "folder",
      ...Object.fromEntries(Object.entries(before).map(([path, what]) => [`in/${path}`, what])),
    });
    await desk.albumen(["organize", "in"]);
    const [album] = readdirSync(desk.path("albums")).filter((name) => !name.includes("."));
    const again = await desk.run(["add", `albums/${album!}`]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("is inside the output folder")]);
  });
});

describe("an output that is not free", () => {
  it("with somebody's index.html is refused before anything is done", async () => {
    const desk = await withPictures();
    mkdirSync(desk.path("albums"));
    writeFileSync(desk.path("albums/index.html"), "my site");
    const { code, stderr } = await desk.run(["organize", "in"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("index.html stands there already")]);
    expect(treeOf(desk.path("albums"))).toEqual({ "index.html": expect.any(String) });
    expect(readFileSync(desk.path("albums/index.html"), "utf8")).toBe("my site");
  });

  it("with folders that bear an album's name is worked around", async () => {
    const desk = await withPictures();
    await desk.albumen(["organize", "in"]);
    const folders = readdirSync(desk.path("albums")).filter((name) => !name.includes("."));
    await desk.albumen(["undo"]);
    for (const folder of folders) {
      mkdirSync(desk.path("other", folder), { recursive: true });
      writeFileSync(desk.path("other", folder, "mine.txt"), "mine");
    }
    await desk.albumen(["organize", "in", "--out", "other"]);
    for (const folder of folders) {
      expect(readdirSync(desk.path("other", folder))).toEqual(["mine.txt"]);
      expect(readdirSync(desk.path("other", `${folder} (2)`)).length).toBeGreaterThan(0);
    }
  });

  it("that is a file, or lies below one, is refused by name", async () => {
    const desk = await withPictures();
    writeFileSync(desk.path("file"), "x");
    for (const out of ["file", "file/below"]) {
      const { code, stderr } = await desk.run(["organize", "in", "--out", out]);
      expect(code).toBe(1);
      expect(stderr).toContain(`${desk.path("file")} is a file`);
    }
    expect(readFileSync(desk.path("file"), "utf8")).toBe("x");
  });
});

const mounts: string[] = [];
afterAll(() => mounts.forEach((folder) => execFileSync("umount", ["-l", folder])));

/** A file system of its own in a new folder; null where this user may not mount one. */
function mountTmpfs(folder: string, options: string): string | null {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  mounts.push(folder);
  return folder;
}

const mayMount = mountTmpfs(openDesk().path("probe"), "size=1m") !== null;
const needsMount = mayMount ? "" : " (skipped: this user may not mount a tmpfs)";

describe.skipIf(!mayMount)(`a sick disk${needsMount}`, () => {
  it("read-only as output, or as working folder, is told as such", async () => {
    const desk = await withPictures();
    const disk = mountTmpfs(desk.path("disk"), "size=1m,ro")!;
    for (const out of [disk, `${disk}/albums`]) {
      const { code, stderr } = await desk.run(["organize", "in", "--out", out]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/read-only file system/i)]);
    }
    for (const command of [["organize", desk.path("in")], ["demo"]]) {
      const { code, stderr } = await desk.run(command, { cwd: disk });
      expect([code, stderr]).toEqual([1, expect.stringMatching(/read-only file system/i)]);
      expect(stderr).not.toContain("bug in Albumen");
    }
  });

  it("that is read-only can still be a source, and a catalog on it can still be read", async () => {
    const desk = openDesk();
    const disk = mountTmpfs(desk.path("disk"), "size=16m")!;
    await writePictures(desk.path("disk/in"), { kinds: KINDS, each: 4 });
    await desk.albumen(["organize", "disk/in", "--out", "disk/albums"]);
    execFileSync("mount", ["-o", "remount,ro", disk]);
    expect((await desk.json(["organize", "disk/in"])).at(-1)).toMatchObject({ images: 12 });
    const { code, stderr } = await desk.run(["albums"], { cwd: desk.path("disk/albums") });
    // SQLite's write-ahead log needs a place to write even for reading: told, not a crash.
    if (code !== 0) expect(stderr).toMatch(/for writing|read-only/i);
    execFileSync("mount", ["-o", "remount,rw", disk]);
  });

  it("that fills up stops the run with DISK_FULL wherever it fills, and the run goes on once there is room", async () => {
    const undisturbed = await withPictures();
    await undisturbed.albumen(["organize", "in", "--as", "copy"]);
    const wanted = albumTree(undisturbed.path("albums"));
    const seen = new Set<string>();
    for (const size of ["40k", "120k", "150k", "180k", "210k", "240k", "270k", "300k", "360k"]) {
      const desk = await withPictures();
      const before = treeOf(desk.path("in"), { withInodes: true });
      const disk = mountTmpfs(desk.path("disk"), `size=${size}`)!;
      const args = ["organize", "in", "--out", "disk/albums", "--as", "copy"];
      const full = await desk.run([...args, "--json"]);
      const last = JSON.parse(full.stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
      if (full.code !== 0) {
        expect({ size, code: last["code"] }).toEqual({ size, code: "DISK_FULL" });
        expect(full.stderr).toBe("");
        seen.add(last["message"] as string);
      }
      expect(treeOf(desk.path("in"), { withInodes: true })).toEqual(before);
      execFileSync("mount", ["-o", "remount,size=16m", disk]);
      await desk.albumen(args);
      expect(albumTree(desk.path("disk/albums"))).toEqual(wanted);
      expect(treeOf(desk.path("in"), { withInodes: true })).toEqual(before);
    }
    expect(seen.size).toBeGreaterThanOrEqual(3);
  });
});

describe("a catalog that cannot be used", () => {
  async function organised(): Promise<Desk> {
    const desk = await withPictures();
    await desk.albumen(["organize", "in"]);
    return desk;
  }
  const database = (desk: Desk) => desk.path("albums/.albumen/catalog.db");
  const rewrite = (desk: Desk, change: (bytes: Buffer) => Buffer) => {
    for (const suffix of ["-wal", "-shm"]) rmSync(database(desk) + suffix, { force: true });
    writeFileSync(database(desk), change(readFileSync(database(desk))));
  };

  it("made by a newer version is left alone by every command", async () => {
    const desk = await organised();
    const db = new Database(database(desk));
    db.pragma("user_version = 99");
    db.close();
    const tree = albumTree(desk.path("albums"), { withInodes: true });
    for (const args of [["albums"], ["organize", "in"], ["undo"], ["config", "show"]]) {
      const { code, stderr } = await desk.run(args);
      expect([code, stderr]).toEqual([1, expect.stringContaining("Update Albumen")]);
    }
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(tree);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["that is no database", () => Buffer.from("garbage ".repeat(1000))],
    ["cut short", (bytes) => bytes.subarray(0, 30_000)],
    [
      "with scrambled pages",
      (bytes) => Buffer.concat([bytes.subarray(0, 4096), bytes.subarray(4096).map((b) => b ^ 0x5a)]),
    ],
  ])("%s is told as corrupt, with what to do, and the pictures stay", async (_what, change) => {
    const desk = await organised();
    rewrite(desk, change);
    const tree = albumTree(desk.path("albums"), { withInodes: true });
    for (const args of [["albums"], ["organize", "in"], ["search", "dog"]]) {
      const { code, stdout } = await desk.run([...args, "--json"]);
      expect([code, JSON.parse(stdout.trimEnd().split("\n").at(-1)!)]).toEqual([
        1,
        expect.objectContaining({
          code: "CATALOG_CORRUPT",
          hint: expect.stringContaining("your pictures are not touched"),
        }),
      ]);
    }
    expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(tree);
  });

  it("whose vectors were cut or lost is mended by organize, with the same albums", async () => {
    for (const hurt of ["cut", "lost"]) {
      const desk = await organised();
      const tree = albumTree(desk.path("albums"), { withInodes: true });
      const [name] = readdirSync(desk.path("albums/.albumen/vectors"));
      const file = desk.path("albums/.albumen/vectors", name!);
      if (hurt === "cut") truncateSync(file, 3000);
      else rmSync(file);
      const search = await desk.run(["search", "sunset"]);
      expect([search.code, search.stderr]).toEqual([1, expect.stringContaining("Run albumen organize")]);
      await desk.albumen(["organize", "in"]);
      await desk.albumen(["search", "sunset"]);
      await desk.albumen(["reorganize"]);
      expect(albumTree(desk.path("albums"), { withInodes: true })).toEqual(tree);
    }
  });

  it("moved with its output to another place works from there", async () => {
    const desk = await organised();
    cpSync(desk.path("albums"), desk.path("elsewhere/my albums"), { recursive: true });
    rmSync(desk.path("albums"), { recursive: true });
    const at = { cwd: desk.path("elsewhere/my albums") };
    expect((await desk.json(["status"], at)).at(-1)).toMatchObject({
      out: desk.path("elsewhere/my albums"),
      images: 12,
    });
    expect((await desk.json(["search", "sunset"], at)).length).toBeGreaterThan(4);
    const [album] = readdirSync(at.cwd).filter((name) => !name.includes("."));
    await desk.albumen(["rename", album!, "Renamed"], at);
    expect(statSync(desk.path("elsewhere/my albums/Renamed")).isDirectory()).toBe(true);
    expect(existsSync(desk.path("albums"))).toBe(false);
  });
});

describe("two processes on one catalog", () => {
  it("the second is told who works there and changes nothing; reading is not kept out", async () => {
    const desk = await withPictures();
    await desk.albumen(["organize", "in"]);
    // A writer that holds the catalog, as a long run would.
    const holder = spawn(
      process.execPath,
      [
        CLI[0],
        CLI[1],
        "--input-type=module",
        "--eval",
        `import { lockCatalog } from ${JSON.stringify(new URL("../../src/adapters/store/database.ts", import.meta.url).href)};
         lockCatalog(${JSON.stringify(desk.path("albums/.albumen"))});
         console.log("held");
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      await new Promise<void>((resolve, reject) => {
        holder.stdout.once("data", () => resolve());
        holder.once("exit", () => reject(new Error("The holder of the lock ended.")));
      });
      const second = await desk.run(["organize", "in"]);
      expect([second.code, second.stderr]).toEqual([
        1,
        `Another Albumen (process ${holder.pid}) is working on ${desk.path("albums/.albumen")}.\nWait until it is done, or stop it.\n`,
      ]);
      expect((await desk.run(["rename", "x", "y"])).stderr).toContain("Another Albumen");
      expect((await desk.run(["albums"])).code).toBe(0);
      expect((await desk.run(["search", "sunset"])).code).toBe(0);
    } finally {
      holder.kill("SIGKILL");
      await new Promise((resolve) => holder.once("close", resolve));
    }
    expect((await desk.run(["organize", "in"])).code).toBe(0);
  });

  it("both at the very start: one makes the albums, the other is told, and together nothing is lost", async () => {
    const desk = await withPictures(6);
    const ran = await Promise.all([desk.run(["organize", "in"]), desk.run(["organize", "in"])]);
    expect(ran.some(({ code }) => code === 0)).toBe(true);
    for (const { code, stderr } of ran) if (code !== 0) expect(stderr).toContain("Another Albumen");
    const alone = await withPictures(6);
    await alone.albumen(["organize", "in"]);
    expect(albumTree(desk.path("albums"))).toEqual(albumTree(alone.path("albums")));
  });
});

describe("pictures that change while it runs", () => {
  it("a copy in progress fails or comes in whole, and the next run has it whole", async () => {
    const desk = await withPictures();
    const [whole] = await writePictures(desk.path("more"), { kinds: ["night"], each: 1, from: 80 });
    writeFileSync(desk.path("in/night-80.jpg"), readFileSync(whole!).subarray(0, 1000));
    await desk.albumen(["organize", "in"]);
    copyFileSync(whole!, desk.path("in/night-80.jpg"));
    expect((await desk.json(["organize", "in"])).at(-1)).toMatchObject({ images: 13, failed: 0 });
    expect((await desk.json(["failures"])).at(-1)).toMatchObject({ failures: 0 });
  });
});
