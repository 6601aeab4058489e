/** Lists of URLs and buckets from the command line, as the web really is: dead, slow, huge, redirecting, lying. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import sharp from "sharp";
import { LOCALHOST } from "../fixtures/localhost-certificate.ts";
import { albumTree, openDesk, treeOf, type Desk, type JsonLine } from "../support/cli.ts";
import { sendImage, sendStatus, serveImages, type ImageServer, type Route } from "../support/image-server.ts";
import { writePictures } from "../support/pictures.ts";
import { serveBuckets } from "../support/s3-server.ts";

/** Fetching is allowed, from this machine too. */
const ONLINE = { ALBUMEN_OFFLINE: undefined, ALBUMEN_ALLOW_PRIVATE: "1" };

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** Pictures of five kinds, by name. */
async function drawn(desk: Desk, each: number): Promise<Map<string, Buffer>> {
  const paths = await writePictures(desk.path("in"), { each });
  return new Map(paths.map((path) => [path.replace(/^.*\//, ""), readFileSync(path)]));
}

/** What a host shows in the place of what is gone. */
const placeholder = (): Promise<Buffer> =>
  sharp({ create: { width: 90, height: 90, channels: 3, background: "#ccc" } })
    .png()
    .toBuffer();

/** A host with the pictures, and under other names all that lists meet. */
async function serveTheWeb(pictures: ReadonlyMap<string, Buffer>): Promise<ImageServer> {
  const gone = await placeholder();
  const route: Route = (_, response, url) => {
    const name = url.pathname.slice(1);
    const picture = pictures.get(name);
    if (picture) return sendImage(response, picture, { etag: `"${name}"` });
    if (name.startsWith("gone-")) return sendImage(response, gone);
    if (name.startsWith("moved-"))
      return sendStatus(response, 301, { location: `/${name.slice("moved-".length)}` });
    switch (name) {
      case "dead.jpg":
        return sendStatus(response, 404);
      case "page.jpg":
        return sendImage(response, Buffer.from("<!doctype html><title>Sorry</title>"));
      case "huge.jpg":
        return sendImage(response, Buffer.alloc(3_000_000, "\xff\xd8\xff", "latin1"));
      case "circle.jpg":
        return sendStatus(response, 302, { location: "/circle.jpg" });
      case "slow.jpg":
        return void response.writeHead(200).write(Buffer.from([0xff, 0xd8, 0xff]));
      default:
        return sendStatus(response, 410);
    }
  };
  return serveImages(route);
}

const summaryOf = (lines: readonly JsonLine[]): JsonLine => lines.at(-1)!;

const contents = (tree: Record<string, string>): string[] =>
  Object.values(tree)
    .filter((hash) => hash !== "folder")
    .sort();

async function failuresOf(desk: Desk): Promise<Record<string, string>> {
  const lines = await desk.json(["failures", "--catalog", "out/.albumen"]);
  return Object.fromEntries(
    lines.flatMap(({ event, source, code, attempts }) =>
      event === "failure" ? [[String(source).replace(/^.*\//, ""), `${code} ${attempts}`]] : [],
    ),
  );
}

describe("organize of a list of URLs", () => {
  it("makes albums of what is there, and a row of each that is not", async () => {
    const desk = openDesk();
    const pictures = await drawn(desk, 6);
    const server = await serveTheWeb(pictures);
    const [moved, ...direct] = pictures.keys();
    const names = [
      ...direct,
      `moved-${moved}`,
      "dead.jpg",
      "page.jpg",
      "huge.jpg",
      "circle.jpg",
      "slow.jpg",
      ...["1", "2", "3", "4", "5", "6"].map((id) => `gone-${id}.png`),
    ];
    const rows = names.map((name, i) => `${i},${server.origin}/${name}?sig=s3cret`);
    writeFileSync(desk.path("list.csv"), `id,image_url\n${rows.join("\n")}\n`);

    const args = [
      "organize",
      "list.csv",
      "--max-fetch-bytes",
      "2000000",
      "--fetch-timeout-seconds",
      "1",
      "--out",
      "out",
    ];
    const ran = await desk.run([...args, "--json"], { env: ONLINE });
    expect([ran.code, ran.stdout + ran.stderr]).toEqual([0, expect.not.stringMatching(/s3cret/)]);
    expect(contents(albumTree(desk.path("out")))).toEqual(contents(treeOf(desk.path("in"))));
    const expected: Record<string, string> = {
      "dead.jpg?sig=***": "FETCH_404 1",
      "page.jpg?sig=***": "FETCH_NOT_IMAGE 1",
      "huge.jpg?sig=***": "FETCH_TOO_LARGE 1",
      "circle.jpg?sig=***": "FETCH_REDIRECTS 1",
      "slow.jpg?sig=***": "FETCH_TIMEOUT 1",
    };
    for (const id of "123456") expected[`gone-${id}.png?sig=***`] = "IMAGE_PLACEHOLDER 1";
    expect(await failuresOf(desk)).toEqual(expected);

    // One of them comes back; the others count one try more.
    pictures.set("dead.jpg", await sharp(pictures.get(moved!)).negate().jpeg().toBuffer());
    const retry = ["failures", "--retry", "--fetch-timeout-seconds", "1", "--max-fetch-bytes", "2000000"];
    await desk.albumen([...retry, "--catalog", "out/.albumen"], { env: ONLINE });
    const after = await failuresOf(desk);
    expect(after["dead.jpg?sig=***"]).toBeUndefined();
    expect(after["page.jpg?sig=***"]).toBe("FETCH_NOT_IMAGE 2");
    expect(after["slow.jpg?sig=***"]).toBe("FETCH_TIMEOUT 2");

    await desk.albumen([...args, "--keep-placeholders"], { env: ONLINE });
    expect(Object.values(await failuresOf(desk)).filter((text) => /PLACEHOLDER/.test(text))).toEqual([]);
    expect(contents(albumTree(desk.path("out"))).length).toBe(pictures.size + 1);
  }, 180_000);

  it("refuses this machine and its network unless that is allowed", async () => {
    const desk = openDesk();
    const server = await serveTheWeb(await drawn(desk, 1));
    const places = [
      `${server.origin}/a.jpg`,
      `http://localhost:${server.port}/b.jpg`,
      `http://2130706433:${server.port}/c.jpg`,
      "http://169.254.169.254/d.jpg",
      "http://[::ffff:10.0.0.1]/e.jpg",
    ];
    writeFileSync(desk.path("list.txt"), places.join("\n"));
    const ran = await desk.run(["organize", "list.txt", "--out", "out"], {
      env: { ALBUMEN_OFFLINE: undefined },
    });
    expect(ran.code).toBe(1);
    expect(Object.values(await failuresOf(desk))).toEqual(Array(5).fill("FETCH_REFUSED 1"));
    expect(server.connections()).toBe(0);
  }, 60_000);

  it("fetches next to nothing twice when it goes on after kill -9", async () => {
    const desk = openDesk();
    const pictures = await drawn(desk, 40);
    const server = await serveTheWeb(pictures);
    writeFileSync(
      desk.path("list.txt"),
      [...pictures.keys()].map((name) => `${server.origin}/${name}`).join("\n"),
    );
    const args = ["organize", "list.txt", "--fetch-per-host", "4", "--json", "--out", "out"];
    const killed = await desk.run(args, {
      env: ONLINE,
      interrupt: { when: /"stage":"embed","done":[1-9]/, signal: "SIGKILL" },
    });
    expect(killed.code).toBe(null);
    const fetchedBefore = server.requests.length;
    expect(fetchedBefore).toBeGreaterThan(100);

    const summary = summaryOf(await desk.json(args, { env: ONLINE }));
    expect(summary).toMatchObject({ images: pictures.size, failed: 0 });
    expect(contents(albumTree(desk.path("out")))).toEqual(contents(treeOf(desk.path("in"))));
    // What was on its way, and what had not been noted down yet (16 at a time), is asked for again.
    const twice = [...server.counts.values()].filter((count) => count > 1).length;
    expect(twice).toBeLessThan(40);
    expect(server.requests.length).toBe(pictures.size + twice);
  }, 180_000);

  it("speaks HTTP/2 with hosts that do", async () => {
    const desk = openDesk();
    const pictures = await drawn(desk, 4);
    const versions = new Set<string>();
    const server = await serveImages(
      (request, response, url) => {
        versions.add(request.httpVersion);
        sendImage(response, pictures.get(url.pathname.slice(1))!);
      },
      { tls: LOCALHOST },
    );
    const base = server.origin.replace("127.0.0.1", "localhost");
    writeFileSync(desk.path("list.txt"), [...pictures.keys()].map((name) => `${base}/${name}`).join("\n"));
    writeFileSync(desk.path("ca.pem"), LOCALHOST.cert);
    const env = { ...ONLINE, NODE_EXTRA_CA_CERTS: desk.path("ca.pem") };
    const lines = await desk.json(["organize", "list.txt", "--out", "out"], { env });
    expect(summaryOf(lines)).toMatchObject({ added: pictures.size, failed: 0 });
    expect([...versions]).toEqual(["2.0"]);
  }, 60_000);
});

describe("organize of a bucket", () => {
  it("makes the albums of the same files in a folder, and goes to the bucket once", async () => {
    const desk = openDesk();
    const pictures = await drawn(desk, 6);
    const server = await serveBuckets(["photos"]);
    for (const [name, bytes] of pictures) await server.put("photos", `2026/${name}`, bytes);
    await server.put("photos", "2026/notes.txt", Buffer.from("no picture"));
    await server.put("photos", "other/cat.jpg", pictures.values().next().value!);
    const env = { ...server.env, ALBUMEN_OFFLINE: undefined };
    const args = ["organize", "s3://photos/2026/", "--s3-endpoint", server.endpoint, "--out", "out"];
    expect(summaryOf(await desk.json(args, { env }))).toMatchObject({ added: pictures.size, failed: 0 });
    await desk.albumen(["organize", "in", "--out", "folder"]);
    expect(albumTree(desk.path("out"))).toEqual(albumTree(desk.path("folder")));
    expect(summaryOf(await desk.json(args, { env }))).toMatchObject({ added: 0, message: "Nothing is new." });

    const missing = await desk.run(
      ["organize", "s3://nowhere/", "--s3-endpoint", server.endpoint, "--out", "none"],
      { env },
    );
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/There is no bucket nowhere/)]);
    expect(readdirSync(desk.folder)).not.toContain("none");
  }, 120_000);

  it("takes the endpoint from the environment, and keys from a list", async () => {
    const desk = openDesk();
    const pictures = await drawn(desk, 3);
    const server = await serveBuckets(["photos"]);
    for (const [name, bytes] of pictures) await server.put("photos", name, bytes);
    writeFileSync(
      desk.path("list.csv"),
      ["path", ...[...pictures.keys()].map((name) => `s3://photos/${name}`)].join("\n"),
    );
    const env = { ...server.env, AWS_ENDPOINT_URL_S3: server.endpoint, ALBUMEN_OFFLINE: undefined };
    const lines = await desk.json(["organize", "list.csv", "--out", "out"], { env });
    expect(summaryOf(lines)).toMatchObject({ added: pictures.size, failed: 0 });
  }, 60_000);
});
