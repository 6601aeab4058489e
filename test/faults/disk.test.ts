/** Applies on real disks: devices, permissions, strange names, a full one. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, describe, expect, it } from "vitest";
import { createMemoryJournal } from "../../src/adapters/journal/memory.ts";
import { createSqliteJournal, migrate } from "../../src/adapters/journal/sqlite.ts";
import { createDiskOutput } from "../../src/adapters/output/disk.ts";
import type { Album } from "../../src/core/albums.ts";
import type { PlaceMode } from "../../src/core/plan/steps.ts";
import { applyPlan, recover, type Workplace } from "../../src/pipeline/apply.ts";
import { planOutput } from "../../src/pipeline/plan.ts";
import { undoLast } from "../../src/pipeline/undo.ts";
import type { Journal } from "../../src/ports/journal.ts";

const CALL = { signal: new AbortController().signal };
const startedAt = "2026-01-01T00:00:00Z";
const cleanups: (() => void)[] = [];
afterAll(() => cleanups.reverse().forEach((cleanup) => cleanup()));

function temporary(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "albumen-disk-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One album of every picture in the folder. */
function workshop(input: string, root: string, journal: Journal = createMemoryJournal(), name = "Pets") {
  const workplace: Workplace = {
    output: createDiskOutput(root),
    journal,
    restoreState: async () => undefined,
  };
  const pictures = readdirSync(input).map((file) => ({
    image: createHash("sha256")
      .update(readFileSync(join(input, file)))
      .digest("hex"),
    locations: [{ source: join(input, file), name: file }],
  }));
  const images = new Map(pictures.map(({ image, locations }) => [image, { locations }]));
  const album: Album = {
    id: "1",
    parentId: null,
    name: { text: name, source: "user", score: null, evidence: null },
    cohesion: 1,
    trust: null,
    members: pictures.map(({ image }) => ({ image, similarity: 1, representativeRank: -1, isPinned: false })),
  };
  const apply = async (mode: PlaceMode) => {
    const plan = await planOutput(workplace, { albums: [album], images, mode, depth: 1 }, CALL.signal);
    return applyPlan(workplace, plan, { label: "", startedAt, stateBefore: null }, CALL);
  };
  return { workplace, apply, undo: () => undoLast(workplace, { startedAt }, CALL) };
}

function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      found[join(entry.parentPath, entry.name).slice(folder.length + 1)] = readFileSync(
        join(entry.parentPath, entry.name),
        "utf8",
      );
  return found;
}

