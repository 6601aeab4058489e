/** A decoder without native code or threads, for tests: reads binary PPM (`P6`), the plainest format there is. */
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { fitImage, type DecodedImage } from "../../core/resample.ts";
import { looksOf } from "./looks.ts";
import type { ImageDecoder, ImageFacts } from "../../ports/image-decoder.ts";

/** Facts that PPM cannot hold come from `facts`; the thumbnail is the picture itself, as PPM. */
export function createPpmDecoder(
  facts: Partial<Pick<ImageFacts, "takenAt" | "latitude" | "longitude" | "camera">> = {},
): ImageDecoder {
  return {
    parallelism: 1,
    async decode(bytes, request, { signal }) {
      throwIfAborted(signal);
      if (bytes.length === 0) throw new AlbumenError("IMAGE_EMPTY", "The file is empty.");
      const picture = parsePpm(bytes);
      return {
        image: fitImage(picture, request.input),
        facts: {
          width: picture.width,
          height: picture.height,
          format: "bmp", // the port knows no PPM; this is its nearest kin
          takenAt: null,
          latitude: null,
          longitude: null,
          camera: null,
          title: null,
          keywords: [],
          readable: 1,
          looks: looksOf(picture),
          meanColor: meanColor(picture),
          ...facts,
        },
        thumbnail: request.thumbnail ? Uint8Array.from(bytes) : null,
      };
    },
    async dispose() {},
  };
}

export function encodePpm(image: DecodedImage): Uint8Array {
  const header = new TextEncoder().encode(`P6 ${image.width} ${image.height} 255\n`);
  const bytes = new Uint8Array(header.length + image.data.length);
  bytes.set(header);
  bytes.set(image.data, header.length);
  return bytes;
}

function parsePpm(bytes: Uint8Array): DecodedImage {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(String.fromCharCode(...bytes.subarray(0, 64)));
  if (!header) throw new AlbumenError("IMAGE_UNKNOWN_FORMAT", "The bytes are no binary PPM.");
  const width = Number(header[1]);
  const height = Number(header[2]);
  const data = bytes.slice(header[0].length, header[0].length + width * height * 3);
  if (data.length < width * height * 3)
    throw new AlbumenError("IMAGE_TRUNCATED", "The PPM ends before its data does.");
  return { data, width, height };
}

function meanColor({ data }: DecodedImage): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[i % 3]! += data[i]!;
  return sums.map((sum) => Math.round((sum * 3) / data.length)) as [number, number, number];
}
