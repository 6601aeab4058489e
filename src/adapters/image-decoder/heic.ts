/** HEIC (HEVC in an ISO base media file) by libheif in WebAssembly: sharp's own build holds no HEVC decoder. */
import type { CheckSize, RawPixels } from "./raw-pixels.ts";

/** The first image, the container's rotation applied. Blocks its thread; throws plain errors, and what `checkSize` throws. */
export async function decodeHeic(bytes: Uint8Array, checkSize: CheckSize): Promise<RawPixels> {
  // 1.4 MB of WebAssembly, loaded by the first HEIC only.
  const { default: heicDecode } = await import("heic-decode");
  const images = await heicDecode.all({ buffer: bytes });
  try {
    const first = images[0]!;
    checkSize(first.width, first.height);
    const { data, width, height } = await first.decode();
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width, height, channels: 4 };
  } finally {
    images.dispose();
  }
}
