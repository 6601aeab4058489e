/**
 * How a catalog bears two million rows: `npm run bench:ingest` (builds first; `-- 200000` for fewer rows).
 *
 * Two lists, both of 200 small pictures, 1 % of the rows naming a file that is not there and 0.01 % broken:
 * - owners: every row is another user's copy of one of the 200 paths;
 * - places: every row is a path of its own (folders that are links), each with one of 1,000 users.
 * Each is taken in by a process of its own with an encoder that costs next to nothing, so that what is measured is
 * listing, comparing, reading, hashing and recording. Then the catalog is asked what commands ask it. At last the
 * command line organises the first list as a user would: the bundled model, albums, gallery, and an export of two million
 * rows.
 * Peak memory is the system's own count (VmHWM), so Linux only.
 */
import { spawn } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { createFolderBlobStore } from "../src/adapters/blob-store/folder.ts";
import { createFakeEmbedder } from "../src/adapters/embedder/fake.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import { openSources } from "../src/adapters/image-source/open.ts";
import { openDatabase } from "../src/adapters/store/database.ts";
import { createSqliteStore } from "../src/adapters/store/sqlite.ts";
import { spaceKey } from "../src/ports/embedder.ts";
import { ingest } from "../src/pipeline/ingest.ts";
import { machine, table } from "./report.ts";

const FILES = 200;
const USERS = 1000;
/** Each query so often; the slowest counts, which is the first one: nothing of what it reads is at hand yet. */
const ASKED = 50;
const BARS = { peakMegabytes: 500, queryMs: 50 };
const SELF = fileURLToPath(import.meta.url);
const CLI = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

type Kind = "owners" | "places";
/** Milliseconds. */
interface Asked {
  readonly median: number;
  readonly slowest: number;
}
interface Taken {
  readonly rowsPerSecond: number;
  readonly counts: object;
  readonly queries: Readonly<Record<string, Asked>>;
  readonly databaseMegabytes: number;
}

if (process.argv[2] === "take") await take(process.argv[3]!, process.argv[4]!);
else await main(Number(process.argv[2] ?? 2_000_000));

