/** What an output tells of the places where pictures were taken: nothing, unless it was asked to. */
import { readdirSync, readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import yauzl from "yauzl";
import { EXIF_OF_LONDON } from "../fixtures/images.ts";
import { jsonLines, openDesk, type Desk } from "../support/cli.ts";
import { drawKind } from "../support/pictures.ts";

const IN_LONDON = EXIF_OF_LONDON.IFD3;

/** Without dates, so that a place is the most telling thing that could name an album. */
async function writeLocated(desk: Desk): Promise<void> {
  mkdirSync(desk.path("in"));
  for (const kind of ["stripes", "night"] as const)
    for (let number = 0; number < 4; number++)
      writeFileSync(
        desk.path(`in/${kind}-${number}.jpg`),
        await sharp(await drawKind(kind, number))
          .withExif({ IFD3: IN_LONDON })
          .jpeg({ quality: 90 })
          .toBuffer(),
      );
  writeFileSync(
    desk.path("in/big.tif"),
    await sharp(await drawKind("night", 9))
      .tiff({ bigtiff: true })
      .toBuffer(),
  );
}

async function unzip(file: string): Promise<Map<string, Buffer>> {
  const zip = await yauzl.openPromise(file);
  const entries = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry())
    entries.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)));
  zip.close();
  return entries;
}

const isJpeg = (name: string): boolean => name.endsWith(".jpg");
/** `51.5°N`, `51.5`, `-0.125`: as a name, as numbers. */
const TELLS_PLACE = /51\.5|0\.125|0\.1°/;

async function hasGps(jpeg: Buffer): Promise<boolean> {
  const { exif } = await sharp(jpeg).metadata();
  return exif?.includes(Buffer.from([0x25, 0x88])) ?? false; // the pointer's tag
}

describe("places", () => {
  it("are in no export and not in the archive, and in the originals as before", async () => {
    const desk = openDesk();
    await writeLocated(desk);
    const { stderr, code } = await desk.run(["organize", "in", "--albums", "2", "--zip", "all.zip"]);
    expect(code).toBe(0);
    expect(stderr).toContain("big.tif is left out of the archive");
    const exports = ["albums.json", "albums.csv", "index.html"].map((name) => desk.path("albums", name));
    const page = (path: string) => readFileSync(path, "utf8").replace(/data:image[^"]*/g, "");
    for (const path of exports) expect(page(path), path).not.toMatch(TELLS_PLACE);
    expect(readdirSync(desk.path("albums")).join()).not.toMatch(TELLS_PLACE);

    const archive = await unzip(desk.path("all.zip"));
    const pictures = [...archive].filter(([name]) => isJpeg(name));
    expect(pictures).toHaveLength(8);
    for (const [name, bytes] of pictures) {
      expect(await hasGps(bytes), name).toBe(false);
      const source = readFileSync(join(desk.path("in"), name.split("/").at(-1)!));
      expect(await hasGps(source)).toBe(true);
      expect(await sharp(bytes).raw().toBuffer()).toEqual(await sharp(source).raw().toBuffer());
    }
    expect([...archive.keys()].some((name) => name.endsWith("big.tif"))).toBe(false);
  });

  it("are in the archive when asked for, which is said, and go again when not", async () => {
    const desk = openDesk();
    await writeLocated(desk);
    const kept = await desk.run([
      "organize",
      "in",
      "--albums",
      "2",
      "--zip",
      "all.zip",
      "--keep-location",
      "--json",
    ]);
    expect(kept.stderr + kept.stdout).toContain("--keep-location");
    // Nothing tells more about one of the albums than its place, so what is asserted about names could fail.
    expect(await desk.albumen(["albums"])).toContain("Near 51.5°N 0.1°W");
    const before = await unzip(desk.path("all.zip"));
    const located = [...before].filter(([name]) => isJpeg(name));
    for (const [name, bytes] of located)
      expect(bytes).toEqual(readFileSync(join(desk.path("in"), name.split("/").at(-1)!)));
    expect([...before.keys()].some((name) => name.endsWith("big.tif"))).toBe(true);

    const { stdout } = await desk.run(["organize", "in", "--zip", "all.zip", "--no-keep-location", "--json"]);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "summary", added: 0 });
    for (const [name, bytes] of await unzip(desk.path("all.zip")))
      if (isJpeg(name)) expect(await hasGps(bytes), name).toBe(false);
    expect(readFileSync(desk.path("albums/albums.json"), "utf8")).not.toMatch(TELLS_PLACE);
  });
});
