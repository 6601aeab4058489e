import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { testImageDecoder } from "../../../test/conformance/image-decoder.ts";
import {
  drawCorners,
  drawPicture,
  EXIF_OF_LONDON,
  makeBombPng,
  makeHostileFiles,
  toSharp,
} from "../../../test/fixtures/images.ts";
import { packOrSkip, sharedOrSkip } from "../../../test/support/packs.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import { fitImage, type InputSpec } from "../../core/resample.ts";
import type { DecodeRequest } from "../../ports/image-decoder.ts";
import { createPpmDecoder, encodePpm } from "./ppm.ts";
import { createSharpDecoder } from "./sharp.ts";

const call = { signal: new AbortController().signal };
const STARTER: InputSpec = { side: 224, fit: "centre-square", resizeTo: 224, filter: "bicubic" };
const request: DecodeRequest = { input: STARTER, thumbnail: true };
const decoder = createSharpDecoder({ parallelism: 2 });
afterAll(() => decoder.dispose());

testImageDecoder("ppm", { create: createPpmDecoder, encode: async (image) => encodePpm(image) });
testImageDecoder("sharp", {
  create: () => createSharpDecoder({ parallelism: 2 }),
  encode: (image) => toSharp(image).png().toBuffer(),
});

describe("the sharp decoder", async () => {
  const files = (await makeHostileFiles()).filter((file) => file.expected.kind !== "skipped");

  it.each(files)("makes of $name what it should", async ({ bytes, expected }) => {
    const decoding = decoder.decode(Uint8Array.from(bytes), request, call);
    if (expected.kind === "failed") await expect(decoding).rejects.toMatchObject({ code: expected.code });
    else if (expected.kind === "image") {
      const { facts, image, thumbnail } = await decoding;
      expect(facts).toMatchObject(expected.facts);
      expect(image.data.length).toBe(224 * 224 * 3);
      const made = await sharp(thumbnail!).metadata();
      expect(made.format).toBe("webp");
      expect(Math.max(made.width, made.height)).toBeLessThanOrEqual(256);
    }
  });

  it("sets every EXIF orientation upright", async () => {
    // Where the pixel (x, y) of the upright picture is stored, by the definition of each orientation (Exif 2.3, 4.6.4).
    const last = 63;
    const storedAt: readonly ((x: number, y: number) => readonly [number, number])[] = [
      (x, y) => [x, y],
      (x, y) => [last - x, y],
      (x, y) => [last - x, last - y],
      (x, y) => [x, last - y],
      (x, y) => [y, x],
      (x, y) => [y, last - x],
      (x, y) => [last - y, last - x],
      (x, y) => [last - y, x],
    ];
    const upright = drawCorners(64, 64);
    const input: InputSpec = { ...STARTER, side: 64, resizeTo: 64 };
    for (const [i, place] of storedAt.entries()) {
      const data = new Uint8Array(upright.data.length);
      for (let y = 0; y < 64; y++)
        for (let x = 0; x < 64; x++) {
          const [column, row] = place(x, y);
          data.set(upright.data.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3), (row * 64 + column) * 3);
        }
      const stored = toSharp({ ...upright, data }).withMetadata({ orientation: i + 1 });
      const { image } = await decoder.decode(
        await stored.png().toBuffer(),
        { input, thumbnail: false },
        call,
      );
      expect([i + 1, Buffer.compare(image.data, upright.data)]).toEqual([i + 1, 0]);
    }
  });

  it("reads date, place and camera", async () => {
    const bytes = await toSharp(drawPicture(40, 30, 1))
      .withExif(EXIF_OF_LONDON)
      .jpeg()
      .toBuffer();
    const { facts } = await decoder.decode(bytes, request, call);
    expect(facts).toMatchObject({ takenAt: "2021-05-06T07:08:09", camera: "Canon EOS 5D" });
    expect(facts.latitude).toBeCloseTo(51.5, 9);
    expect(facts.longitude).toBeCloseTo(-0.125, 9);
  });

  it("lays transparency over white, rounded, worked by hand", async () => {
    const pixels = Uint8Array.of(0, 100, 255, 128, 10, 20, 30, 0);
    const bytes = await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const input: InputSpec = { side: 1, fit: "squash", resizeTo: 1, filter: "bilinear" };
    // Left: 0 → 127, 100 → 177.2, 255 → 255; right: white. One wide pixel of both: their means.
    const { image, facts } = await decoder.decode(bytes, { input, thumbnail: false }, call);
    expect([...image.data]).toEqual([191, 216, 255]);
    expect(facts.meanColor).toEqual([191, 216, 255]);
  });

  it("ignores a colour profile for the model and honours it for people", async () => {
    const pixels = new Uint8Array(64 * 64 * 3).fill(0);
    for (let i = 1; i < pixels.length; i += 3) pixels[i] = 200; // a green that sRGB does not have in P3
    const bytes = await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .withIccProfile("p3", { attach: true })
      .png()
      .toBuffer();
    const { data: stored } = await sharp(bytes, { ignoreIcc: true })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { image, thumbnail } = await decoder.decode(
      bytes,
      { ...request, input: { ...STARTER, side: 64, resizeTo: 64 } },
      call,
    );
    expect([...image.data.subarray(0, 3)]).toEqual([...stored.subarray(0, 3)]);
    const shown = await sharp(thumbnail!).raw().toBuffer();
    expect(Math.abs(shown[1]! - 200)).toBeLessThanOrEqual(4);
    expect(Math.abs(shown[0]! - image.data[0]!)).toBeGreaterThan(40);
  });

  it("shrinks a large picture on load without moving its content", async () => {
    const big = drawPicture(3000, 2000, 9);
    const exact = fitImage(big, STARTER);
    const { image, facts } = await decoder.decode(await toSharp(big).png().toBuffer(), request, call);
    expect([facts.width, facts.height]).toEqual([3000, 2000]);
    const difference = exact.data.reduce((sum, value, i) => sum + Math.abs(value - image.data[i]!), 0);
    expect(difference / exact.data.length).toBeLessThan(0.5);
  });

  it("takes a panorama of 100 million pixels", async () => {
    const bytes = await sharp({ create: { width: 20_000, height: 5000, channels: 3, background: "#808080" } })
      .jpeg()
      .toBuffer();
    const { facts, image } = await decoder.decode(bytes, request, call);
    expect(facts).toMatchObject({ width: 20_000, height: 5000, meanColor: [128, 128, 128] });
    expect([...image.data.subarray(0, 3)]).toEqual([128, 128, 128]);
  });

  it("goes by the limit it is given", async () => {
    const strict = createSharpDecoder({ parallelism: 1, maxPixels: 99 });
    const ten = await toSharp(drawPicture(10, 10, 1))
      .png()
      .toBuffer();
    const small = await toSharp(drawPicture(11, 9, 1))
      .png()
      .toBuffer();
    await expect(strict.decode(ten, request, call)).rejects.toMatchObject({ code: "IMAGE_TOO_MANY_PIXELS" });
    expect((await strict.decode(small, request, call)).facts.width).toBe(11);
    await strict.dispose();
  });

  it("refuses a bomb by its header, in no time", async () => {
    const startedMs = performance.now();
    const decoding = decoder.decode(makeBombPng(30_000, 30_000), request, call);
    await expect(decoding).rejects.toMatchObject({ code: "IMAGE_TOO_MANY_PIXELS" });
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  it("gives up on one image that takes too long and goes on with the next", async () => {
    const hasty = createSharpDecoder({ parallelism: 1, timeoutMs: 3000 });
    // Filters nested until librsvg needs far longer than the limit.
    const filter = `<filter id="f"><feTurbulence numOctaves="9"/>${'<feGaussianBlur stdDeviation="900"/>'.repeat(40)}</filter>`;
    const slow = `<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="9000">${filter}${'<rect width="9000" height="9000" filter="url(#f)"/>'.repeat(20)}</svg>`;
    await expect(hasty.decode(new TextEncoder().encode(slow), request, call)).rejects.toMatchObject({
      code: "IMAGE_TOO_SLOW",
    });
    const { facts } = await hasty.decode(
      await toSharp(drawPicture(9, 9, 1))
        .png()
        .toBuffer(),
      request,
      call,
    );
    expect(facts.width).toBe(9);
    await hasty.dispose();
  });

  it("keeps no process alive that forgets to dispose it, and prints nothing", () => {
    const script = `
      import { createSharpDecoder } from "./src/adapters/image-decoder/sharp.ts";
      import { readFileSync } from "node:fs";
      const bytes = readFileSync("test/fixtures/gradient.heic").subarray(0, 700);
      const request = { input: ${JSON.stringify(STARTER)}, thumbnail: false };
      createSharpDecoder().decode(bytes, request, { signal: new AbortController().signal }).catch(() => {});`;
    const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      timeout: 30_000,
      encoding: "utf8",
    });
    expect(output).toBe("");
  });
});

