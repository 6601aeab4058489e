/** One image, from bytes to pixels, facts and thumbnail. Runs in a worker; knows nothing of threads. */
import sharp, { type Metadata, type Sharp, type SharpOptions } from "sharp";
import { AlbumenError, isAlbumenError, messageOf } from "../../errors.ts";
import { endsEarly, sniffImageFormat, type ImageFormat } from "../../core/image-format.ts";
import { isRawTiff, largestJpegWithin, tiffOrientation, withOrientation } from "../../core/raw-preview.ts";
import { decodeSize, fitImage, type DecodedImage, type Size } from "../../core/resample.ts";
import type { Decoded, DecodeRequest } from "../../ports/image-decoder.ts";
import { decodeBmp } from "./bmp.ts";
import { readFacts, type MetadataBlocks } from "./facts.ts";
import { decodeHeic } from "./heic.ts";
import { looksOf } from "./looks.ts";
import { readablePart } from "./readable-part.ts";
import { grabFrame } from "./video.ts";

export interface DecodeLimits {
  /** width x height; a picture that has more is refused by its header */
  readonly maxPixels: number;
  /** sharp gives up on one picture after so long */
  readonly timeoutMs: number;
}

/** Longest side of a thumbnail, px. */
const THUMBNAIL_SIDE = 256;

/** Errors: every `IMAGE_*` code and nothing else, whatever the bytes are. */
export async function decodeImage(
  bytes: Uint8Array,
  request: DecodeRequest,
  limits: DecodeLimits,
): Promise<Decoded> {
  if (bytes.length === 0) throw new AlbumenError("IMAGE_EMPTY", "The file is empty.");
  const format = sniffImageFormat(bytes);
  if (format === null)
    throw new AlbumenError(
      "IMAGE_UNKNOWN_FORMAT",
      "The bytes are none of the image formats that Albumen reads.",
    );
  try {
    return await decodeAs(format, bytes, request, limits);
  } catch (error) {
    throw asImageError(error, format, bytes);
  }
}

async function decodeAs(
  format: ImageFormat,
  bytes: Uint8Array,
  request: DecodeRequest,
  limits: DecodeLimits,
): Promise<Decoded> {
  const picture = await openPicture(format, bytes, limits);
  const { size } = picture;
  const pixels = await readPixels(picture, decodeSize(request.input, size, format === "svg"), limits);
  return {
    image: fitImage(pixels, request.input, size),
    facts: {
      ...size,
      format: picture.format,
      ...readFacts(picture.metadata),
      readable: picture.readable,
      looks: looksOf(pixels),
      meanColor: meanColor(pixels),
    },
    thumbnail: request.thumbnail ? await makeThumbnail(picture, pixels, limits) : null,
  };
}

/** A picture whose header has been read and found harmless; its pixels are not decoded yet, where that can wait. */
interface Picture {
  readonly format: ImageFormat;
  readonly input: Uint8Array;
  readonly options: SharpOptions;
  /** after orientation */
  readonly size: Size;
  /** one channel of 16 bits */
  readonly isDeepGrey: boolean;
  /** share of the rows that the file still holds, in (0, 1] */
  readonly readable: number;
  readonly metadata: MetadataBlocks;
  readonly profile: Uint8Array | undefined;
}

async function openPicture(format: ImageFormat, bytes: Uint8Array, limits: DecodeLimits): Promise<Picture> {
  const checkSize = (width: number, height: number) => {
    if (width * height > limits.maxPixels)
      throw new AlbumenError(
        "IMAGE_TOO_MANY_PIXELS",
        `The picture has ${width} x ${height} px, more than the limit of ${limits.maxPixels}.`,
      );
  };
  if (format === "bmp") {
    const { data, width, height, channels } = decodeBmp(bytes, checkSize);
    return rawPicture(format, { width, height }, data, channels, {});
  }
  if (format === "video") {
    const frame = await openPicture("png", await grabFrame(bytes, limits.timeoutMs), limits);
    return { ...frame, format };
  }
  if (format === "raw" || (format === "tiff" && isRawTiff(bytes))) return openRaw(bytes, limits);
  // Reads the header only. The limit is ours to check: sharp's error for it cannot be told from others.
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  checkSize(header.width, header.height);
  if (header.format === "heif" && header.compression === "hevc") {
    const { data, width, height, channels } = await decodeHeic(bytes, checkSize);
    return rawPicture("heic", { width, height }, data, channels, blocksOf(header));
  }
  // The GIF reader leaves what is missing blank and says nothing.
  if (format === "gif" && endsEarly(bytes, format)) throw truncated(format);
  const metadata = blocksOf(header);
  const whole: Picture = {
    format: header.format === "heif" ? "avif" : format,
    input: bytes,
    options: { failOn: "truncated", limitInputPixels: limits.maxPixels, sequentialRead: true },
    size: header.autoOrient,
    isDeepGrey: header.depth === "ushort" && header.channels === 1,
    readable: 1,
    // A TIFF's facts lie in its own directory.
    metadata: format === "tiff" ? { ...metadata, exif: metadata.exif ?? bytes } : metadata,
    profile: header.icc,
  };
  if (format !== "jpeg" || !endsEarly(bytes, format)) return whole;
  const part = await readablePart(bytes, header, limits);
  if (part === null) throw truncated(format);
  const { autoOrient } = await sharp(part.bytes).metadata();
  return { ...whole, input: part.bytes, size: autoOrient, readable: part.share };
}

