/**
 * Images a second that Albumen fetches by URL without decoding them, beside `undici.request` alone as the bound: 20 kB
 * each, from a server on loopback in a process of its own. Both in turns within one run.
 * `npm run bench:fetch [-- --images 5000 --rounds 21]`; the last line is one JSON object. Writes
 * `bench/results/fetch.md`.
 */
import { fork } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Agent, request } from "undici";
import { createFetcher } from "../src/adapters/fetch/fetcher.ts";
import { machine, median, table } from "./report.ts";

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "5000" },
    rounds: { type: "string", default: "21" },
    serve: { type: "boolean", default: false },
  },
});
const IMAGE_BYTES = 20_000;
/** The defaults of the settings are meant for many hosts; here there is one, and it is ours. */
const CONCURRENCY = 32;

if (values.serve) serve();
else await measure(Number(values.images), Number(values.rounds));

/** Runs in the other process: tells its port, then serves one JPEG (by its first bytes) under every path. */
function serve(): void {
  const image = Buffer.alloc(IMAGE_BYTES, 7);
  image.set([0xff, 0xd8, 0xff]);
  const headers = { "content-type": "image/jpeg", "content-length": IMAGE_BYTES, etag: '"1"' };
  const server = createServer((_, response) => response.writeHead(200, headers).end(image));
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
  process.on("disconnect", () => process.exit());
}

interface Contender {
  readonly name: string;
  /** bytes of the image at the URL */
  readonly fetch: (url: string) => Promise<number>;
}

async function measure(images: number, rounds: number): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ["--serve"]);
  const [port] = (await once(server, "message")) as [number];
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  // The same words on the wire, which the server has to read.
  const headers = {
    "user-agent": "albumen-bench",
    accept: "image/*,*/*;q=0.1",
    "accept-encoding": "identity",
  };
  const agent = new Agent({ connections: CONCURRENCY });
  const fetcher = createFetcher({
    userAgent: "albumen-bench",
    offline: false,
    allowPrivate: true,
    concurrency: CONCURRENCY,
    perHost: CONCURRENCY,
    timeoutMs: 60_000,
    maxBytes: 10_000_000,
    proxy: null,
  });
  const contenders: readonly Contender[] = [
    {
      name: "undici.request",
      fetch: async (url) => {
        const { body } = await request(url, { dispatcher: agent, headers });
        return (await body.arrayBuffer()).byteLength;
      },
    },
    {
      name: "albumen",
      fetch: async (url) => {
        const fetched = await fetcher.fetch(url, { signal, validators: null });
        return fetched.kind === "bytes" ? fetched.bytes.length : 0;
      },
    },
  ];

  /** Images a second. */
  const round = async ({ fetch }: Contender): Promise<number> => {
    let next = 0;
    const startedMs = performance.now();
    const work = async (): Promise<void> => {
      while (next < images) {
        const size = await fetch(`http://127.0.0.1:${port}/${next++}.jpg`);
        if (size !== IMAGE_BYTES) throw new Error(`got ${size} bytes`);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return images / ((performance.now() - startedMs) / 1000);
  };

  const speeds = contenders.map(() => [] as number[]);
  for (const contender of contenders) await round(contender); // warms up
  for (let i = 0; i < rounds; i++)
    for (const [c, contender] of contenders.entries()) speeds[c]!.push(await round(contender));
  server.disconnect();
  await Promise.all([agent.destroy(), fetcher.close()]);

  // Rounds of a pair follow each other, so that what else the machine does weighs on both.
  const ratio = median(speeds[1]!.map((speed, i) => speed / speeds[0]![i]!));
  const best = speeds.map((all) => Math.max(...all));
  const typical = speeds.map(median);
  const text = table(
    ["", "images/s, best", "images/s, median", "MB/s, best", "share of undici, median of pairs"],
    contenders.map(({ name }, c) => [
      name,
      best[c]!.toFixed(0),
      typical[c]!.toFixed(0),
      ((best[c]! * IMAGE_BYTES) / 1e6).toFixed(0),
      c === 0 ? "1" : ratio.toFixed(2),
    ]),
  );
  console.log(text);
  const [bound, ours] = best;
  console.log(
    JSON.stringify({
      bench: "fetch",
      images,
      rounds,
      imageBytes: IMAGE_BYTES,
      concurrency: CONCURRENCY,
      undiciPerSecond: bound,
      albumenPerSecond: ours,
      ratio,
      bestRatio: ours! / bound!,
      machine: machine(),
    }),
  );
  const { cpu, cores, node } = machine();
  writeFileSync(
    new URL("results/fetch.md", import.meta.url),
    `# Fetching\n\n${rounds} rounds of ${images} images of ${IMAGE_BYTES} bytes, ${CONCURRENCY} at a time, from a server on the same machine;\n` +
      `nothing is decoded. ${cores} cores of ${cpu}, Node ${node}; the server takes its share of them.\n\n${text}\n`,
  );
}
