/** One frame of a video, by the ffmpeg that is on the PATH. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AlbumenError, messageOf } from "../../errors.ts";

const run = promisify(execFile);

/** Frames among which the most typical one is chosen: those of the first seconds. */
const LOOKED_AT = 100;
const MAX_FRAME_BYTES = 256_000_000;

/**
 * A PNG of the frame whose colours are nearest to the mean of its first hundred (ffmpeg's `thumbnail` filter), so that a fade
 * from black is not what stands for it. Errors: `IMAGE_UNSUPPORTED` without ffmpeg, `IMAGE_CORRUPT`, `IMAGE_TOO_SLOW`.
 */
export async function grabFrame(bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  // A film's index may lie at its end, so ffmpeg needs to seek: a file, not a pipe.
  const folder = await mkdtemp(join(tmpdir(), "albumen-video-"));
  try {
    const path = join(folder, "film");
    await writeFile(path, bytes);
    const { stdout } = await run("ffmpeg", argumentsFor(path, bytes), {
      encoding: "buffer",
      maxBuffer: MAX_FRAME_BYTES,
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    if (stdout.length === 0) throw new AlbumenError("IMAGE_CORRUPT", "The video holds no frame.");
    return Uint8Array.from(stdout);
  } catch (error) {
    throw asVideoError(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function argumentsFor(path: string, bytes: Uint8Array): string[] {
  const container = bytes[0] === 0x1a ? "matroska" : bytes[0] === 0x52 ? "avi" : "mov";
  // The container is named and only files may be opened: a playlist in disguise could make ffmpeg read others, or fetch.
  const input = ["-protocol_whitelist", "file", "-f", container, "-i", path];
  const output = [
    "-map",
    "0:v:0",
    "-vf",
    `thumbnail=${LOOKED_AT}`,
    "-frames:v",
    "1",
    "-c:v",
    "png",
    "-f",
    "image2pipe",
    "-",
  ];
  return ["-nostdin", "-v", "error", "-threads", "1", ...input, ...output];
}

function asVideoError(error: unknown): AlbumenError {
  if (error instanceof AlbumenError) return error;
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: Buffer };
  if (code === "ENOENT")
    return new AlbumenError(
      "IMAGE_UNSUPPORTED",
      "It is a video, and there is no ffmpeg here to take a frame from it.",
      {
        hint: "Install ffmpeg so that it is on the PATH.",
      },
    );
  if (killed)
    return new AlbumenError(
      "IMAGE_TOO_SLOW",
      "Taking a frame from the video took longer than the time limit.",
    );
  const reason = (stderr?.toString("utf8") ?? messageOf(error))
    .split("\n")[0]!
    .replace(/^\[[^\]]*\] */, "")
    .trim();
  return new AlbumenError("IMAGE_CORRUPT", `The video cannot be decoded: ${reason}`, { cause: error });
}
