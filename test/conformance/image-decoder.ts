/** What every backend of the ImageDecoder port must do. */
import { afterAll, describe, expect, it } from "vitest";
import type { DecodedImage } from "../../src/core/resample.ts";
import type { DecodeRequest, ImageDecoder } from "../../src/ports/image-decoder.ts";
import { drawPicture } from "../fixtures/images.ts";

const call = { signal: new AbortController().signal };
const request: DecodeRequest = {
  input: { side: 32, fit: "centre-square", resizeTo: 32, filter: "bicubic" },
  thumbnail: false,
};

export interface ImageDecoderConformance {
  create(): ImageDecoder;
  /** the picture, without loss, in a format of this backend */
  encode(image: DecodedImage): Promise<Uint8Array>;
}

export function testImageDecoder(name: string, { create, encode }: ImageDecoderConformance): void {
  describe(`image decoder ${name}`, () => {
    const decoder = create();
    afterAll(() => decoder.dispose());

    it("gives a picture of the model's size back byte for byte, with its facts", async () => {
      const picture = drawPicture(32, 32, 1);
      const { image, facts, thumbnail } = await decoder.decode(await encode(picture), request, call);
      expect(image.data).toEqual(picture.data);
      expect([image.width, image.height, facts.width, facts.height]).toEqual([32, 32, 32, 32]);
      expect(thumbnail).toBeNull();
      for (const c of [0, 1, 2]) {
        const mean = picture.data.reduce((sum, value, i) => (i % 3 === c ? sum + value : sum), 0) / 1024;
        expect(facts.meanColor[c]).toBe(Math.round(mean));
      }
    });

    it("delivers exactly the asked size and states the picture's own", async () => {
      const { image, facts } = await decoder.decode(await encode(drawPicture(90, 50, 2)), request, call);
      expect([image.width, image.height, image.data.length]).toEqual([32, 32, 32 * 32 * 3]);
      expect([facts.width, facts.height]).toEqual([90, 50]);
    });

    it("makes a thumbnail only when asked", async () => {
      const bytes = await encode(drawPicture(40, 40, 3));
      const { thumbnail } = await decoder.decode(bytes, { ...request, thumbnail: true }, call);
      expect(thumbnail!.length).toBeGreaterThan(0);
    });

    it("decodes the same bytes to the same pixels", async () => {
      const bytes = await encode(drawPicture(70, 45, 4));
      const [a, b] = await Promise.all(
        [bytes, bytes].map((copy) => decoder.decode(Uint8Array.from(copy), request, call)),
      );
      expect(a!.image.data).toEqual(b!.image.data);
    });

    it.each([
      ["no bytes", new Uint8Array(0), "IMAGE_EMPTY"],
      ["a text", new TextEncoder().encode("hello ".repeat(40)), "IMAGE_UNKNOWN_FORMAT"],
    ])("refuses %s", async (_what, bytes, code) => {
      await expect(decoder.decode(bytes, request, call)).rejects.toMatchObject({ code });
    });

    it("refuses a picture that ends half-way", async () => {
      const bytes = await encode(drawPicture(60, 60, 5));
      const half = bytes.slice(0, bytes.length >> 1);
      await expect(decoder.decode(half, request, call)).rejects.toMatchObject({ code: "IMAGE_TRUNCATED" });
    });

    it("does nothing once cancelled", async () => {
      const signal = AbortSignal.abort();
      const bytes = await encode(drawPicture(20, 20, 6));
      await expect(decoder.decode(bytes, request, { signal })).rejects.toMatchObject({ code: "ABORTED" });
    });

    it("works on as many images at once as are asked of it", async () => {
      const pictures = Array.from({ length: 4 * decoder.parallelism }, (_, i) => drawPicture(32, 32, 10 + i));
      const encoded = await Promise.all(pictures.map(encode));
      const decoded = await Promise.all(encoded.map((bytes) => decoder.decode(bytes, request, call)));
      expect(decoded.map(({ image }) => image.data)).toEqual(pictures.map(({ data }) => data));
    });
  });
}
