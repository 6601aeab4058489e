import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import * as fc from "fast-check";
import exifReader, { type ExpandedTags } from "exifreader";
import sharp, { type Sharp } from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { drawPicture, EXIF_OF_LONDON, makeHostileFiles, readHeic, toSharp } from "../fixtures/images.ts";
import { stripLocation, type Zlib } from "../../src/core/location/strip-location.ts";

const zlib: Zlib = {
  inflate(deflated) {
    try {
      return inflateSync(deflated);
    } catch {
      return null;
    }
  },
  deflate: (bytes) => deflateSync(bytes),
};

const XMP_OPEN = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" photoshop:City="London" `;
const XMP_CLOSE = "</rdf:Description></rdf:RDF></x:xmpmeta>";
/** What phones, drones and editors write, each in its own way. */
const XMP = `${XMP_OPEN} exif:GPSLatitude="51,30N" exif:GPSLongitude='0,7.5W'
 drone-dji:GpsLongtitude="-0.125"><exif:GPSAltitude>35/1</exif:GPSAltitude><exif:Flash rdf:parseType="Resource"/>
 <exif:GPSDestBearing a="1 > 0"><rdf:Alt><rdf:li>77</rdf:li></rdf:Alt></exif:GPSDestBearing>${XMP_CLOSE}`;
const TRACES = ["51,30N", "0,7.5W", "-0.125", "35/1", "<rdf:li>77", "GPSL", "GPSAlt", "GPSDest"];

const CAMERA_ONLY = { IFD0: EXIF_OF_LONDON.IFD0, IFD2: EXIF_OF_LONDON.IFD2 };
const picture = (seed = 7): Sharp => toSharp(drawPicture(64, 48, seed));
const located = (seed?: number): Sharp => picture(seed).withExif(EXIF_OF_LONDON).withXmp(XMP);
const bytesOf = async (made: Sharp): Promise<Uint8Array> => Uint8Array.from(await made.toBuffer());
const pixelsOf = (file: Uint8Array): Promise<Buffer> => sharp(file).raw().toBuffer();
const textOf = (file: Uint8Array): string => Buffer.from(file).toString("latin1");
const bytesOfText = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));
/** a TIFF structure with date, place and camera */
const exifOf = async (exif: Parameters<Sharp["withExif"]>[0]): Promise<Buffer> =>
  (await sharp(await picture().withExif(exif).jpeg().toBuffer()).metadata()).exif!.subarray(6);

function tagsOf(file: Uint8Array): ExpandedTags {
  // oxlint-disable-next-line import/no-named-as-default-member -- CommonJS: Node finds no names in it
  return exifReader.loadView(new DataView(file.buffer, file.byteOffset, file.byteLength), { expanded: true });
}

function stripped(file: Uint8Array): Uint8Array {
  const before = Uint8Array.from(file);
  const outcome = stripLocation(file, zlib);
  expect(file).toEqual(before);
  if (outcome.kind !== "stripped") throw new Error(`It is ${outcome.kind}.`);
  expect(stripLocation(outcome.bytes, zlib)).toEqual({ kind: "clean" });
  return outcome.bytes;
}

/** Where two files of equal length differ. */
function changedBytes(a: Uint8Array, b: Uint8Array): number[] {
  expect(a.length).toBe(b.length);
  return [...a.keys()].filter((i) => a[i] !== b[i]);
}

