import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import Papa from "papaparse";
import { afterAll, describe, expect, it } from "vitest";
import type { SourceItem } from "../../ports/image-source.ts";
import { listFile, listStream, type ListOptions } from "./list.ts";
import { guessDelimiter, tableRows } from "./list-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "albumen-list-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { signal } = new AbortController();
const all: ListOptions = { columns: { url: null, user: null }, user: null };

/** `place (user)`, `failed CODE source`, `skipped source`; paths from the folder. */
function shown(item: Exclude<SourceItem, { kind: "list" }>): string {
  const short = (path: string) => path.replace(`${folder}/`, "");
  if (item.kind === "skipped") return `skipped ${short(item.source)}`;
  if (item.kind === "failed") return `failed ${item.error.code} ${short(item.source)}`;
  const { source, user } = item.location;
  return user === null ? short(source) : `${short(source)} (${user})`;
}

async function collect(items: AsyncIterable<SourceItem>): Promise<string[]> {
  const found: string[] = [];
  for await (const item of items) if (item.kind !== "list") found.push(shown(item));
  return found;
}

let lists = 0;
async function list(extension: string, content: string | Uint8Array, options: Partial<ListOptions> = {}) {
  const path = join(folder, `list ${lists++}.${extension}`);
  await writeFile(path, content);
  const found = await collect(listFile(path, { ...all, ...options }, signal));
  return found.map((text) => text.replace(/list \d+\.\w+/, "LIST"));
}

async function piped(content: string | Uint8Array, options: Partial<ListOptions> = {}): Promise<string[]> {
  const bytes = Buffer.from(content as string);
  // In odd pieces, as pipes give them.
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  };
  return collect(listStream(pieces(), { ...all, ...options }, signal));
}

describe("a list", () => {
  it("gives URLs as they are, and paths from its own folder, with their users", async () => {
    await mkdir(join(folder, "in"));
    await writeFile(join(folder, "in", "a.jpg"), "x");
    const text = "url,user\r\nhttps://h/a.jpg,ana\r\nin/a.jpg,bob\r\nin/gone.jpg,\r\ns3://b/k.png,ana\r\n";
    expect(await list("csv", text)).toEqual([
      "https://h/a.jpg (ana)",
      "in/a.jpg (bob)",
      "in/gone.jpg",
      "s3://b/k.png (ana)",
    ]);
  });

  it("gives a file that is not there no stamp, so that reading it tells", async () => {
    await writeFile(join(folder, "there.jpg"), "x");
    const path = join(folder, "stamps.txt");
    await writeFile(path, "there.jpg\nnot there.jpg\n");
    const stamps: (string | null)[] = [];
    for await (const item of listFile(path, all, signal))
      if (item.kind === "location") stamps.push(item.location.stamp);
    expect(stamps).toEqual([expect.stringMatching(/^1:/), null]);
  });

  it("reads every delimiter and encoding", async () => {
    const rows = ["id", "url", "user"].join("\t") + "\n" + ["1", "https://h/é.jpg", "Zoë"].join("\t") + "\n";
    const expected = ["https://h/é.jpg (Zoë)"];
    for (const delimiter of ["\t", ";", "|", ","])
      expect(await list("csv", rows.replaceAll("\t", delimiter))).toEqual(expected);
    expect(await list("tsv", rows)).toEqual(expected);
    const utf16 = Buffer.from(rows, "utf16le");
    expect(await list("csv", Buffer.concat([Buffer.from("\ufeff"), Buffer.from(rows)]))).toEqual(expected);
    expect(await list("csv", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))).toEqual(expected);
    expect(await list("csv", utf16)).toEqual(expected);
    expect(
      await list("csv", Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()])),
    ).toEqual(expected);
  });

  it("reads JSON lines and plain lines", async () => {
    const json =
      '{"image_url":"https://h/a.jpg","user_id":7}\n"https://h/b.jpg"\n\n{"user_id":1}\n[1]\nnope\n';
    expect(await list("jsonl", json)).toEqual([
      "https://h/a.jpg (7)",
      "https://h/b.jpg",
      "failed LIST_ROW_INVALID LIST:4",
      "failed LIST_ROW_INVALID LIST:5",
      "failed LIST_ROW_INVALID LIST:6",
    ]);
    await writeFile(join(folder, "notes.pdf"), "x");
    expect(await list("txt", "# mine\n\nhttps://h/a.jpg\nnotes.pdf\n")).toEqual([
      "https://h/a.jpg",
      "skipped notes.pdf",
    ]);
  });

  it("fails a broken row by its line and takes those around it", async () => {
    const text = [
      "url,note",
      "https://h/1.jpg,fine",
      'https://h/2.jpg,"over',
      'two ""lines"""',
      'https://h/4.jpg,"text"after',
      ",no place",
      '"https://h/6.jpg,a quote that is never closed',
      "https://h/7.jpg,fine",
    ].join("\n");
    expect(await list("csv", text)).toEqual([
      "https://h/1.jpg",
      "https://h/2.jpg",
      "failed LIST_ROW_INVALID LIST:5",
      "failed LIST_ROW_INVALID LIST:6",
      "failed LIST_ROW_INVALID LIST:7",
      "https://h/7.jpg",
    ]);
  });

  it("leaves other users' rows out when one is asked for, and gives them rows of nobody", async () => {
    const text = "url,user\nhttps://h/1.jpg,ana\nhttps://h/2.jpg,bob\nhttps://h/3.jpg,\n";
    expect(await list("csv", text, { user: "ana" })).toEqual([
      "https://h/1.jpg (ana)",
      "https://h/3.jpg (ana)",
    ]);
    expect(await list("txt", "https://h/1.jpg\n", { user: "ana" })).toEqual(["https://h/1.jpg (ana)"]);
  });

  it("stops with the columns' names when none can be guessed", async () => {
    await expect(list("csv", "a,b\n1,2\n")).rejects.toMatchObject({ code: "LIST_COLUMN_UNKNOWN" });
    expect(await list("csv", "a,b\n1,https://h/2\n", { columns: { url: "b", user: "a" } })).toEqual([
      "https://h/2 (1)",
    ]);
  });

  it("stops between rows once cancelled", async () => {
    const controller = new AbortController();
    const path = join(folder, "long.txt");
    await writeFile(path, "https://h/1.jpg\n".repeat(1000));
    let seen = 0;
    const reading = (async () => {
      for await (const _ of listFile(path, all, controller.signal)) if (++seen === 3) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: "ABORTED" });
    expect(seen).toBe(3);
  });
});

