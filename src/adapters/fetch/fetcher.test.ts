import { setMaxListeners } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { LOCALHOST } from "../../../test/fixtures/localhost-certificate.ts";
import { sendImage, sendStatus, serveImages, type Route } from "../../../test/support/image-server.ts";
import { createFetcher, type Fetched, type Fetcher, type FetcherOptions } from "./fetcher.ts";
import type { Clock } from "./clock.ts";

/** JPEG by its first bytes; what follows is of no matter here. */
const IMAGE = Uint8Array.from({ length: 20_000 }, (_, i) => (i < 3 ? [0xff, 0xd8, 0xff][i]! : i % 251));
const signal = new AbortController().signal;
setMaxListeners(0, signal);

/** Time that passes only while something waits for it; every wait is noted. */
function fakeClock(): Clock & { readonly waits: number[] } {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    async sleep(ms) {
      waits.push(ms);
      now += ms;
    },
  };
}

const open: Fetcher[] = [];
afterEach(async () => {
  for (const fetcher of open.splice(0)) await fetcher.close();
});

function openFetcher(options: Partial<FetcherOptions> = {}): Fetcher {
  const fetcher = createFetcher({
    userAgent: "albumen/0.0.0",
    offline: false,
    allowPrivate: true,
    concurrency: 64,
    perHost: 16,
    timeoutMs: 20_000,
    maxBytes: 1_000_000,
    proxy: null,
    clock: fakeClock(),
    random: () => 1,
    ...options,
  });
  open.push(fetcher);
  return fetcher;
}