interface StarterExpected {
  readonly rows: readonly { readonly picture: string; readonly pixelsSha256: string }[];
}
interface PreprocessExpected {
  readonly images: Record<string, { readonly processors: Record<string, PreprocessRecord> }>;
}
interface PreprocessRecord {
  readonly size: readonly [number, number];
  readonly uint8_sha256_hwc: string;
  readonly variants?: Record<string, { readonly uint8_sha256_hwc: string }>;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const reference = sharedOrSkip("reference");
const dreambooth = await packOrSkip("dreambooth");
describe.skipIf(!reference.isAvailable)(titleOf("the recorded pixels", reference), () => {
  const root = valueOf(reference);
  const pathOf = (picture: string) => {
    if (picture.startsWith("images/")) return join(root, picture);
    return dreambooth.isAvailable ? join(dreambooth.value.dir, picture.replace(/^dreambooth\//, "")) : null;
  };
  const starter = JSON.parse(readFileSync(join(root, "starter/expected.json"), "utf8")) as StarterExpected;
  const rows = starter.rows.filter(({ picture }) => pathOf(picture) !== null);

  it.each(rows)("are the starter's input of $picture", async ({ picture, pixelsSha256 }) => {
    const { image } = await decoder.decode(readFileSync(pathOf(picture)!), request, call);
    expect(sha256(image.data)).toBe(pixelsSha256);
  });

  const PROCESSORS: Record<string, InputSpec> = {
    clip: { side: 224, fit: "shortest-edge", resizeTo: 224, filter: "bicubic" },
    siglip: { side: 224, fit: "squash", resizeTo: 224, filter: "bicubic" },
    siglip2: { side: 224, fit: "squash", resizeTo: 224, filter: "bilinear" },
    vit: { side: 224, fit: "squash", resizeTo: 224, filter: "bilinear" },
    dinov2: { side: 224, fit: "shortest-edge", resizeTo: 256, filter: "bicubic" },
    blip: { side: 384, fit: "squash", resizeTo: 384, filter: "bicubic" },
    convnext: { side: 224, fit: "shortest-edge", resizeTo: 256, filter: "bicubic" },
  };
  const expected = JSON.parse(
    readFileSync(join(root, "preprocess/expected.json"), "utf8"),
  ) as PreprocessExpected;
  // sharp takes CMYK to RGB through a colour profile, Pillow by a bare formula.
  const OTHER_DECODER = new Set(["cmyk.jpg"]);
  const cases = Object.entries(expected.images)
    .filter(([name]) => !OTHER_DECODER.has(name))
    .flatMap(([name, { processors }]) =>
      Object.entries(processors).map(([processor, record]) => ({ name, processor, record })),
    );

  it.each(cases)("are what $processor makes of $name", async ({ name, processor, record }) => {
    const { image } = await decoder.decode(
      readFileSync(join(root, "images", name)),
      { input: PROCESSORS[processor]!, thumbnail: false },
      call,
    );
    const wanted = record.variants?.["product"] ?? record.variants?.["alpha_on_white"] ?? record;
    expect([image.width, image.height]).toEqual(record.size);
    expect(sha256(image.data)).toBe(wanted.uint8_sha256_hwc);
  });
});