describe("stripLocation", () => {
  it.each([
    ["jpeg", () => located().jpeg()],
    ["progressive jpeg", () => located().jpeg({ progressive: true })],
    ["png", () => located().png()],
    ["webp", () => located().webp()],
    ["avif", () => located().avif({ effort: 0 })],
  ])("takes the place out of a %s, and neither a pixel nor anything else", async (_, make) => {
    const file = await bytesOf(make());
    const before = tagsOf(file);
    expect(before.gps).toMatchObject({ Latitude: 51.5, Longitude: -0.125 });
    const after = tagsOf(stripped(file));
    expect(after.gps).toBeUndefined();
    expect(await pixelsOf(stripped(file))).toEqual(await pixelsOf(file));
    expect(after.exif?.Model?.description).toBe("Canon EOS 5D");
    expect(after.exif?.DateTimeOriginal?.description).toBe("2021:05:06 07:08:09");
    const xmp = (await sharp(stripped(file)).metadata()).xmpAsString!;
    expect(xmp).toContain('photoshop:City="London"');
    for (const trace of TRACES) expect(xmp + textOf(stripped(file)), trace).not.toContain(trace);
    const gone = Object.keys(before.exif!).filter((tag) => !(tag in after.exif!));
    expect(gone.every((tag) => tag.startsWith("GPS"))).toBe(true);
    expect(gone).toContain("GPS Info IFD Pointer");
    const valuesOf = ({ exif = {} }: ExpandedTags) =>
      new Map(
        Object.entries(exif as Record<string, { value: unknown }>).map(([tag, { value }]) => [tag, value]),
      );
    const known = valuesOf(before);
    for (const [tag, value] of valuesOf(after)) expect(value, tag).toEqual(known.get(tag));
  });

  it("leaves a PNG with sound checksums", async () => {
    const file = stripped(await bytesOf(located().png()));
    const view = new DataView(file.buffer);
    const types: string[] = [];
    for (let at = 8; at < file.length;) {
      const end = at + 8 + view.getUint32(at);
      types.push(textOf(file.subarray(at + 4, at + 8)));
      expect(view.getUint32(end)).toBe(crc32(file.subarray(at + 4, end)));
      at = end + 4;
    }
    expect(types).toEqual(["IHDR", "eXIf", "pHYs", "zTXt", "IDAT", "IEND"]);
  });

  it("reads the texts that ImageMagick puts into a PNG", async () => {
    const png = await bytesOf(picture().png());
    const profile = Buffer.concat([Buffer.from("Exif\0\0"), await exifOf(EXIF_OF_LONDON)]);
    const digits = `\nexif\n${String(profile.length).padStart(8)}\n${profile.toString("hex").replace(/(.{72})/g, "$1\n")}\n`;
    const withTexts = withPngChunks(png, [
      ["tEXt", Buffer.from("exif:GPSLatitude\x0051/1, 30/1, 0/1")],
      ["tEXt", Buffer.from("Comment\x00the 51st")],
      ["zTXt", Buffer.concat([Buffer.from("Raw profile type exif\0\0"), deflateSync(digits)])],
      ["iTXt", Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${XMP}`)],
    ]);
    const clean = stripped(withTexts);
    for (const trace of [...TRACES.filter((text) => text !== "GPSL"), "51/1"])
      expect(textOf(clean), trace).not.toContain(trace);
    expect(textOf(clean)).toContain("exif:GPSLatitude\0 "); // the name of a text stays
    expect(textOf(clean)).toContain("the 51st");
    const packedAt = textOf(clean).indexOf("Raw profile type exif") + 23;
    const lines = inflateSync(clean.subarray(packedAt)).toString().split("\n");
    const exif = Uint8Array.from(Buffer.from(lines.slice(3).join(""), "hex")).subarray(6);
    expect(tagsOf(exif).gps).toBeUndefined();
    expect(tagsOf(exif).exif?.Model?.description).toBe("Canon EOS 5D");
  });

  it("takes it out of a TIFF or raw file and of the previews within, without moving anything", async () => {
    const preview = await located().jpeg().toBuffer();
    const raw = Uint8Array.from(Buffer.concat([await exifOf(EXIF_OF_LONDON), Buffer.from(XMP), preview]));
    expect(tagsOf(raw).gps).toBeDefined();
    const clean = stripped(raw);
    expect(clean.length).toBe(raw.length);
    expect(tagsOf(clean).gps).toBeUndefined();
    expect(tagsOf(clean).exif?.Model?.description).toBe("Canon EOS 5D");
    const inner = clean.subarray(raw.length - preview.length);
    expect(tagsOf(inner).gps).toBeUndefined();
    expect(await pixelsOf(inner)).toEqual(await pixelsOf(preview));
    for (const trace of TRACES) expect(textOf(clean), trace).not.toContain(trace);
  });

  it("takes it out of a big-endian TIFF, by the byte", () => {
    // header, directory at 8: two entries (Make, GPS at 38), no next; GPS: one rational at 56
    const tiff = Buffer.alloc(64);
    tiff.write("MM\0*\0\0\0\x08\0\x02", "latin1");
    tiff.set([0x01, 0x0f, 0, 2, 0, 0, 0, 2, 0x41, 0, 0, 0], 10); // Make "A"
    tiff.set([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38], 22);
    tiff.set([0, 1, 0, 2, 0, 5, 0, 0, 0, 1, 0, 0, 0, 56], 38); // GPSLatitude, one rational
    tiff.writeUInt32BE(51, 56);
    tiff.writeUInt32BE(1, 60);
    const expected = Buffer.alloc(64);
    expected.write("MM\0*\0\0\0\x08\0\x01", "latin1");
    expected.set([0x01, 0x0f, 0, 2, 0, 0, 0, 2, 0x41, 0, 0, 0], 10);
    expect(Buffer.from(stripped(Uint8Array.from(tiff)))).toEqual(expected);
    // The value lies behind the end: somebody may read it all the same.
    tiff.writeUInt32BE(60, 48);
    expect(stripLocation(tiff, zlib)).toEqual({ kind: "unsafe" });
  });

  it("never writes outside of a JPEG's own EXIF segment", async () => {
    const file = await bytesOf(picture().withExif(EXIF_OF_LONDON).jpeg());
    const latitude = textOf(file).indexOf("\x02\0\x05\0\x03\0\0\0"); // tag 2, three rationals
    new DataView(file.buffer).setUint32(latitude + 8, file.length - 200, true); // into the pixels
    expect(stripLocation(file, zlib)).toEqual({ kind: "unsafe" });
  });

  it("takes it out of a HEIC", async () => {
    const file = withHeicExif(readHeic("gradient-rotated.heic"), await exifOf(EXIF_OF_LONDON));
    expect(tagsOf(file).gps).toMatchObject({ Latitude: 51.5 });
    const clean = stripped(file);
    expect(tagsOf(clean).gps).toBeUndefined();
    expect(tagsOf(clean).exif?.Model?.description).toBe("Canon EOS 5D");
    const exifAt = textOf(file).lastIndexOf("Exif\0\0");
    expect(Math.min(...changedBytes(file, clean))).toBeGreaterThan(exifAt); // the picture lies before
  });

  it("takes it out of Canon's CR3, whose GPS directory has a box of its own", async () => {
    const gps = Buffer.alloc(34);
    gps.write("II*\0\x08\0\0\0\x01\0", "latin1");
    gps.set([2, 0, 5, 0, 1, 0, 0, 0, 26, 0, 0, 0], 10);
    gps.writeUInt32LE(51, 26);
    const boxes = box("moov", box("uuid", Buffer.alloc(16, 7), box("CMT4", gps)));
    const file = Uint8Array.from(Buffer.concat([box("ftyp", Buffer.from("crx \0\0\0\x01crx isom")), boxes]));
    const clean = stripped(file);
    expect(changedBytes(file, clean).length).toBeGreaterThan(0);
    expect(textOf(clean)).not.toContain("\x33\0\0\0");
    expect(textOf(clean)).toContain("CMT4II*");
  });

  it("follows XMP across the segments of a JPEG", async () => {
    const filler = "x".repeat(65_000 - XMP_OPEN.length - 12);
    const long = bytesOfText(`${XMP_OPEN} note="${filler}" exif:GPSLatitude="51,30N">${XMP_CLOSE}`);
    const jpeg = await bytesOf(picture().jpeg());
    const pieces = [long.subarray(0, 65_000), long.subarray(65_000)];
    expect(textOf(pieces[0]!)).toMatch(/exif:GP?S?L?a?t?i?t?u?d?e?="?5?$|ex?i?f?$/);
    const segments = pieces.map((piece, i) => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(long.length);
      head.writeUInt32BE(i * 65_000, 4);
      return segment([Buffer.from("http://ns.adobe.com/xmp/extension/\0" + "A".repeat(32)), head, piece]);
    });
    // The last piece comes first: the order is by offset.
    const file = Uint8Array.from(
      Buffer.concat([jpeg.subarray(0, 2), segments[1]!, segments[0]!, jpeg.subarray(2)]),
    );
    const clean = stripped(file);
    const text = textOf(clean);
    expect(text).not.toContain("GPS");
    expect(text).not.toContain("51,30N");
    expect(text).not.toContain("1,30N");
    expect(changedBytes(file, clean).length).toBe('exif:GPSLatitude="51,30N"'.length);
    expect(await pixelsOf(clean)).toEqual(await pixelsOf(file));
  });

  it("finds the second picture and the film behind a phone's JPEG", async () => {
    const first = await bytesOf(picture().jpeg());
    const second = await bytesOf(located(8).jpeg());
    const place = Buffer.from("\0\x12\x15\xc7+51.5000-000.1250/", "latin1");
    const film = Buffer.concat([
      box("ftyp", Buffer.from("mp42\0\0\0\0isom")),
      box("mdat", Buffer.alloc(50)),
      box("moov", box("udta", box("\xa9xyz", place), box("name", Buffer.from("Holiday")))),
    ]);
    const clean = stripped(Uint8Array.from(Buffer.concat([first, second, film])));
    for (const trace of [...TRACES, "+51.5"]) expect(textOf(clean), trace).not.toContain(trace);
    expect(textOf(clean)).toContain("Holiday");
    expect(tagsOf(clean.subarray(first.length)).gps).toBeUndefined();
  });

  it.each([
    ["QuickTime's keys", { location: true, telemetry: "" }],
    ["a track of places", { location: false, telemetry: "gpmd" }],
  ])("knows %s in a film", (_, { location, telemetry }) => {
    const key = (name: string) => box("mdta", Buffer.from(name));
    const value = (number: number, text: string) =>
      box(String.fromCharCode(0, 0, 0, number), box("data", Buffer.from(`\0\0\0\x01\0\0\0\0${text}`)));
    const keys = box(
      "keys",
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 2]),
      key("com.apple.quicktime.make"),
      key(`com.apple.quicktime.${location ? "location.ISO6709" : "model"}`),
    );
    const meta = box(
      "meta",
      box("hdlr", Buffer.alloc(24)),
      keys,
      box("ilst", value(1, "Maker"), value(2, "+51.5-0.125/")),
    );
    const track = box(
      "trak",
      box("mdia", box("minf", box("stbl", box("stsd", Buffer.from(`\0\0\0\0${telemetry}`))))),
    );
    const file = Uint8Array.from(
      Buffer.concat([box("ftyp", Buffer.from("qt  \0\0\0\0qt  ")), box("moov", meta, track)]),
    );
    if (telemetry !== "") expect(stripLocation(file, zlib)).toEqual({ kind: "unsafe" });
    else {
      expect(textOf(stripped(file))).toContain("Maker");
      expect(textOf(stripped(file))).not.toContain("+51.5");
    }
  });

  it("refuses what it cannot read: BigTIFF, XMP in two bytes a letter, an element or XMP that does not end", () => {
    const wide = Buffer.from(XMP, "utf16le");
    const open = `${XMP_OPEN}><exif:GPSLatitude>51,30N${XMP_CLOSE}`;
    const cut = XMP.slice(0, XMP.indexOf("<exif:Flash"));
    for (const file of [
      bytesOfText("II+\0\x08\0\0\0"),
      Uint8Array.from(wide),
      bytesOfText(open),
      bytesOfText(cut),
    ])
      expect(stripLocation(file, zlib)).toEqual({ kind: "unsafe" });
  });

  it("returns a file without a place as it is", async () => {
    const withoutPlace = `${XMP_OPEN} photoshop:Country="UK">${XMP_CLOSE}`;
    const files = (await makeHostileFiles()).filter(({ name }) => name !== "date and place.jpg");
    for (const { name, bytes } of files) expect(stripLocation(bytes, zlib), name).toEqual({ kind: "clean" });
    for (const made of [picture().jpeg(), picture().png(), picture().webp(), picture().avif({ effort: 0 })])
      expect(stripLocation(await bytesOf(made.withExif(CAMERA_ONLY).withXmp(withoutPlace)), zlib).kind).toBe(
        "clean",
      );
  });

  it("keeps the length and the pixels whatever place a JPEG has", async () => {
    const degrees = fc
      .tuple(fc.nat(89), fc.nat(59), fc.nat(5999))
      .map(([d, m, s]) => `${d}/1 ${m}/1 ${s}/100`);
    const texts = fc.stringMatching(/^[A-Za-z0-9 .,+-]{1,40}$/);
    await fc.assert(
      fc.asyncProperty(degrees, texts, fc.nat(100), async (latitude, text, seed) => {
        const IFD3 = {
          GPSLatitudeRef: "N",
          GPSLatitude: latitude,
          GPSAreaInformation: text,
          GPSMapDatum: text,
        };
        const file = await bytesOf(
          picture(seed)
            .withExif({ ...CAMERA_ONLY, IFD3 })
            .jpeg(),
        );
        const clean = stripped(file);
        expect(clean.length).toBe(file.length);
        const scan = textOf(file).lastIndexOf("\xff\xda");
        expect(clean.subarray(scan)).toEqual(file.subarray(scan));
        expect(tagsOf(clean).gps).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it("lets no place through that exifreader finds in a damaged file", async () => {
    const originals = [
      await bytesOf(located().jpeg()),
      await bytesOf(picture().withExif(EXIF_OF_LONDON).png()),
      await bytesOf(located().webp()),
      withHeicExif(readHeic("gradient-rotated.heic"), await exifOf(EXIF_OF_LONDON)),
      Uint8Array.from(await exifOf(EXIF_OF_LONDON)),
    ];
    const placeOf = (file: Uint8Array): unknown => {
      try {
        const { Latitude, Longitude } = tagsOf(file).gps ?? {};
        return Number.isFinite(Latitude) && Number.isFinite(Longitude) ? [Latitude, Longitude] : undefined;
      } catch {
        return undefined;
      }
    };
    let shipped = 0;
    const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.constantFrom(...originals), damage, fc.boolean(), (original, changes, isHead) => {
        const file = Uint8Array.from(original);
        const reach = isHead ? Math.min(file.length, 700) : file.length;
        for (const [where, value] of changes) file[Math.min(reach - 1, Math.floor(where * reach))] = value;
        const outcome = stripLocation(file, zlib);
        if (outcome.kind === "unsafe") return;
        shipped++;
        expect(placeOf(outcome.kind === "stripped" ? outcome.bytes : file)).toBeUndefined();
      }),
      { numRuns: 600, seed: 7 },
    );
    expect(shipped).toBeGreaterThan(300);
  });

  it("ends, and changes nothing in what it was given, on any bytes", () => {
    const starts = [
      "",
      "II*\0\x08\0\0\0",
      "\xff\xd8\xff\xe1\0\x40Exif\0\0MM\0*\0\0\0\x08",
      "\x89PNG\r\n\x1a\n",
      "\0\0\0\x08ftyp\0\0\0\0moov",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, tail) => {
        const file = Uint8Array.from([...bytesOfText(start), ...tail]);
        const before = Uint8Array.from(file);
        expect(["clean", "stripped", "unsafe"]).toContain(stripLocation(file, zlib).kind);
        expect(file).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });
});

const hasFfmpeg = spawnSync("ffprobe", ["-version"]).status === 0;

describe.skipIf(!hasFfmpeg)(`films${hasFfmpeg ? "" : " (skipped: there is no ffmpeg on the PATH)"}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-places-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const probe = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return execFileSync("ffprobe", ["-v", "error", "-show_format", "-show_streams", join(folder, name)], {
      encoding: "utf8",
    });
  };
  const film = (name: string, ...options: string[]): Uint8Array => {
    const path = join(folder, name);
    const source = ["-f", "lavfi", "-i", "color=blue:s=96x64:d=0.4:r=10", "-c:v", "mpeg4"];
    execFileSync("ffmpeg", ["-v", "error", "-y", ...source, ...options, path]);
    return Uint8Array.from(readFileSync(path));
  };
  const place = ["-metadata", "location=+51.5000-000.1250/", "-metadata", "title=Holiday"];

  it.each([
    ["film.mp4", []],
    ["film.mov", []],
    [
      "keys.mov",
      ["-movflags", "use_metadata_tags", "-metadata", "com.apple.quicktime.location.ISO6709=+51.5-0.125/"],
    ],
  ])("are told nothing but the place by %s", (name, options) => {
    const file = film(name, ...place, ...options);
    expect(probe(name, file)).toContain("+51.5");
    const clean = stripped(file);
    expect(clean.length).toBe(file.length);
    const told = probe(name, clean);
    expect(told).not.toContain("51.5");
    expect(told).toContain("title=Holiday");
    expect(told).toContain("nb_frames=4");
    expect(stripLocation(film(`plain-${name}`), zlib)).toEqual({ kind: "clean" });
  });

  it("refuses a Matroska with a place, whose tags lie under a checksum", () => {
    expect(stripLocation(film("film.mkv", ...place), zlib)).toEqual({ kind: "unsafe" });
    expect(stripLocation(film("plain.mkv", "-metadata", "title=Holiday"), zlib)).toEqual({ kind: "clean" });
  });
});

/** Chunks put in behind the header. */
function withPngChunks(png: Uint8Array, chunks: readonly (readonly [string, Buffer])[]): Uint8Array {
  const HEADER_END = 8 + 25;
  const made = chunks.map(([type, data]) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  });
  return Uint8Array.from(Buffer.concat([png.subarray(0, HEADER_END), ...made, png.subarray(HEADER_END)]));
}

/** The HEIC with another EXIF block, behind all else; its item is told where. */
function withHeicExif(heic: Uint8Array, exif: Uint8Array): Uint8Array {
  const file = Buffer.from(heic);
  const item = file.lastIndexOf("Exif\0\0") - 4;
  const pointer = Buffer.alloc(4);
  pointer.writeUInt32BE(item);
  const base = file.indexOf(pointer); // base offset, number of extents, offset, length
  const payload = Buffer.concat([Buffer.from("\0\0\0\x06Exif\0\0", "latin1"), exif]);
  file.writeUInt32BE(file.length + 8, base);
  file.writeUInt32BE(payload.length, base + 10);
  return Uint8Array.from(Buffer.concat([file, box("mdat", payload)]));
}

function box(type: string, ...bodies: Uint8Array[]): Buffer {
  const body = Buffer.concat(bodies);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

function segment(bodies: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(bodies);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}
