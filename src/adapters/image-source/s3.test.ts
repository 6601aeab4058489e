import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { serveBuckets, type S3Server } from "../../../test/support/s3-server.ts";
import { createS3Source, type S3Source, type S3SourceOptions } from "./s3.ts";

const { signal } = new AbortController();

const open: S3Source[] = [];
afterEach(() => open.splice(0).forEach((source) => source.close()));

function openSource(
  server: Pick<S3Server, "endpoint" | "env">,
  options: Partial<S3SourceOptions> = {},
): S3Source {
  const source = createS3Source({
    endpoint: server.endpoint,
    env: server.env,
    offline: false,
    concurrency: 8,
    maxBytes: 1_000_000,
    clock: { now: () => 0, sleep: async () => {} },
    random: () => 0,
    ...options,
  });
  open.push(source);
  return source;
}

/** Keys of images; others with what became of them. */
async function list(source: S3Source, root: string): Promise<string[]> {
  const items: string[] = [];
  for await (const item of source.list(root, null, signal)) {
    const place = item.kind === "location" ? item.location.source : item.source;
    items.push(item.kind === "location" ? place : `${item.kind} ${place}`);
  }
  return items;
}

describe("a bucket", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await serveBuckets(["photos"]);
    for (const key of [
      "cats/1.jpg",
      "cats/ä #2?.png",
      "cats/notes.txt",
      "cats/.hidden.jpg",
      "cats/plain",
      "catsuit.jpg",
    ])
      await server.put("photos", key, Buffer.from(`bytes of ${key}`));
    await server.put("photos", "empty.jpg", Buffer.alloc(0));
    await server.put("photos", "big.jpg", Buffer.alloc(5000, 7));
  });

  it("lists the images below a prefix, by key", async () => {
    const source = openSource(server);
    expect(await list(source, "s3://photos/cats/")).toEqual([
      "s3://photos/cats/1.jpg",
      "skipped s3://photos/cats/notes.txt",
      "s3://photos/cats/plain",
      "s3://photos/cats/ä #2?.png",
    ]);
    expect(await list(source, "s3://photos/cats")).toContain("s3://photos/catsuit.jpg");
    expect((await list(source, "s3://photos")).length).toBe(7);
    expect(await list(source, "s3://photos/nothing/")).toEqual([]);
  });

  it("gives the bytes under the stamp that it listed, whatever the key", async () => {
    const source = openSource(server);
    for await (const item of source.list("s3://photos/cats/", "ana", signal)) {
      if (item.kind !== "location") continue;
      const { location } = item;
      expect(location.user).toBe("ana");
      const read = await source.read(location.source, { signal, before: null });
      if (read.kind !== "bytes") throw new Error(read.kind);
      expect(Buffer.from(read.bytes).toString()).toBe(
        `bytes of ${location.source.slice("s3://photos/".length)}`,
      );
      expect(read.stamp).toBe(location.stamp);
    }
  });

  it("hears that an object is what it was", async () => {
    const source = openSource(server);
    const read = await source.read("s3://photos/big.jpg", { signal, before: null });
    const stamp = read.kind === "bytes" ? read.stamp : "";
    expect(await source.read("s3://photos/big.jpg", { signal, before: stamp })).toEqual({
      kind: "unchanged",
    });
    expect((await source.read("s3://photos/big.jpg", { signal, before: '"0"' })).kind).toBe("bytes");
  });

  it.each([
    ["s3://photos/gone.jpg", "FETCH_404"],
    ["s3://photos/empty.jpg", "IMAGE_EMPTY"],
    ["s3://photos/big.jpg", "FETCH_TOO_LARGE"],
    ["s3://nowhere/1.jpg", "FETCH_404"],
  ])("fails %s with %s", async (place, code) => {
    const source = openSource(server, { maxBytes: 4999 });
    await expect(source.read(place, { signal, before: null })).rejects.toMatchObject({ code });
  });

  it("says what is wrong when it cannot be listed", async () => {
    await expect(list(openSource(server), "s3://nowhere/")).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: "There is no bucket nowhere.",
    });
    await expect(list(openSource(server), "s3://evil.test#/")).rejects.toMatchObject({
      code: "SOURCE_NOT_FOUND",
    });
    await expect(list(openSource(server, { offline: true }), "s3://photos/")).rejects.toMatchObject({
      code: "FETCH_OFFLINE",
    });
  });
});

describe("a server of buckets", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });
  const serve = async (route: RequestListener) => {
    const server = createServer(route);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { endpoint, env: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" } };
  };

  it("is asked for the next page until there is none", async () => {
    const pages: Readonly<Record<string, readonly [key: string, next: string | null]>> = {
      "": ["a.jpg", "p 2/+"],
      "p 2/+": ["b.jpg", "p3"],
      p3: ["c.jpg", null],
    };
    const server = await serve((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, "http://s3.test");
      const [key, next] = pages[searchParams.get("continuation-token") ?? ""]!;
      const more = next === null ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
      response.setHeader("content-type", "application/xml");
      response.end(
        `<ListBucketResult><Name>${pathname.slice(1)}</Name><IsTruncated>${next !== null}</IsTruncated>${more}` +
          `<Contents><Key>${key}</Key><ETag>"1"</ETag><Size>1</Size></Contents></ListBucketResult>`,
      );
    });
    expect(await list(openSource(server), "s3://many")).toEqual(
      ["a", "b", "c"].map((name) => `s3://many/${name}.jpg`),
    );
  });

  it("is asked again after a failure, and after an answer that broke off", async () => {
    let asked = 0;
    const server = await serve((_, response) => {
      if (++asked === 1) return void response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
      response.writeHead(200, { "content-length": 6, etag: '"1"' });
      if (asked === 2) return void response.write("pic", () => response.destroy());
      return void response.end("pictur");
    });
    const read = await openSource(server).read("s3://bucket/1.jpg", { signal, before: null });
    expect([asked, read.kind === "bytes" && Buffer.from(read.bytes).toString()]).toEqual([3, "pictur"]);
  });

  it("that refuses, or is not there, stops the listing with the reason and without the key", async () => {
    const refusing = await serve((_, response) =>
      response.writeHead(403).end("<Error><Code>SignatureDoesNotMatch</Code></Error>"),
    );
    const env = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "s3cret" };
    const error: unknown = await list(openSource({ ...refusing, env }), "s3://bucket/").catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringMatching(/says SignatureDoesNotMatch \(status 403\)/) as string,
      isRetryable: false,
    });
    expect(inspect(error, { depth: 9 })).not.toMatch(/AKIAEXAMPLE|s3cret|Signature=/);
    for (const server of servers.splice(0)) server.close().closeAllConnections();
    await expect(list(openSource(refusing), "s3://bucket/")).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
      isRetryable: true,
    });
  });
});
