/** `albumen duplicates` on pictures whose doubles are known, because they were made here. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import Papa from "papaparse";
import type { Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { decodePictures, type GalleryWire } from "../../src/gallery/wire.ts";
import { drawPicture, toSharp } from "../fixtures/images.ts";
import { albumTree, openDesk, treeOf, type Desk } from "../support/cli.ts";
import { writePictures } from "../support/pictures.ts";

interface Told {
  readonly kind: "exact" | "near" | "burst";
  readonly keep: string;
  readonly why: string;
  readonly files: readonly { readonly sources: readonly string[] }[];
}

const shotAt = (time: string, camera = "Phone X") => ({
  IFD0: { Make: "Maker", Model: camera },
  IFD2: { DateTimeOriginal: time },
});

/**
 * Twelve unlike pictures (drawn sunsets are left out: all have one outline, which counts as one picture); `scene`, with an equal file and three changed copies; and three shots of `street` within four seconds, the
 * second one blurred, with one an hour later and one by another camera at the same time.
 */
async function writeDoubles(desk: Desk): Promise<void> {
  await writePictures(desk.path("in"), { each: 3, kinds: ["receipt", "stripes", "night", "flower"] });
  const write = async (name: string, picture: Sharp): Promise<void> =>
    void writeFileSync(desk.path("in", name), await picture.toBuffer());
  const scene = () => toSharp(drawPicture(640, 480, 11));
  await write("scene.jpg", scene().jpeg({ quality: 92 }));
  mkdirSync(desk.path("in/backup"));
  copyFileSync(desk.path("in/scene.jpg"), desk.path("in/backup/again.jpg"));
  await write("scene re-encoded.jpg", scene().jpeg({ quality: 40 }));
  await write("scene halved.png", scene().resize(320, 240).png());
  await write(
    "scene cropped.jpg",
    scene().extract({ left: 32, top: 24, width: 576, height: 432 }).jpeg({ quality: 92 }),
  );
  const street = (sigma = 0) => {
    const drawn = toSharp(drawPicture(640, 480, 23));
    return sigma > 0 ? drawn.blur(sigma) : drawn;
  };
  // Shots differ in noise, as shots do.
  await write("street-1.jpg", street(1.2).withExif(shotAt("2024:07:01 12:00:00")).jpeg({ quality: 90 }));
  await write("street-2.jpg", street().withExif(shotAt("2024:07:01 12:00:02")).jpeg({ quality: 90 }));
  await write("street-3.jpg", street(2).withExif(shotAt("2024:07:01 12:00:04")).jpeg({ quality: 90 }));
  await write("street later.jpg", street(0.8).withExif(shotAt("2024:07:01 13:00:00")).jpeg({ quality: 88 }));
  await write(
    "street by another.jpg",
    street(0.6).withExif(shotAt("2024:07:01 12:00:01", "Phone Y")).jpeg({ quality: 88 }),
  );
}

/** File names of the pictures that the gallery shows before the doubles. */
function topOfGallery(desk: Desk): string[] {
  const page = readFileSync(desk.path("albums/index.html"), "utf8");
  const { images } = JSON.parse(/id="gallery-data">([^]*?)<\/script>/.exec(page)![1]!) as GalleryWire;
  return decodePictures(images)
    .filter(({ isDouble }) => !isDouble)
    .map(({ name }) => name);
}

const nameOf = (source: string): string => basename(source);
const namesOf = (set: Told): string[] => set.files.flatMap(({ sources }) => sources.map(nameOf)).sort();

describe("duplicates", () => {
  it("tells equal files, changed copies and bursts apart, says what to keep and why, and deletes nothing", async () => {
    const desk = openDesk();
    await writeDoubles(desk);
    await desk.albumen(["organize", "in", "--albums", "4"]);
    const originals = treeOf(desk.path("in"));
    const albums = albumTree(desk.path("albums"));

    expect(topOfGallery(desk).filter((name) => name.startsWith("street-"))).toEqual(["street-2.jpg"]);
    // A crop's hash is another one: to see that it is the same picture takes its pixels, which an export does not compare.
    expect(topOfGallery(desk).filter((name) => /^scene(?! cropped)|again/.test(name))).toHaveLength(1);

    const lines = await desk.json(["duplicates"]);
    const sets = lines.filter(({ event }) => event === "duplicates") as unknown as Told[];
    const ofKind = (kind: Told["kind"]) => sets.filter((set) => set.kind === kind);
    expect(lines.at(-1)).toMatchObject({ event: "summary", exact: 1, near: 1, bursts: 1, unseen: 0 });

    expect(ofKind("exact").map(namesOf)).toEqual([["again.jpg", "scene.jpg"]]);
    const [near] = ofKind("near");
    expect(namesOf(near!)).toEqual(
      ["again.jpg", "scene.jpg", "scene cropped.jpg", "scene halved.png", "scene re-encoded.jpg"].sort(),
    );
    expect(["again.jpg", "scene.jpg"]).toContain(nameOf(near!.keep));
    expect(near!.why).toBe("the least compressed"); // two have 640 x 480 px
    const [burst] = ofKind("burst");
    expect(namesOf(burst!)).toEqual(["street-1.jpg", "street-2.jpg", "street-3.jpg"]);
    expect(nameOf(burst!.keep)).toBe("street-2.jpg");
    expect(burst!.why).toBe("the sharpest");

    const { data } = Papa.parse<Record<string, string>>(await desk.albumen(["duplicates", "--csv"]), {
      header: true,
      skipEmptyLines: true,
    });
    expect(Object.keys(data[0]!)).toEqual(
      "kind group source width height bytes taken_at keep why".split(" "),
    );
    const kept = data.filter(({ keep }) => keep === "1");
    expect(kept.map(({ kind, source }) => [kind, nameOf(source!)])).toEqual(
      sets.map(({ kind, keep }) => [kind, nameOf(keep)]),
    );
    expect(data.filter(({ kind }) => kind === "burst").map(({ taken_at }) => taken_at)).toEqual([
      "2024-07-01T12:00:00",
      "2024-07-01T12:00:02",
      "2024-07-01T12:00:04",
    ]);

    expect(treeOf(desk.path("in"))).toEqual(originals);
    expect(albumTree(desk.path("albums"))).toEqual(albums);
    expect(readFileSync(desk.path("in/scene.jpg"))).toEqual(readFileSync(desk.path("in/backup/again.jpg")));
  });
});