async function main(rows: number): Promise<void> {
  if (!existsSync("/proc/self/status")) {
    console.log("skipped: this system does not tell a process's peak memory in /proc");
    return;
  }
  const base = mkdtempSync(join(tmpdir(), "albumen-bench-"));
  try {
    await drawPictures(join(base, "pictures"));
    const results: Record<string, object> = {};
    const lines: (string | number)[][] = [];
    const queries: Record<string, Asked> = {};
    for (const kind of ["owners", "places"] as const) {
      const list = join(base, `${kind}.csv`);
      await writeList(kind, rows, base, list);
      const { output, peakMegabytes, seconds } = await measured([
        "--import",
        "tsx",
        SELF,
        "take",
        list,
        join(base, kind),
      ]);
      const taken = JSON.parse(output.trim().split("\n").at(-1)!) as Taken;
      results[kind] = { ...taken, peakMegabytes };
      lines.push([
        `${kind}: taken in`,
        Math.round(taken.rowsPerSecond),
        Math.round(seconds),
        peakMegabytes,
        Math.round(taken.databaseMegabytes),
      ]);
      for (const [query, asked] of Object.entries(taken.queries)) queries[`${kind}: ${query}`] = asked;
      rmSync(join(base, kind), { recursive: true });
    }
    const out = join(base, "albums");
    const { peakMegabytes, seconds } = await measured([
      "--import",
      "tsx",
      CLI,
      "organize",
      join(base, "owners.csv"),
      "--out",
      out,
      "--offline",
      "--quiet",
      "--model",
      "mini",
      "--no-captions",
    ]);
    lines.push([
      "owners: albumen organize",
      Math.round(rows / seconds),
      Math.round(seconds),
      peakMegabytes,
      "",
    ]);
    results["organize"] = { rowsPerSecond: rows / seconds, peakMegabytes };

    console.log(`${rows} rows\n`);
    console.log(table(["list", "rows/s", "seconds", "peak MB", "database MB"], lines));
    console.log(`\neach asked ${ASKED} times, ms\n`);
    console.log(
      table(
        ["query", "median", "slowest"],
        Object.entries(queries).map(([query, asked]) => [
          query,
          asked.median.toFixed(2),
          asked.slowest.toFixed(2),
        ]),
      ),
    );
    const peaks = lines.map((line) => Number(line[3]));
    const passed = {
      memory: Math.max(...peaks) < BARS.peakMegabytes,
      queries: Object.values(queries).every(({ slowest }) => slowest < BARS.queryMs),
    };
    console.log(
      JSON.stringify({ bench: "ingest", rows, ...results, bars: BARS, passed, machine: machine() }),
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function drawPictures(folder: string): Promise<void> {
  mkdirSync(folder);
  for (let i = 0; i < FILES; i++)
    await sharp({
      create: {
        width: 64,
        height: 48,
        channels: 3,
        background: { r: (i * 37) % 256, g: (i * 91) % 256, b: i },
      },
    })
      .jpeg()
      .toFile(join(folder, `${i}.jpg`));
}

async function writeList(kind: Kind, rows: number, base: string, path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write("id,image_path,user_id\n");
  for (let i = 0; i < rows; i++) {
    const round = Math.floor(i / FILES);
    if (kind === "places" && i % FILES === 0) symlinkSync("pictures", join(base, `folder ${round}`));
    const folder = kind === "owners" ? "pictures" : `folder ${round}`;
    const name = i % 100 === 99 ? `missing ${i}.jpg` : `${i % FILES}.jpg`;
    const user = kind === "owners" ? `user ${round}` : `user ${i % USERS}`;
    const line =
      i % 10_000 === 5000 ? `${i},"${folder}"x/${name},${user}\n` : `${i},${folder}/${name},${user}\n`;
    if (!file.write(line)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

/** Runs Node with these arguments. */
async function measured(
  args: readonly string[],
): Promise<{ output: string; peakMegabytes: number; seconds: number }> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let peakKilobytes = 0;
  const watching = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peakKilobytes = Math.max(peakKilobytes, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 100);
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  const [code] = (await once(child, "close")) as [number];
  clearInterval(watching);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return {
    output,
    peakMegabytes: Math.round(peakKilobytes / 1000),
    seconds: (performance.now() - start) / 1000,
  };
}

/** In a process of its own: takes a list in and asks. The last line of its output is the result. */
async function take(list: string, folder: string): Promise<void> {
  mkdirSync(folder);
  const { signal } = new AbortController();
  const database = join(folder, "catalog.db");
  const store = createSqliteStore({ db: openDatabase(database), vectorFolder: join(folder, "vectors") });
  const embedder = createFakeEmbedder({ maxBatch: 32 });
  const decoder = createSharpDecoder();
  const source = openSources({
    roots: [list],
    exclude: [],
    user: null,
    columns: { url: null, user: null },
    scratch: join(folder, "scratch"),
    stdin: () => process.stdin,
    urls: { read: () => Promise.reject(new Error("there are no URLs here")) },
    buckets: null,
  });
  const blobs = (name: string) => createFolderBlobStore({ catalog: folder, folder: name, extension: ".bin" });
  const start = performance.now();
  const counts = await ingest(
    {
      source,
      store,
      decoder,
      embedder,
      thumbs: blobs("thumbs"),
      originals: blobs("originals"),
      now: () => new Date().toISOString(),
    },
    { signal, report: () => {} },
  );
  const seconds = (performance.now() - start) / 1000;
  await decoder.dispose();

  const space = spaceKey(embedder.space);
  const { images } = await store.vectors(space, null);
  const [user, otherUser] = ["user 7", "user 77"];
  const { source: path } = (await store.placesOf([images[0]!], 1)).get(images[0]!)![0]!;
  const [failed] = await store.failures({ after: null, limit: 1 });
  const questions: Record<string, () => Promise<unknown>> = {
    "counts (status)": () => store.counts(),
    "image at a path": () => store.imageAt(path),
    "image by the start of its hash": () => store.imagesStartingWith(images[1]!.slice(0, 8), 100),
    "is a place known": () => store.known([{ source: path, user }]),
    "vectors of a user (albums of a user)": () => store.vectors(space, otherUser),
    "first 1,000 failures": () => store.failures({ after: null, limit: 1000 }),
    "next 1,000 failures": () => store.failures({ after: failed!.source, limit: 1000 }),
    "20 hits with their facts": () => store.images(images.slice(0, 20)),
    "where 20 hits lie": () => store.placesOf(images.slice(0, 20), 1),
  };
  const queries: Record<string, Asked> = {};
  for (const [name, ask] of Object.entries(questions)) {
    const times: number[] = [];
    for (let i = 0; i < ASKED; i++) {
      const from = performance.now();
      await ask();
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    queries[name] = { median: times[ASKED >> 1]!, slowest: times.at(-1)! };
  }
  await store.close();
  const taken: Taken = {
    rowsPerSecond: counts.listed / seconds,
    counts,
    queries,
    databaseMegabytes: statSync(database).size / 1e6,
  };
  console.log(JSON.stringify(taken));
}
