import { afterAll, describe, expect, it } from "vitest";
import { makeHostileFiles, type HostileFile } from "../fixtures/images.ts";
import { sniffImageFormat } from "../../src/core/image-format.ts";
import { createRandom, type Random } from "../../src/core/random.ts";
import { isAlbumenError } from "../../src/errors.ts";
import { createSharpDecoder } from "../../src/adapters/image-decoder/sharp.ts";

const FILES = 10_000;
const ORIGINALS = 30;
/** Pictures at a time, one a thread. */
const LANES = 2;
const call = { signal: new AbortController().signal };
const request = {
  input: { side: 96, fit: "centre-square", resizeTo: 96, filter: "bicubic" },
  thumbnail: true,
} as const;

/** Damage as disks, networks and attackers do it. */
const MUTATIONS: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  function flipBits(bytes, random) {
    for (let n = 1 + random.int(8); n > 0; n--) bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
    return bytes;
  },
  function damageHeader(bytes, random) {
    for (let n = 1 + random.int(4); n > 0; n--)
      bytes[random.int(Math.min(200, bytes.length))] = random.int(256);
    return bytes;
  },
  function writeExtremes(bytes, random) {
    const value = [0, 0xff, 0x7f, 0x80][random.int(4)]!;
    const at = random.int(bytes.length);
    return bytes.fill(value, at, at + 1 + random.int(8));
  },
  function cut(bytes, random) {
    return bytes.slice(0, random.int(bytes.length));
  },
  function removePiece(bytes, random) {
    const at = random.int(bytes.length);
    const end = Math.min(bytes.length, at + 1 + random.int(200));
    return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(end)]);
  },
  function repeatPiece(bytes, random) {
    const at = random.int(bytes.length);
    const end = Math.min(bytes.length, at + 1 + random.int(500));
    return Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(at)]);
  },
];

/** Sound ones of every format, raw files and a JPEG that is cut off among them; no films, each of which would cost a process of ffmpeg. */
async function makeOriginals(): Promise<HostileFile[]> {
  const isOneOfMany = /^orientation [1-4678]|^[Cc]ase|^two.lines|^nnn|^sunset|^no extension|^really/s;
  const pictures = (await makeHostileFiles()).filter(({ expected }) => expected.kind === "image");
  const originals = pictures.filter(({ name }) => !isOneOfMany.test(name));
  const rest = pictures.filter(({ name }) => isOneOfMany.test(name));
  return [...originals, ...rest].slice(0, ORIGINALS);
}

describe("the sharp decoder on damaged files", async () => {
  const originals = await makeOriginals();
  const decoder = createSharpDecoder({ parallelism: LANES, maxPixels: 50_000_000, timeoutMs: 20_000 });
  afterAll(() => decoder.dispose());

  it("starts from 30 originals of every format that is read without another program", () => {
    const formats = new Set(originals.map(({ bytes }) => sniffImageFormat(bytes)));
    expect(originals).toHaveLength(ORIGINALS);
    expect([...formats].sort()).toEqual([
      "avif",
      "bmp",
      "gif",
      "heic",
      "jpeg",
      "png",
      "raw",
      "svg",
      "tiff",
      "webp",
    ]);
    expect(originals.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "nearly whole.jpg",
        "upside down.nef",
        "olympus.orf",
        "fuji.raf",
        "sound.heic",
      ]),
    );
  });

  it(`gives a picture or an IMAGE_ error for each of ${FILES}, in bounded memory`, async () => {
    const random = createRandom(20_240_101);
    const codes = new Map<string, number>();
    let baseline = 0;
    let most = 0;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < FILES) {
        const i = next++;
        const original = originals[i % originals.length]!;
        const mutate = MUTATIONS[random.int(MUTATIONS.length)]!;
        const bytes = mutate(Uint8Array.from(original.bytes), random);
        const outcome = await decoder.decode(Uint8Array.from(bytes), request, call).then(
          ({ image }) => (image.data.length === 96 * 96 * 3 ? "decoded" : `${image.data.length} bytes`),
          (error: unknown) =>
            isAlbumenError(error) && !/crashed/.test(error.message) ? error.code : String(error),
        );
        expect(outcome, `file ${i}: ${mutate.name} on ${original.name}`).toMatch(/^(decoded|IMAGE_[A-Z_]+)$/);
        codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
        if (i === FILES / 10) baseline = process.memoryUsage.rss();
        most = Math.max(most, process.memoryUsage.rss());
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    console.warn(
      `${FILES} damaged files: ${[...codes].map(([code, n]) => `${n} ${code}`).join(", ")}; ` +
        `memory grew by ${Math.round((most - baseline) / 1e6)} MB`,
    );
    expect(codes.get("decoded")).toBeGreaterThan(0);
    expect(codes.get("IMAGE_TOO_SLOW") ?? 0).toBe(0);
    // Less than one picture of the allowed size at a time would take.
    expect(most - baseline).toBeLessThan(1_000_000_000);
  });
});
