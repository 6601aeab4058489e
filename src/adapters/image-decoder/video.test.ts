import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createSharpDecoder } from "./sharp.ts";
import { grabFrame } from "./video.ts";

const call = { signal: new AbortController().signal };
const request = {
  input: { side: 32, fit: "centre-square", resizeTo: 32, filter: "bicubic" },
  thumbnail: true,
} as const;
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

describe.skipIf(!hasFfmpeg)(`videos${hasFfmpeg ? "" : " (skipped: there is no ffmpeg on the PATH)"}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-films-"));
  const decoder = createSharpDecoder({ parallelism: 1 });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await decoder.dispose();
  });
  /** half a second of black, then two seconds of blue */
  const film = (name: string): Uint8Array => {
    const path = join(folder, name);
    const scenes = [
      "-f",
      "lavfi",
      "-i",
      "color=black:s=96x64:d=0.5:r=10",
      "-f",
      "lavfi",
      "-i",
      "color=blue:s=96x64:d=2:r=10",
    ];
    execFileSync("ffmpeg", [
      "-v",
      "error",
      ...scenes,
      "-filter_complex",
      "concat=n=2",
      "-c:v",
      "mpeg4",
      path,
    ]);
    return Uint8Array.from(readFileSync(path));
  };

  it.each(["film.mp4", "film.mov", "film.mkv", "film.avi"])(
    "stands for %s by a typical frame",
    async (name) => {
      const { facts, thumbnail } = await decoder.decode(film(name), request, call);
      expect(facts).toMatchObject({ width: 96, height: 64, format: "video" });
      expect(facts.meanColor[2]).toBeGreaterThan(200);
      expect(thumbnail!.length).toBeGreaterThan(0);
    },
  );

  it("says what is wrong with a broken one, and leaves nothing behind", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("albumen-video-"));
    const broken = film("broken.mp4").subarray(0, 600);
    await expect(decoder.decode(Uint8Array.from(broken), request, call)).rejects.toMatchObject({
      code: expect.stringMatching(/^IMAGE_(CORRUPT|TRUNCATED)$/) as string,
    });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("albumen-video-"))).toEqual(before);
  });
});

describe("videos without ffmpeg", () => {
  it("are refused with what to install", async () => {
    vi.stubEnv("PATH", "/nowhere");
    try {
      await expect(grabFrame(new Uint8Array(32), 1000)).rejects.toMatchObject({
        code: "IMAGE_UNSUPPORTED",
        hint: expect.stringContaining("ffmpeg") as string,
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
