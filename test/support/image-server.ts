/** A web server on loopback that serves what a test tells it to, and counts what was asked of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export type Route = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export interface ImageServer {
  /** `http://127.0.0.1:port`, without a slash at the end */
  readonly origin: string;
  readonly port: number;
  /** requests by path and query, in the order of the first of each */
  readonly counts: Map<string, number>;
  readonly requests: { readonly path: string; readonly headers: IncomingMessage["headers"] }[];
  /** connections that were ever opened */
  connections(): number;
  /** most requests that were open at the same time */
  busiest(): number;
  close(): Promise<void>;
}

const opened: ImageServer[] = [];
afterAll(async () => {
  for (const server of opened) await server.close();
});

/** Closed when all tests of the file are done. `tls`: HTTP/2 and 1.1 with this certificate; plain HTTP/1.1 without. */
export async function serveImages(
  route: Route,
  options: { readonly tls?: { readonly key: string; readonly cert: string }; readonly host?: string } = {},
): Promise<ImageServer> {
  const counts = new Map<string, number>();
  const requests: ImageServer["requests"] = [];
  let [connections, busy, busiest] = [0, 0, 0];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? "/";
    counts.set(path, (counts.get(path) ?? 0) + 1);
    requests.push({ path, headers: request.headers });
    busiest = Math.max(busiest, ++busy);
    response.on("close", () => busy--);
    route(request, response, new URL(path, "http://server.test"));
  };
  const server = options.tls
    ? createSecureServer(
        { ...options.tls, allowHTTP1: true },
        listener as unknown as Parameters<typeof createSecureServer>[1],
      )
    : createServer(listener);
  server.on("connection", () => connections++);
  const host = options.host ?? "127.0.0.1";
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const made: ImageServer = {
    origin: `${options.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    counts,
    requests,
    connections: () => connections,
    busiest: () => busiest,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) (server as Server).closeAllConnections();
      }),
  };
  opened.push(made);
  return made;
}

/** Answers with an image. */
export function sendImage(
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { "content-type": "image/jpeg", "content-length": bytes.length, ...headers });
  response.end(bytes);
}

/** Answers with a status, and a small web page as servers add one. */
export function sendStatus(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "text/html", ...headers });
  response.end(status === 304 ? undefined : `<html><body>${status}</body></html>`);
}