describe("a list on standard input", () => {
  it("is known by its first bytes", async () => {
    expect(await piped("https://h/a.jpg\nhttps://h/b.jpg")).toEqual(["https://h/a.jpg", "https://h/b.jpg"]);
    expect(await piped("/in/a, b.jpg\n/in/c.jpg\n")).toEqual(["/in/a, b.jpg", "/in/c.jpg"]);
    expect(await piped("/in/new\nline.jpg\0/in/#b.jpg\0")).toEqual(["/in/new\nline.jpg", "/in/#b.jpg"]);
    expect(await piped('{"url":"https://h/a.jpg","user":"ana"}\n')).toEqual(["https://h/a.jpg (ana)"]);
    expect(await piped("id;url;user\n1;https://h/a.jpg;ana\n")).toEqual(["https://h/a.jpg (ana)"]);
    expect(await piped("https://h/a.jpg,ana\nhttps://h/b.jpg,bob\n")).toEqual([
      "https://h/a.jpg",
      "https://h/b.jpg",
    ]);
    expect(await piped("url\nhttps://h/a.jpg\n")).toEqual(["https://h/a.jpg"]);
    expect(await piped(Buffer.from("\ufeffurl\nhttps://h/a.jpg\n", "utf16le"))).toEqual(["https://h/a.jpg"]);
    expect(await piped("")).toEqual([]);
  });
});

describe("rows of a table", () => {
  it("come back as they were written, whatever their cells hold and wherever the pieces end", async () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", '"', ",", ";", "\n", "\r\n", " ", "é"),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(cell, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        async (users, blockLength) => {
          const rows = [["url", "user"], ...users.map((user, i) => [`https://h/${i}`, user])];
          // Every cell in quotes: a "\r" outside of them would be a line's end.
          const lines = Papa.unparse(rows, { newline: "\n", quotes: true }).split("\n");
          const blocks = async function* () {
            for (let at = 0; at < lines.length; at += blockLength) yield lines.slice(at, at + blockLength);
          };
          const found: unknown[] = [];
          const options = { list: "l", columns: { url: null, user: null }, delimiter: "," };
          for await (const block of tableRows(blocks(), options)) found.push(...block);
          let line = 2;
          const expected = users.map((user, i) => {
            const row = { line, place: `https://h/${i}`, user: user.trim() === "" ? null : user.trim() };
            line += user.split("\n").length;
            return row;
          });
          expect(found).toEqual(expected);
        },
      ),
    );
  });

  it("are parted by what every one of the first lines has most of", () => {
    expect(guessDelimiter(['a;b;"x,y,z"', "1;2;3,4"])).toBe(";");
    expect(guessDelimiter(["a|b,c", "1|2"])).toBe("|");
    expect(guessDelimiter(["url", "https://h/a"])).toBe(",");
  });
});
