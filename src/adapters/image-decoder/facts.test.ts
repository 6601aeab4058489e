import * as fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { EXIF_OF_LONDON } from "../../../test/fixtures/images.ts";
import { readExif } from "./facts.ts";

type ExifOf = Parameters<Sharp["withExif"]>[0];

async function exifBlock(exif: ExifOf): Promise<Uint8Array> {
  const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } });
  const { exif: block } = await sharp(await picture.withExif(exif).jpeg().toBuffer()).metadata();
  return block!;
}

const place = (latitude: string, longitude: string): ExifOf => ({
  IFD3: { GPSLatitudeRef: "S", GPSLatitude: latitude, GPSLongitudeRef: "E", GPSLongitude: longitude },
});

describe("readExif", () => {
  it("reads date, place and camera, with the prefix and without", async () => {
    const block = await exifBlock(EXIF_OF_LONDON);
    const facts = {
      takenAt: "2021-05-06T07:08:09",
      latitude: 51.5,
      longitude: -0.125,
      camera: "Canon EOS 5D",
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
    const nothing = { takenAt: null, latitude: null, longitude: null, camera: null };
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
});