/** The bytes' length, "unchanged", or the error's code. */
async function outcome(fetching: Promise<Fetched>): Promise<string | number> {
  try {
    const fetched = await fetching;
    return fetched.kind === "bytes" ? fetched.bytes.length : fetched.kind;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const get = (fetcher: Fetcher, url: string, stop: AbortSignal = signal): Promise<string | number> =>
  outcome(fetcher.fetch(url, { signal: stop, validators: null }));

/** A status for the first requests of each path, then the image. */
const failing = (times: number, status: number, headers: Record<string, string> = {}): Route =>
  (() => {
    const seen = new Map<string, number>();
    return (_, response, url) => {
      const count = (seen.get(url.pathname) ?? 0) + 1;
      seen.set(url.pathname, count);
      if (count <= times) sendStatus(response, status, headers);
      else sendImage(response, IMAGE);
    };
  })();

describe("fetching a URL", () => {
  it("gives the bytes in a buffer of their own, with the validators", async () => {
    const server = await serveImages((_, response) =>
      sendImage(response, IMAGE, { etag: '"v1"', "last-modified": "Tue, 24 Nov 2026 00:00:00 GMT" }),
    );
    const fetched = await openFetcher().fetch(`${server.origin}/a.jpg?w=1`, { signal, validators: null });
    if (fetched.kind !== "bytes") throw new Error(fetched.kind);
    expect(Buffer.compare(fetched.bytes, IMAGE)).toBe(0);
    expect(fetched.bytes.buffer.byteLength).toBe(IMAGE.length);
    expect(fetched.validators).toEqual({ etag: '"v1"', lastModified: "Tue, 24 Nov 2026 00:00:00 GMT" });
    expect(server.requests).toEqual([
      { path: "/a.jpg?w=1", headers: expect.objectContaining({ "user-agent": "albumen/0.0.0" }) },
    ]);
  });

  it("asks with the validators it is given, and hears that nothing changed", async () => {
    const server = await serveImages((request, response) =>
      request.headers["if-none-match"] === '"v1"' ? sendStatus(response, 304) : sendImage(response, IMAGE),
    );
    const fetcher = openFetcher();
    const ask = (etag: string) =>
      outcome(
        fetcher.fetch(`${server.origin}/a.jpg`, { signal, validators: { etag, lastModified: "yesterday" } }),
      );
    expect([await ask('"v1"'), await ask('"v0"')]).toEqual(["unchanged", IMAGE.length]);
    expect(server.requests[0]!.headers["if-modified-since"]).toBe("yesterday");
  });

  it.each([
    ["gzip", gzipSync(IMAGE)],
    ["br", brotliCompressSync(IMAGE)],
  ])("unpacks %s that it had not asked for", async (encoding, packed) => {
    const server = await serveImages((request, response) => {
      expect(request.headers["accept-encoding"]).toBe("identity");
      sendImage(response, packed, { "content-encoding": encoding });
    });
    expect(await get(openFetcher(), server.origin)).toBe(IMAGE.length);
  });

  it("refuses what unpacks to more than the limit", async () => {
    const bomb = gzipSync(Buffer.concat([IMAGE, Buffer.alloc(50_000_000)]));
    const server = await serveImages((_, response) =>
      sendImage(response, bomb, { "content-encoding": "gzip" }),
    );
    expect(bomb.length).toBeLessThan(1_000_000);
    expect(await get(openFetcher(), server.origin)).toBe("FETCH_TOO_LARGE");
  });

  it.each([
    [400, "FETCH_HTTP"],
    [401, "FETCH_401"],
    [403, "FETCH_403"],
    [404, "FETCH_404"],
    [410, "FETCH_410"],
    [304, "FETCH_HTTP"],
    [204, "FETCH_HTTP"],
  ])("fails at once with status %d", async (status, code) => {
    const server = await serveImages(failing(9, status));
    expect([await get(openFetcher(), `${server.origin}/x`), server.counts.get("/x")]).toEqual([code, 1]);
  });

  it("believes the bytes, not the headers", async () => {
    const server = await serveImages((_, response, url) => {
      if (url.pathname === "/page.jpg")
        sendImage(response, Buffer.from(" <!DOCTYPE html><html>sorry</html>"));
      else if (url.pathname === "/junk.jpg") sendImage(response, Buffer.alloc(9000, 7));
      else if (url.pathname === "/empty.jpg") sendImage(response, Buffer.alloc(0));
      else sendImage(response, IMAGE, { "content-type": "text/html" });
    });
    const fetcher = openFetcher();
    expect(await get(fetcher, `${server.origin}/said-to-be-a-page`)).toBe(IMAGE.length);
    expect(await get(fetcher, `${server.origin}/empty.jpg`)).toBe("IMAGE_EMPTY");
    const message = (path: string) => fetcher.fetch(server.origin + path, { signal, validators: null });
    await expect(message("/page.jpg")).rejects.toThrow("/page.jpg: it is a web page, no image.");
    await expect(message("/junk.jpg")).rejects.toThrow("it is no image (its headers say image/jpeg).");
    expect([...server.counts.values()]).toEqual([1, 1, 1, 1]);
  });

  it("hangs up on a long answer once its first bytes are no image", async () => {
    let sent = 0;
    const server = await serveImages((_, response) => {
      response.writeHead(200);
      const more = (): void => {
        if (response.destroyed || sent > 500_000_000) return;
        sent += 65_536;
        if (response.write(Buffer.alloc(65_536, 7))) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    });
    expect(await get(openFetcher({ maxBytes: 1_000_000_000 }), server.origin)).toBe("FETCH_NOT_IMAGE");
    expect(sent).toBeLessThan(20_000_000);
  });

  it("refuses more bytes than the limit, announced or not", async () => {
    const server = await serveImages((_, response, url) => {
      if (url.pathname === "/announced") sendImage(response, IMAGE);
      else response.writeHead(200).end(IMAGE);
    });
    const fetcher = openFetcher({ maxBytes: IMAGE.length - 1 });
    expect(await get(fetcher, `${server.origin}/announced`)).toBe("FETCH_TOO_LARGE");
    expect(await get(fetcher, `${server.origin}/unannounced`)).toBe("FETCH_TOO_LARGE");
    expect(await get(openFetcher({ maxBytes: IMAGE.length }), server.origin)).toBe(IMAGE.length);
  });

  it("sends the user and password of a URL, and shows neither", async () => {
    const server = await serveImages((request, response) =>
      request.headers.authorization === `Basic ${Buffer.from("ana:s3 cret").toString("base64")}`
        ? sendImage(response, IMAGE)
        : sendStatus(response, 401),
    );
    const url = (password: string) => server.origin.replace("http://", `http://ana:${password}@`);
    expect(await get(openFetcher(), url("s3%20cret"))).toBe(IMAGE.length);
    const failed = openFetcher().fetch(`${url("wr0ng")}/?token=s3cret`, { signal, validators: null });
    await expect(failed).rejects.toThrow(
      `http://***@127.0.0.1:${server.port}/?token=*** answered with status 401.`,
    );
  });

  it("fetches nothing when offline", async () => {
    expect(await get(openFetcher({ offline: true }), "https://example.com/a.jpg")).toBe("FETCH_OFFLINE");
  });

  it("distrusts a certificate that nobody signed", async () => {
    const server = await serveImages((_, response) => sendImage(response, IMAGE), { tls: LOCALHOST });
    expect(await get(openFetcher(), `https://localhost:${server.port}/`)).toBe("FETCH_TLS");
    expect(server.counts.size).toBe(0);
  });
});

describe("redirects", () => {
  const chain: Route = (_, response, url) => {
    const left = Number(url.pathname.slice(1));
    if (left === 0) sendImage(response, IMAGE);
    else sendStatus(response, [301, 302, 303, 307, 308][left % 5]!, { location: `/${left - 1}` });
  };

  it("follows five, and no sixth", async () => {
    const server = await serveImages(chain);
    const fetcher = openFetcher();
    expect(await get(fetcher, `${server.origin}/5`)).toBe(IMAGE.length);
    expect(await get(fetcher, `${server.origin}/6`)).toBe("FETCH_REDIRECTS");
    expect(server.counts.get("/0")).toBe(1);
  });

  it.each([
    ["in a circle", { location: "/" }, "FETCH_REDIRECTS"],
    ["to nowhere", {}, "FETCH_REDIRECTS"],
    ["to a file", { location: "file:///etc/passwd" }, "FETCH_BAD_URL"],
    ["to what is no URL", { location: "http://[" }, "FETCH_BAD_URL"],
  ])("fails %s", async (_, headers: Record<string, string>, code) => {
    const server = await serveImages((__, response) => sendStatus(response, 302, headers));
    expect(await get(openFetcher(), server.origin)).toBe(code);
  });

  it("takes credentials along within an origin, and to no other", async () => {
    const other = await serveImages((_, response) => sendImage(response, IMAGE));
    const server = await serveImages((_, response, url) =>
      sendStatus(response, 302, { location: url.pathname === "/1" ? "/2" : other.origin }),
    );
    expect(await get(openFetcher(), `http://ana:pw@127.0.0.1:${server.port}/1`)).toBe(IMAGE.length);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(
      Array(2).fill(`Basic ${Buffer.from("ana:pw").toString("base64")}`),
    );
    expect(other.requests[0]!.headers.authorization).toBeUndefined();
  });

  it("shows no secret of the target either", async () => {
    const server = await serveImages((_, response, url) =>
      url.search === ""
        ? sendStatus(response, 302, { location: "/x.jpg?X-Amz-Signature=s3cret" })
        : sendStatus(response, 403),
    );
    const failed = openFetcher().fetch(server.origin, { signal, validators: null });
    await expect(failed).rejects.toThrow(
      `${server.origin}/x.jpg?X-Amz-Signature=*** answered with status 403.`,
    );
  });
});

describe("trying again", () => {
  it.each([408, 429, 500, 502, 503, 504])("passes over a status of %d", async (status) => {
    const clock = fakeClock();
    const server = await serveImages(failing(3, status));
    expect(await get(openFetcher({ clock }), `${server.origin}/a`)).toBe(IMAGE.length);
    expect(clock.waits).toEqual([500, 1000, 2000]);
  });

  it("waits a random part of twice as long each time", async () => {
    const clock = fakeClock();
    const parts = [0.25, 0.5, 0.75];
    const server = await serveImages(failing(3, 500));
    await get(openFetcher({ clock, random: () => parts.shift()! }), `${server.origin}/a`);
    expect(clock.waits).toEqual([125, 500, 1500]);
  });

  it("gives up after the fourth try, and says that it may pass", async () => {
    const server = await serveImages(failing(9, 503));
    await expect(
      openFetcher().fetch(`${server.origin}/a`, { signal, validators: null }),
    ).rejects.toMatchObject({
      code: "FETCH_5XX",
      isRetryable: true,
    });
    expect(server.counts.get("/a")).toBe(4);
  });

  it("lets the whole host rest as long as it asks to", async () => {
    const clock = fakeClock();
    const server = await serveImages(failing(1, 429, { "retry-after": "7" }));
    const fetcher = openFetcher({ clock, random: () => 0 });
    expect(await get(fetcher, `${server.origin}/a`)).toBe(IMAGE.length);
    expect(clock.waits).toEqual([0, 7000]);
  });

  it("asks no more of a host that wants a long rest", async () => {
    const clock = fakeClock();
    const server = await serveImages(failing(1, 429, { "retry-after": "3600" }));
    const fetcher = openFetcher({ clock });
    const fetching = fetcher.fetch(`${server.origin}/a`, { signal, validators: null });
    await expect(fetching).rejects.toMatchObject({
      code: "FETCH_429",
      isRetryable: true,
      message: `127.0.0.1:${server.port} answered with status 429 and asked not to come back for 3600 s.`,
    });
    expect(await get(fetcher, `${server.origin}/b`)).toBe("FETCH_429");
    expect([...server.counts]).toEqual([["/a", 1]]);
    await clock.sleep(3_600_000, signal);
    expect(await get(fetcher, `${server.origin}/c`)).toBe("FETCH_429"); // its own first one
  });

  it.each([
    ["before the answer", (socket: Socket) => socket.resetAndDestroy()],
    [
      "in the middle of it",
      (socket: Socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 20000\r\n\r\n");
        socket.write(IMAGE.subarray(0, 9000), () => socket.destroy());
      },
    ],
  ])("passes over a connection that breaks %s", async (_, breakOff) => {
    let connections = 0;
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        if (++connections < 3) return breakOff(socket);
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${IMAGE.length}\r\nconnection: close\r\n\r\n`);
        socket.end(IMAGE);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect([await get(openFetcher(), `http://127.0.0.1:${port}/a`), connections]).toEqual([IMAGE.length, 3]);
    server.close();
  });

  it("leaves a host alone once it refused five connections in a row", async () => {
    const server = await serveImages((_, response) => sendImage(response, IMAGE));
    await server.close();
    const clock = fakeClock();
    const fetcher = openFetcher({ clock });
    expect(await get(fetcher, `${server.origin}/a`)).toBe("FETCH_UNREACHABLE"); // four tries
    const second = fetcher.fetch(`${server.origin}/b`, { signal, validators: null });
    await expect(second).rejects.toThrow(
      `127.0.0.1:${server.port} refuses connections, several times in a row.`,
    );
    const waited = clock.waits.length;
    expect([await get(fetcher, `${server.origin}/c`), clock.waits.length]).toEqual([
      "FETCH_UNREACHABLE",
      waited,
    ]);
  });
});

describe("limits in time and number", () => {
  it("gives up on a host that never answers, and on one that never ends", async () => {
    const server = await serveImages((_, response, url) => {
      if (url.pathname === "/silent") return;
      response.writeHead(200, { "content-length": "1000000" });
      const drip = setInterval(() => response.write(IMAGE.subarray(0, 100)), 20);
      response.on("close", () => clearInterval(drip));
    });
    const fetcher = openFetcher({ timeoutMs: 150 });
    expect(await get(fetcher, `${server.origin}/silent`)).toBe("FETCH_TIMEOUT");
    expect(await get(fetcher, `${server.origin}/dripping`)).toBe("FETCH_TIMEOUT");
    expect([...server.counts.values()]).toEqual([4, 4]);
  });

  it("keeps to the number of requests a host and in all, over few connections", async () => {
    const route: Route = (_, response) => void setTimeout(() => sendImage(response, IMAGE), 5);
    const [a, b] = [await serveImages(route), await serveImages(route)];
    const fetcher = openFetcher({ concurrency: 5, perHost: 3 });
    const urls = Array.from({ length: 40 }, (_, i) => `${(i % 2 ? a : b).origin}/${i}`);
    const sizes = await Promise.all(urls.map((url) => get(fetcher, url)));
    expect(new Set(sizes)).toEqual(new Set([IMAGE.length]));
    expect([a.busiest(), b.busiest()].every((busiest) => busiest <= 3)).toBe(true);
    expect(a.connections() + b.connections()).toBeLessThanOrEqual(6);
    expect(Math.max(a.busiest(), b.busiest())).toBe(3);
  });

  it("lets no slow host hold up the others", async () => {
    const slow = await serveImages(() => {});
    const quick = await serveImages((_, response) => sendImage(response, IMAGE));
    const fetcher = openFetcher({ concurrency: 3, perHost: 2 });
    const stop = new AbortController();
    setMaxListeners(20, stop.signal);
    const stuck = Array.from({ length: 10 }, (_, i) => get(fetcher, `${slow.origin}/${i}`, stop.signal));
    expect(await get(fetcher, quick.origin)).toBe(IMAGE.length);
    stop.abort();
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(["ABORTED"]));
    expect(await get(fetcher, quick.origin)).toBe(IMAGE.length);
  });

  it("stops at once when cancelled, wherever it is", async () => {
    const server = await serveImages((_, response) => void response.writeHead(200).write(IMAGE));
    const stop = new AbortController();
    const fetching = get(openFetcher(), server.origin, stop.signal);
    while (server.counts.size === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort();
    expect(await fetching).toBe("ABORTED");
    expect(await get(openFetcher(), server.origin, stop.signal)).toBe("ABORTED");
  });
});

describe("addresses that must not be reached", () => {
  const image: Route = (_, response) => sendImage(response, IMAGE);

  it("refuses a server on loopback by its address and by its name, without a connection", async () => {
    const server = await serveImages(image);
    const fetcher = openFetcher({ allowPrivate: false });
    expect(await get(fetcher, server.origin)).toBe("FETCH_REFUSED");
    expect(await get(fetcher, `http://localhost:${server.port}/`)).toBe("FETCH_REFUSED");
    expect(server.connections()).toBe(0);
  });

  it("refuses a public-looking name that leads to this machine, whichever spelling it resolves to", async () => {
    const server = await serveImages(image);
    for (const address of ["127.0.0.1", "::ffff:127.0.0.1", "::1", "0.0.0.0"]) {
      const resolve = async () => [{ address, family: address.includes(":") ? 6 : 4 }];
      const fetcher = openFetcher({ allowPrivate: false, resolve });
      expect(await get(fetcher, `http://rebind.test:${server.port}/`)).toBe("FETCH_REFUSED");
    }
    expect(server.connections()).toBe(0);
  });

  it("connects to the address that was checked, though the name means another by then", async () => {
    const server = await serveImages((_, response) => sendImage(response, IMAGE, { connection: "close" }));
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return [{ address: asked.length === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }];
    };
    const fetcher = openFetcher({ resolve });
    for (let i = 0; i < 3; i++)
      expect(await get(fetcher, `http://rebind.test:${server.port}/${i}`)).toBe(IMAGE.length);
    expect([asked, server.connections()]).toEqual([["rebind.test"], 3]);
  });

  it("reaches that very server by the same name once private addresses are allowed", async () => {
    const server = await serveImages(image);
    const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
    const fetcher = openFetcher({ resolve });
    expect(await get(fetcher, `http://rebind.test:${server.port}/`)).toBe(IMAGE.length);
  });

  it.each([
    "http://127.0.0.1:PORT/",
    "http://0x7f.1:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "//127.1:PORT/",
  ])("refuses a redirect to %s", async (target) => {
    const inside = await serveImages(image);
    // A proxy plays the public web: without a network there is no other way to a public name.
    const proxy = await serveImages((_, response) =>
      sendStatus(response, 302, { location: target.replace("PORT", String(inside.port)) }),
    );
    const fetcher = openFetcher({ allowPrivate: false, proxy: proxy.origin });
    expect(await get(fetcher, "http://public.test/a.jpg")).toBe("FETCH_REFUSED");
    expect([inside.connections(), proxy.requests.length]).toEqual([0, 1]);
  });
});

describe("through a proxy", () => {
  it("leaves names to the proxy, and goes nowhere else", async () => {
    const proxy = await serveImages((request, response) =>
      request.url === "http://pictures.test/a.jpg" ? sendImage(response, IMAGE) : sendStatus(response, 404),
    );
    const resolve = () => Promise.reject(new Error("no name is resolved here"));
    const fetcher = openFetcher({ allowPrivate: false, proxy: proxy.origin, resolve });
    expect(await get(fetcher, "http://pictures.test/a.jpg")).toBe(IMAGE.length);
    expect(await get(fetcher, "http://10.0.0.1/a.jpg")).toBe("FETCH_REFUSED");
  });
});
