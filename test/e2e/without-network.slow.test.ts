/** Which model a run gets where nothing can be fetched, and what it says about it. */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  existsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { openDesk, type Desk } from "../support/cli.ts";
import { writePictures } from "../support/pictures.ts";

/** Goes on with the bundled model well before a person gives up. */
const PATIENCE_MS = 30_000;

async function withPictures(): Promise<Desk> {
  const desk = openDesk();
  await writePictures(desk.path("in"), { kinds: ["sunset", "night"], each: 4 });
  return desk;
}

/** A PATH on which there is Node and nothing else. */
function barePath(desk: Desk): string {
  mkdirSync(desk.path("bin"), { recursive: true });
  if (!existsSync(desk.path("bin/node"))) symlinkSync(process.execPath, desk.path("bin/node"));
  return desk.path("bin");
}

const modelOf = async (desk: Desk) => (await desk.json(["status"])).at(-1)!["model"] as string;
const fetched = (desk: Desk) =>
  existsSync(desk.path(".home/cache")) ? readdirSync(desk.path(".home/cache")) : [];

/** Answers 503 to everything and counts: the hub is not to be asked for real. */
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.writeHead(503).end();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("without pip, uv or a hub", () => {
  it("goes on with mini within seconds, and says so and how to get better albums", async () => {
    const desk = await withPictures();
    const env = {
      ALBUMEN_OFFLINE: undefined,
      ALBUMEN_MODEL: undefined,
      PATH: barePath(desk),
      HF_ENDPOINT: hub,
    };
    const { code, stderr, elapsedMs } = await desk.run(["organize", "in"], { env });
    expect(code).toBe(0);
    expect(stderr).toContain("Using mini instead of starter");
    expect(stderr).toContain("Albums will be rougher.");
    expect(elapsedMs).toBeLessThan(PATIENCE_MS);
    expect(await modelOf(desk)).toMatch(/^mini@/);
    // The catalog remembers: the next run neither asks nor complains.
    const before = asked.length;
    const again = await desk.run(["organize", "in"], { env });
    expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining("instead of")]);
    expect(asked.length).toBe(before);
  });

  it("asks what hangs, too, for seconds only", async () => {
    const desk = await withPictures();
    const hanging = createServer(() => {});
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    const { code, stderr, elapsedMs } = await desk.run(["organize", "in"], {
      env: {
        ALBUMEN_OFFLINE: undefined,
        ALBUMEN_MODEL: undefined,
        PATH: barePath(desk),
        HF_ENDPOINT: endpoint,
      },
    });
    hanging.closeAllConnections();
    hanging.close();
    expect([code, stderr]).toEqual([0, expect.stringContaining("Using mini instead of starter")]);
    expect(elapsedMs).toBeLessThan(PATIENCE_MS);
  });
});

describe("--offline", () => {
  it("asks nobody and starts no client, by flag and by environment", async () => {
    for (const [flags, offline] of [
      [["--offline"], undefined],
      [[], "1"],
    ] as const) {
      const desk = await withPictures();
      const bin = barePath(desk);
      for (const client of ["pip", "pip3", "uv", "python3", "python"]) {
        writeFileSync(
          `${bin}/${client}`,
          `#!${process.execPath}\nrequire("fs").appendFileSync(${JSON.stringify(desk.path("called"))}, process.argv.join(" ") + "\\n");process.exit(1);\n`,
        );
        chmodSync(`${bin}/${client}`, 0o755);
      }
      const before = asked.length;
      const { code, stderr } = await desk.run(["organize", "in", ...flags], {
        env: { ALBUMEN_OFFLINE: offline, ALBUMEN_MODEL: undefined, PATH: bin, HF_ENDPOINT: hub },
      });
      expect([code, stderr]).toEqual([0, expect.stringContaining("Using mini instead of starter")]);
      expect(asked.length).toBe(before);
      expect(existsSync(desk.path("called")) ? readFileSync(desk.path("called"), "utf8") : "").toBe("");
      expect(fetched(desk)).toEqual([]);
      expect(await modelOf(desk)).toMatch(/^mini@/);
    }
  });

  it("with a model asked for by name is an error, never another model", async () => {
    const desk = await withPictures();
    const { code, stdout, stderr } = await desk.run(["organize", "in", "--model", "starter", "--offline"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/not on this machine|offline/);
    expect(stderr).not.toContain("mini instead");
    // Nothing was done, so nothing is left behind.
    expect(existsSync(desk.path("albums"))).toBe(false);
  });

  it("a model that does not exist is an error that lists those that do", async () => {
    const { code, stderr } = await (await withPictures()).run(["organize", "in", "--model", "clever"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/mini.*starter/);
  });
});

describe("demo", () => {
  it("needs no pictures and no network, and run again takes the drawn ones", async () => {
    const desk = openDesk();
    const summary = (await desk.json(["demo"])).at(-1)!;
    expect(summary).toMatchObject({ failed: 2 });
    expect(summary["images"]).toBeGreaterThan(110);
    expect(summary["albums"]).toBeGreaterThan(8);
    expect((await desk.json(["demo"])).at(-1)).toMatchObject({ message: "Nothing is new." });
  });

  it("does not draw into a folder with other things in it", async () => {
    const desk = openDesk();
    mkdirSync(desk.path("albumen-demo"));
    writeFileSync(desk.path("albumen-demo/mine.txt"), "mine");
    const { code, stderr } = await desk.run(["demo"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("exists already")]);
    expect(readdirSync(desk.path("albumen-demo"))).toEqual(["mine.txt"]);
  });
});
