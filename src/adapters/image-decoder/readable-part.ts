/** What is left of a JPEG that ends early, when it is nearly all. */
import sharp, { type Metadata } from "sharp";
import type { DecodeLimits } from "./decode.ts";

/** Less than this is refused: a picture without its lower part is another picture. */
const LEAST_SHARE = 0.9;
/** libjpeg fills what is missing with the middle of the scale. */
const FILL = 128;
const FILL_TOLERANCE = 1;
/** Rows of the largest block that a JPEG is coded in; the last row of blocks that was begun is not whole. */
const BLOCK_ROWS = 16;

/**
 * The rows that the data reach to, as a PNG with the file's own orientation; null when too many are missing, or when the
 * JPEG is progressive, whose rows are all there long before they are sharp. Without end marker but otherwise whole: all rows.
 */
export async function readablePart(
  jpeg: Uint8Array,
  header: Metadata,
  limits: DecodeLimits,
): Promise<{ readonly bytes: Uint8Array; readonly share: number } | null> {
  const seconds = Math.ceil(limits.timeoutMs / 1000);
  const closed = withEndMarker(jpeg);
  // libjpeg takes a missing end marker for missing data. With one supplied it knows: it warns if there is a hole.
  const isWhole = await sharp(closed, { failOn: "warning", limitInputPixels: limits.maxPixels })
    .timeout({ seconds })
    .stats()
    .then(
      () => true,
      () => false,
    );
  if (isWhole) return { bytes: closed, share: 1 };
  if (header.isProgressive) return null;
  const open = () =>
    sharp(closed, { failOn: "none", limitInputPixels: limits.maxPixels, ignoreIcc: true }).timeout({
      seconds,
    });
  const { data, info } = await open().toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const rowBytes = info.width * info.channels;
  let filled = info.height;
  while (filled > 0 && isFill(data.subarray((filled - 1) * rowBytes, filled * rowBytes))) filled--;
  const rows = Math.floor((filled - 1) / BLOCK_ROWS) * BLOCK_ROWS;
  if (rows < LEAST_SHARE * info.height) return null;
  const bytes = await open()
    .extract({ left: 0, top: 0, width: info.width, height: rows })
    .keepMetadata()
    .png({ compressionLevel: 1 })
    .toBuffer();
  return { bytes, share: rows / info.height };
}

function isFill(row: Uint8Array): boolean {
  return row.every((value) => Math.abs(value - FILL) <= FILL_TOLERANCE);
}

function withEndMarker(jpeg: Uint8Array): Uint8Array {
  const whole = new Uint8Array(jpeg.length + 2);
  whole.set(jpeg);
  whole.set([0xff, 0xd9], jpeg.length);
  return whole;
}
