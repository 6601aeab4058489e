import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawPicture, encodeBmp } from "../../../test/fixtures/images.ts";
import { isAlbumenError } from "../../errors.ts";
import { decodeBmp } from "./bmp.ts";

const anySize = () => undefined;

interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  /** bytes between the 40-byte header and the pixels: masks or palette */
  readonly extra?: readonly number[];
  readonly rows: readonly (readonly number[])[];
}

/** A bitmap written by hand: rows in the order they are stored, padded to four bytes. */
function bitmap({ width, height, bits, compression = 0, extra = [], rows }: Bitmap): Uint8Array {
  const padded = rows.flatMap((row) => [...row, ...Array<number>((4 - (row.length % 4)) % 4).fill(0)]);
  const header = Buffer.alloc(54);
  header.write("BM");
  header.writeUInt32LE(54 + extra.length + padded.length, 2);
  header.writeUInt32LE(54 + extra.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  return Buffer.concat([header, Buffer.from(extra), Buffer.from(padded)]);
}

const PALETTE = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 9, 8, 7, 0]; // red, green, blue, (7, 8, 9) as BGRx

describe("decodeBmp", () => {
  it("gives back 24-bit pixels of any size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer(),
        (w, h, seed) => {
          const picture = drawPicture(w, h, seed);
          expect(decodeBmp(encodeBmp(picture), anySize)).toEqual({ ...picture, channels: 3 });
        },
      ),
    );
  });

  it("reads palettes of 1, 4 and 8 bits, lowest row first", () => {
    const expected = [0, 0, 255, 255, 0, 0, 0, 255, 0, 0, 255, 0];
    const eight = {
      width: 2,
      height: 2,
      bits: 8,
      extra: PALETTE,
      rows: [
        [1, 1],
        [2, 0],
      ],
    };
    expect([...decodeBmp(bitmap(eight), anySize).data]).toEqual(expected);
    const four = { width: 2, height: 2, bits: 4, extra: PALETTE, rows: [[0x11], [0x20]] };
    expect([...decodeBmp(bitmap(four), anySize).data]).toEqual(expected);
    const one = { width: 3, height: 1, bits: 1, extra: PALETTE, rows: [[0b101_00000]] };
    expect([...decodeBmp(bitmap(one), anySize).data]).toEqual([0, 255, 0, 255, 0, 0, 0, 255, 0]);
  });

  it("reads rows from the top when the height is negative", () => {
    const topDown = {
      width: 1,
      height: -2,
      bits: 24,
      rows: [
        [3, 2, 1],
        [6, 5, 4],
      ],
    };
    expect([...decodeBmp(bitmap(topDown), anySize).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("reads 16 bits as 5 a channel, and as the masks say", () => {
    const pixel = (value: number) => [value & 255, value >> 8];
    const five = { width: 2, height: 1, bits: 16, rows: [[...pixel(0x7c00), ...pixel(0x0010)]] };
    // 16 of 31 is 131.6 of 255.
    expect([...decodeBmp(bitmap(five), anySize).data]).toEqual([255, 0, 0, 0, 0, 132]);
    const mask = (value: number) => [value & 255, value >> 8, 0, 0];
    const extra = [...mask(0xf800), ...mask(0x07e0), ...mask(0x001f)];
    const six = { width: 1, height: 1, bits: 16, compression: 3, extra, rows: [pixel(0x07e0)] };
    expect([...decodeBmp(bitmap(six), anySize).data]).toEqual([0, 255, 0]);
  });

  it("takes the fourth byte of 32 bits for padding, unless a mask makes it alpha", () => {
    const plain = { width: 1, height: 1, bits: 32, rows: [[3, 2, 1, 99]] };
    expect(decodeBmp(bitmap(plain), anySize)).toMatchObject({ channels: 3, data: Uint8Array.of(1, 2, 3) });
    const masks = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255];
    const alpha = { ...plain, compression: 6, extra: masks };
    expect(decodeBmp(bitmap(alpha), anySize)).toMatchObject({
      channels: 4,
      data: Uint8Array.of(1, 2, 3, 99),
    });
  });

  it("asks about the size before it makes room for it", () => {
    const huge = bitmap({ width: 100_000, height: 100_000, bits: 24, rows: [] });
    const refuse = (width: number, height: number) => {
      throw new Error(`${width} x ${height}`);
    };
    expect(() => decodeBmp(huge, refuse)).toThrow("100000 x 100000");
  });

  it("says what it does not read", () => {
    const packed = bitmap({ width: 4, height: 4, bits: 8, compression: 1, extra: PALETTE, rows: [[4, 1]] });
    expect(() => decodeBmp(packed, anySize)).toThrow(expect.objectContaining({ code: "IMAGE_UNSUPPORTED" }));
  });

  it("throws nothing but IMAGE_ errors, whatever is wrong", () => {
    const sound = encodeBmp(drawPicture(9, 9, 1));
    const tooMany = (width: number, height: number) => {
      if (width * height > 1e6) throw new RangeError("too many pixels");
    };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(53), fc.nat(255)), { maxLength: 6 }),
        fc.nat(400),
        (changes, cut) => {
          const bytes = sound.slice(0, Math.max(26, sound.length - cut));
          for (const [at, value] of changes) if (at >= 14 && at < bytes.length) bytes[at] = value;
          try {
            decodeBmp(bytes, tooMany);
          } catch (error) {
            expect(isAlbumenError(error) || error instanceof RangeError).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
