import { buffer } from "node:stream/consumers";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { drawPicture, EXIF_OF_LONDON, toSharp } from "../../test/fixtures/images.ts";
import { withoutPlace } from "./without-place.ts";

/** A file that is read in pieces of so many bytes. */
function inPieces(file: Uint8Array, pieceBytes: number) {
  return async function* () {
    for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
  };
}

async function sent(file: Uint8Array, pieceBytes: number): Promise<Buffer> {
  const outgoing = await withoutPlace(inPieces(file, pieceBytes), file.length);
  if (outgoing.kind !== "sent") throw new Error(outgoing.because);
  const bytes = await buffer(outgoing.bytes);
  expect(bytes.length).toBe(outgoing.sizeBytes);
  return bytes;
}

function box(type: string, ...bodies: Uint8Array[]): Buffer {
  const body = Buffer.concat(bodies);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

const PLACE = "+51.5000-000.1250/";
const text = (value: string) => Buffer.from(value, "latin1");
const film = (telemetry = "") => {
  const frames = text(`frames may hold anything: moov udta \xa9xyz ${PLACE}`);
  const longHead = Buffer.alloc(16);
  longHead.writeUInt32BE(1);
  longHead.write("mdat", 4);
  longHead.writeBigUInt64BE(BigInt(16 + frames.length), 8);
  return Buffer.concat([
    box("ftyp", text("mp42\0\0\0\0isom")),
    longHead,
    frames,
    box(
      "moov",
      box("udta", box("\xa9xyz", text(`\0\x12\x15\xc7${PLACE}`)), box("name", text(`Holiday${telemetry}`))),
    ),
    box("free", text("padding")),
  ]);
};

describe("withoutPlace", () => {
  it.each([1, 7, 40, 100_000])(
    "changes one box of a film and no frame, read %i bytes at a time",
    async (size) => {
      const file = film();
      const bytes = await sent(file, size);
      const moov = file.lastIndexOf("moov") - 4;
      expect(bytes.subarray(0, moov)).toEqual(file.subarray(0, moov));
      const told = bytes.subarray(moov).toString("latin1");
      expect(told).not.toContain("51.5");
      expect(told).toContain("Holiday");
      expect(told).toContain("padding");
    },
  );

  it("leaves out a film whose places cannot be taken out, or whose boxes do not add up", async () => {
    for (const file of [film("GPSU"), film().subarray(0, -3)])
      expect(await withoutPlace(inPieces(file, 50), file.length)).toMatchObject({ kind: "left out" });
  });

  it("takes the place out of a picture and sends any other file as it is", async () => {
    const picture = await toSharp(drawPicture(40, 30, 1))
      .withExif(EXIF_OF_LONDON)
      .jpeg()
      .toBuffer();
    const bytes = await sent(picture, 100);
    expect(bytes.length).toBe(picture.length);
    expect(bytes).not.toEqual(picture);
    expect((await sharp(bytes).metadata()).exif!.includes("Canon")).toBe(true);
    const page = text("<!doctype html><title>Albums</title>");
    expect(await sent(page, 10)).toEqual(page);
    expect(await sent(Buffer.alloc(0), 10)).toEqual(Buffer.alloc(0));
  });

  it("leaves out what is too large to be held", async () => {
    expect(await withoutPlace(inPieces(text("II*\0"), 4), 600 * 1024 * 1024)).toMatchObject({
      kind: "left out",
    });
  });
});