/** By the preview that the camera put in; the facts are the raw file's own, where it is made like a TIFF. */
async function openRaw(bytes: Uint8Array, limits: DecodeLimits): Promise<Picture> {
  const preview = largestJpegWithin(bytes);
  if (preview === null)
    throw new AlbumenError("IMAGE_UNSUPPORTED", "The raw file holds no preview that could stand for it.", {
      hint: "Develop it to a JPEG or TIFF.",
    });
  const header = await sharp(preview, { limitInputPixels: false }).metadata();
  const orientation = header.orientation === undefined ? tiffOrientation(bytes) : 1;
  const upright = orientation === 1 ? Uint8Array.from(preview) : withOrientation(preview, orientation);
  const picture = await openPicture("jpeg", upright, limits);
  const isLikeTiff = bytes[0] === bytes[1]; // "II" or "MM"
  const own = isLikeTiff ? { exif: asTiff(bytes) } : {};
  return { ...picture, format: "raw", metadata: { ...picture.metadata, ...own } };
}

/** Olympus and Panasonic write a number of their own where TIFF has 42; all that follows is TIFF. */
function asTiff(raw: Uint8Array): Uint8Array {
  const tiff = Uint8Array.from(raw);
  tiff.set(raw[0] === 0x49 ? [42, 0] : [0, 42], 2);
  return tiff;
}

function blocksOf({ exif, xmp, iptc }: Metadata): MetadataBlocks {
  return { exif, xmp, iptc };
}

function rawPicture(
  format: ImageFormat,
  size: Size,
  input: Uint8Array,
  channels: 3 | 4,
  metadata: MetadataBlocks,
): Picture {
  const options: SharpOptions = { raw: { ...size, channels }, limitInputPixels: false };
  return { format, input, options, size, isDeepGrey: false, readable: 1, metadata, profile: undefined };
}

function open(picture: Picture, limits: DecodeLimits, options: SharpOptions = {}): Sharp {
  return sharp(picture.input, { ...picture.options, ...options })
    .autoOrient()
    .timeout({ seconds: Math.ceil(limits.timeoutMs / 1000) });
}

/**
 * The whole picture in `size`, upright, alpha over white, the colour profile ignored: models were trained on bytes
 * that Pillow gave them, and it ignores it.
 */
async function readPixels(picture: Picture, size: Size, limits: DecodeLimits): Promise<DecodedImage> {
  let pipeline = open(picture, limits, { ignoreIcc: true });
  if (size.width !== picture.size.width || size.height !== picture.size.height)
    pipeline = pipeline.resize({ ...size, fit: "fill", kernel: "cubic" });
  const { data, info } = picture.isDeepGrey
    ? await pipeline.toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true })
    : await pipeline.toColourspace("srgb").raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const rgb = picture.isDeepGrey ? toEightBits(data) : overWhite(data, info.channels);
  return { data: rgb, width: info.width, height: info.height };
}

/** v / 257, rounded. sharp cuts off the low byte instead, as Pillow does too, but not for grey: that it reads in full. */
function toEightBits(data: Uint8Array): Uint8Array {
  const deep = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return Uint8Array.from(deep, (value) => value / 257 + 0.5);
}

/** Alpha over white, rounded as Pillow's alpha_composite rounds it; sharp's own flatten is off by one. */
function overWhite(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const alpha = data[from + 3]!;
    const white = 255 * (255 - alpha);
    rgb[to] = (data[from]! * alpha + white) / 255 + 0.5;
    rgb[to + 1] = (data[from + 1]! * alpha + white) / 255 + 0.5;
    rgb[to + 2] = (data[from + 2]! * alpha + white) / 255 + 0.5;
  }
  return rgb;
}

/** Mean over an even grid of about 65,000 points. */
function meanColor({ data, width, height }: DecodedImage): [number, number, number] {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 65_536)));
  let red = 0;
  let green = 0;
  let blue = 0;
  let count = 0;
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      const at = (y * width + x) * 3;
      red += data[at]!;
      green += data[at + 1]!;
      blue += data[at + 2]!;
      count += 1;
    }
  }
  return [Math.round(red / count), Math.round(green / count), Math.round(blue / count)];
}

/**
 * People see thumbnails, so here the colour profile counts: a picture in a wider space than sRGB, as phones take them,
 * is decoded once more, now with its profile and small.
 */
async function makeThumbnail(
  picture: Picture,
  pixels: DecodedImage,
  limits: DecodeLimits,
): Promise<Uint8Array> {
  const { data, width, height } = pixels;
  const source =
    picture.profile && !isSrgb(picture.profile)
      ? open(picture, limits)
      : sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  const thumbnail = await source
    .resize({ width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE, fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .toColourspace("srgb")
    .webp({ quality: 78, effort: 1 })
    .toBuffer();
  return Uint8Array.from(thumbnail);
}

/** By the description that every sRGB profile carries, in ASCII or UTF-16. */
function isSrgb(profile: Uint8Array): boolean {
  const text = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength).toString("latin1");
  return text.replaceAll("\0", "").includes("sRGB");
}

function asImageError(error: unknown, format: ImageFormat, bytes: Uint8Array): AlbumenError {
  if (isAlbumenError(error)) return error;
  const reason = messageOf(error).split("\n")[0]!.trim();
  if (/timeout/i.test(reason))
    return new AlbumenError("IMAGE_TOO_SLOW", "Decoding took longer than the time limit.");
  if (endsEarly(bytes, format)) return truncated(format);
  return new AlbumenError("IMAGE_CORRUPT", `The ${format.toUpperCase()} cannot be decoded: ${reason}.`);
}

function truncated(format: ImageFormat): AlbumenError {
  return new AlbumenError("IMAGE_TRUNCATED", `The ${format.toUpperCase()} ends before its data does.`);
}