describe("names", () => {
  it("takes newlines, emoji, 255 bytes, devices and a wild album name to disk, and back", async () => {
    const folder = temporary();
    const [input, root] = [join(folder, "in"), join(folder, "out")];
    mkdirSync(input);
    const names = [
      "a\nb.jpg",
      "👩‍👩‍👧.jpg",
      `${"x".repeat(251)}.jpg`,
      "CON.jpg",
      "A.JPG",
      "a.jpg",
      "e\u0301.jpg",
      "é.jpg",
      " .jpg",
      "no extension",
    ];
    names.forEach((name, i) => writeFileSync(join(input, name), `${i}`));
    const before = contents(input);
    const { apply, undo } = workshop(input, root, undefined, "../../../\u202eetc/passwd\0");
    const result = await apply("move");
    expect([result.kept, result.failed]).toEqual([[], []]);
    expect(readdirSync(root)).toEqual(["etc-passwd"]);
    expect(Object.values(contents(root)).sort()).toEqual(Object.values(before).sort());
    const placed = readdirSync(join(root, "etc-passwd"));
    expect(new Set(placed.map((name) => name.normalize("NFC").toLowerCase())).size).toBe(names.length);
    expect(readdirSync(input)).toEqual([]);
    await undo();
    expect(contents(input)).toEqual(before);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("symbolic links among the sources", () => {
  it("are followed when linking, and left alone when moving", async () => {
    const folder = temporary();
    const [input, root] = [join(folder, "in"), join(folder, "out")];
    mkdirSync(input);
    writeFileSync(join(folder, "real.jpg"), "woof");
    symlinkSync("../real.jpg", join(input, "alias.jpg"));
    const linked = workshop(input, root);
    expect((await linked.apply("link")).counts.placed.link).toBe(1);
    expect(statSync(join(root, "Pets/alias.jpg")).ino).toBe(statSync(join(folder, "real.jpg")).ino);
    await linked.undo();
    const moved = workshop(input, root);
    expect((await moved.apply("move")).failed).toMatchObject([{ code: "FILE_CHANGED" }]);
    expect(readFileSync(join(input, "alias.jpg"), "utf8")).toBe("woof");
  });
});

const otherDevice = "/dev/shm";
const hasOtherDevice = existsSync(otherDevice) && statSync(otherDevice).dev !== statSync(tmpdir()).dev;

describe.skipIf(!hasOtherDevice)(`across devices (needs ${otherDevice} beside the temporary folder)`, () => {
  it.each<PlaceMode[]>([["link"], ["copy"], ["move"]])("%s, then undo", async (mode) => {
    const [input, root] = [temporary(otherDevice), join(temporary(), "out")];
    for (let i = 0; i < 5; i++) writeFileSync(join(input, `${i}.jpg`), `picture ${i}`);
    const before = contents(input);
    const { apply, undo } = workshop(input, root);
    const { counts } = await apply(mode);
    expect(counts.placed[mode === "move" ? "move" : "copy"]).toBe(5);
    expect(Object.values(contents(root))).toEqual(Object.values(before));
    expect(contents(input)).toEqual(mode === "move" ? {} : before);
    await undo();
    expect(contents(input)).toEqual(before);
    expect(readdirSync(root)).toEqual([]);
  });
});

/** A file system of its own; null where this user may not mount one. */
function mountTmpfs(options: string): string | null {
  const folder = temporary();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  // Lazily: libsql holds a closed database until its statements are collected.
  cleanups.push(() => execFileSync("umount", ["-l", folder]));
  return folder;
}

const small = mountTmpfs("size=1m");

describe.skipIf(small === null)("a full disk (needs the right to mount a tmpfs)", () => {
  it.each<PlaceMode[]>([["copy"], ["move"]])(
    "%s: says DISK_FULL, loses nothing, goes on when there is room",
    async (mode) => {
      const input = temporary();
      // Twice what fits, with the catalog on the same full disk.
      for (let i = 0; i < 20; i++) writeFileSync(join(input, `${i}.jpg`), `${i}`.padEnd(100_000, "."));
      const before = contents(input);
      const root = join(small!, mode);
      mkdirSync(join(root, ".albumen"), { recursive: true });
      const db = new Database(join(root, ".albumen", "catalog.db"));
      migrate(db);
      const { workplace, apply, undo } = workshop(input, root, createSqliteJournal(db));
      await expect(apply(mode)).rejects.toMatchObject({ code: "DISK_FULL", isRetryable: true });
      const all = { ...contents(input), ...contents(join(root, "Pets")) };
      expect(all).toEqual(before);
      await expect(recover(workplace, CALL)).rejects.toMatchObject({ code: "DISK_FULL" });

      execFileSync("mount", ["-o", "remount,size=8m", small!]);
      const { counts, failed } = (await recover(workplace, CALL))!;
      execFileSync("mount", ["-o", "remount,size=3m", small!]);
      expect([counts.placed[mode === "move" ? "move" : "copy"], failed]).toEqual([20, []]);
      expect(contents(join(root, "Pets"))).toEqual(before);
      await undo();
      expect(contents(input)).toEqual(before);
      expect(readdirSync(root)).toEqual([".albumen"]);
      db.close();
      rmSync(root, { recursive: true });
      execFileSync("mount", ["-o", "remount,size=1m", small!]);
    },
  );
});

const readOnly = mountTmpfs("size=1m");

describe.skipIf(readOnly === null)("a read-only disk (needs the right to mount a tmpfs)", () => {
  it("as output: says OUTPUT_UNWRITABLE", async () => {
    const input = temporary();
    writeFileSync(join(input, "a.jpg"), "a");
    execFileSync("mount", ["-o", "remount,ro", readOnly!]);
    await expect(workshop(input, join(readOnly!, "out")).apply("copy")).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
    });
    execFileSync("mount", ["-o", "remount,rw", readOnly!]);
  });

  it("as source of a move: leaves the pictures there and says so", async () => {
    mkdirSync(join(readOnly!, "in"));
    writeFileSync(join(readOnly!, "in", "a.jpg"), "a");
    execFileSync("mount", ["-o", "remount,ro", readOnly!]);
    const root = join(temporary(), "out");
    const result = await workshop(join(readOnly!, "in"), root).apply("move");
    execFileSync("mount", ["-o", "remount,rw", readOnly!]);
    expect(result.failed).toMatchObject([{ path: "Pets/a.jpg", code: "FILE_UNMOVABLE" }]);
    expect(contents(root)).toEqual({});
    expect(contents(join(readOnly!, "in"))).toEqual({ "a.jpg": "a" });
  });
});
