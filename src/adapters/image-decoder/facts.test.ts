import * as fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { EXIF_OF_LONDON } from "../../../test/fixtures/images.ts";
import { readFacts } from "./facts.ts";

type ExifOf = Parameters<Sharp["withExif"]>[0];

async function exifBlock(exif: ExifOf): Promise<Uint8Array> {
  const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } });
  const { exif: block } = await sharp(await picture.withExif(exif).jpeg().toBuffer()).metadata();
  return block!;
}

const place = (latitude: string, longitude: string): ExifOf => ({
  IFD3: { GPSLatitudeRef: "S", GPSLatitude: latitude, GPSLongitudeRef: "E", GPSLongitude: longitude },
});

const nothing = {
  takenAt: null,
  latitude: null,
  longitude: null,
  camera: null,
  title: null,
  keywords: [],
};
const readExif = (exif: Uint8Array | undefined) => readFacts({ exif });

const xmpOf = (inner: string, attributes = "") =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
   <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" ${attributes}>${inner}</rdf:Description></rdf:RDF></x:xmpmeta>`;

/** IPTC datasets of record 2 inside Photoshop's resource 0x0404. */
function iptcBlock(datasets: readonly (readonly [number, string])[]): Uint8Array {
  const records = Buffer.concat(
    datasets.map(([id, text]) =>
      Buffer.concat([Buffer.from([0x1c, 2, id, 0, text.length]), Buffer.from(text)]),
    ),
  );
  const head = Buffer.from("Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\0", "latin1");
  head.writeUInt32BE(records.length, head.length - 4);
  return Buffer.concat([head, records, Buffer.alloc(records.length % 2)]);
}

describe("readFacts", () => {
  it("reads date, place and camera, with the prefix and without", async () => {
    const block = await exifBlock(EXIF_OF_LONDON);
    const facts = {
      takenAt: "2021-05-06T07:08:09",
      latitude: 51.5,
      longitude: -0.125,
      camera: "Canon EOS 5D",
      title: null,
      keywords: [],
    };
    expect(readExif(block)).toEqual(facts);
    expect(readExif(block.subarray(6))).toEqual(facts);
  });

  it.each([
    ["0000:00:00 00:00:00", null],
    ["2021:02:30 10:00:00", null],
    ["2021:05:06 25:00:00", null],
    ["    :  :     :  :  ", null],
    ["yesterday", null],
    ["2021-05-06 07:08:09", "2021-05-06T07:08:09"],
    ["2020:02:29 23:59:59", "2020-02-29T23:59:59"],
  ])("takes the date %j for %j", async (text, expected) => {
    expect(readExif(await exifBlock({ IFD2: { DateTimeOriginal: text } })).takenAt).toBe(expected);
  });

  it("prefers the moment of the shot to that of the file", async () => {
    const shot = { IFD2: { DateTimeOriginal: "2001:01:01 01:01:01" } };
    const file = { IFD0: { DateTime: "2009:09:09 09:09:09" } };
    expect(readExif(await exifBlock({ ...file, ...shot })).takenAt).toBe("2001-01-01T01:01:01");
    expect(readExif(await exifBlock(file)).takenAt).toBe("2009-09-09T09:09:09");
  });

  it("gives southern and eastern places their signs", async () => {
    expect(readExif(await exifBlock(place("33/1 30/1 0/1", "151/1 15/1 0/1")))).toMatchObject({
      latitude: -33.5,
      longitude: 151.25,
    });
  });

  it("knows no place at 0, 0, beyond the poles, or over nothing", async () => {
    for (const [latitude, longitude] of [
      ["0/1 0/1 0/1", "0/1 0/1 0/1"],
      ["95/1 0/1 0/1", "1/1 0/1 0/1"],
      ["0/0 0/0 0/0", "0/0 0/0 0/0"],
    ])
      expect(readExif(await exifBlock(place(latitude!, longitude!)))).toMatchObject({
        latitude: null,
        longitude: null,
      });
  });

  it.each([
    ["NIKON CORPORATION", "NIKON D70", "NIKON D70"],
    ["Apple", "iPhone 12", "Apple iPhone 12"],
    ["Apple", " ", "Apple"],
    [" ", "SM-G991B", "SM-G991B"],
    ["  ", " ", null],
  ])("calls %j, %j %j", async (Make, Model, expected) => {
    expect(readExif(await exifBlock({ IFD0: { Make, Model } })).camera).toBe(expected);
  });

  it("knows nothing of no block, and makes nothing of garbage", () => {
    expect(readExif(undefined)).toEqual(nothing);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readExif(bytes)).toEqual(nothing);
      }),
    );
  });

  it("survives any damage to a sound block", async () => {
    const sound = await exifBlock(EXIF_OF_LONDON);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 10 }), (changes) => {
        const bytes = Uint8Array.from(sound);
        for (const [at, value] of changes) bytes[at] = value;
        const { latitude, longitude, takenAt } = readExif(bytes);
        expect(latitude === null).toBe(longitude === null);
        if (latitude !== null) expect(Math.abs(latitude)).toBeLessThanOrEqual(90);
        if (takenAt !== null) expect(takenAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes title, keywords and date from XMP in any format that sharp writes", async () => {
    const xmp = xmpOf(
      `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Fish &amp; chips</rdf:li></rdf:Alt></dc:title>
       <dc:subject><rdf:Bag><rdf:li>sea, side</rdf:li><rdf:li>lunch</rdf:li><rdf:li>lunch</rdf:li></rdf:Bag></dc:subject>`,
      'xmp:CreateDate="2019-08-07T12:30:00+02:00"',
    );
    for (const format of ["jpeg", "png", "webp", "tiff", "avif"] as const) {
      const bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } })
        .withXmp(xmp)
        .toFormat(format)
        .toBuffer();
      const { exif, xmp: block, iptc } = await sharp(bytes).metadata();
      expect([format, readFacts({ exif, xmp: block, iptc })]).toEqual([
        format,
        {
          takenAt: "2019-08-07T12:30:00",
          latitude: null,
          longitude: null,
          camera: null,
          title: "Fish & chips",
          keywords: ["sea, side", "lunch"],
        },
      ]);
    }
  });

  it("takes them from IPTC, and joins the keywords of both", () => {
    const iptc = iptcBlock([
      [5, "Harbour"],
      [25, "boats"],
      [25, "lunch"],
      [55, "20180706"],
      [60, "050403+0100"],
    ]);
    expect(readFacts({ iptc })).toMatchObject({
      title: "Harbour",
      keywords: ["boats", "lunch"],
      takenAt: "2018-07-06T05:04:03",
    });
    const xmp = Buffer.from(xmpOf("<dc:subject><rdf:Bag><rdf:li>lunch</rdf:li></rdf:Bag></dc:subject>"));
    expect(readFacts({ iptc, xmp }).keywords).toEqual(["lunch", "boats"]);
  });

  it("tells nothing of blocks that are garbage or too long, and throws nothing", () => {
    expect(
      readFacts({ exif: Buffer.from("garbage"), xmp: Buffer.from("<x"), iptc: Buffer.from("8BIM") }),
    ).toEqual(nothing);
    expect(readFacts({ xmp: Buffer.from(xmpOf(" ".repeat(70_000))) })).toEqual(nothing);
  });
});
