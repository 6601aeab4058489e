/** HEIC (HEVC in an ISO base media file) by libheif in WebAssembly: sharp's own build holds no HEVC decoder. */
import { AlbumenError, messageOf } from "../../errors.ts";
import type { CheckSize, RawPixels } from "./raw-pixels.ts";

/** The first image, the container's rotation applied. Blocks its thread. Errors: `IMAGE_CORRUPT`. */
export async function decodeHeic(bytes: Uint8Array, checkSize: CheckSize): Promise<RawPixels> {
  // 1.4 MB of WebAssembly, loaded by the first HEIC only.
  const { default: heicDecode } = await import("heic-decode");
  let images;
  try {
    images = await heicDecode.all({ buffer: bytes });
  } catch (error) {
    throw new AlbumenError("IMAGE_CORRUPT", `The HEIC picture cannot be read: ${messageOf(error)}.`);
  }
  try {
    const first = images[0]!;
    checkSize(first.width, first.height);
    const { data, width, height } = await first.decode().catch((error: unknown) => {
      throw new AlbumenError("IMAGE_CORRUPT", `The HEIC picture cannot be decoded: ${messageOf(error)}.`);
    });
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, channels: 4 };
  } finally {
    images.dispose();
  }
}
