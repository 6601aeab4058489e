/** Names that claim nothing about what is to be seen: by date, place, colour or shape. Pure. */
import type { AlbumEvidence } from "./evidence.ts";

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);

/** A date or a place names an album when at least this share of its images has one, and all that do agree. */
const COVERED = 0.8;
/** A colour or a shape names an album when at least this share of its images has it. */
const MOSTLY = 0.6;
/** Images within so many degrees of latitude and longitude are in one place (about 20 km). */
const PLACE_DEGREES = 0.2;

export interface NeutralName {
  readonly text: string;
  /** ends the sentence "It is named by …" */
  readonly by: string;
}

/** All that can honestly be said, the most telling first; the last one can always be said. */
export function neutralNames(album: AlbumEvidence): NeutralName[] {
  const when = whenOf(album);
  const where = whereOf(album);
  const look = lookOf(album);
  const shape = shapeOf(album);
  const names: NeutralName[] = [];
  if (when) names.push({ text: when, by: "the date of its images" });
  if (where) names.push({ text: where, by: "the place of its images" });
  // At most four words in all.
  if (when && look && when.split(" ").length <= 2)
    names.push({ text: `${when}, Mostly ${look}`, by: "the date and the colour of its images" });
  if (look) names.push({ text: `Mostly ${look}`, by: "the colour of its images" });
  if (shape) names.push({ text: `${shape} Pictures`, by: "the shape of its images" });
  if (shape && look)
    names.push({ text: `${shape}, Mostly ${look}`, by: "the shape and the colour of its images" });
  names.push({ text: album.size > 1 ? "Alike" : "Single Picture", by: "nothing else that its images share" });
  return names;
}

/** `17 March 2024`, `March 2024`, `March to May 2024` or `2024`; null when the images are spread wider. */
export function whenOf({ dates, size }: AlbumEvidence): string | null {
  const days = dates.flatMap((date) => {
    const parts = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])/.exec(date);
    return parts ? [{ year: parts[1]!, month: Number(parts[2]), day: Number(parts[3]) }] : [];
  });
  if (days.length === 0 || days.length < COVERED * size) return null;
  const { year, month, day } = days[0]!;
  if (days.some((other) => other.year !== year)) return null;
  const months = days.map((other) => other.month);
  const first = Math.min(...months);
  const last = Math.max(...months);
  if (first !== last)
    return last - first <= 2 ? `${MONTHS[first - 1]!} to ${MONTHS[last - 1]!} ${year}` : year;
  const name = `${MONTHS[month - 1]!} ${year}`;
  return days.every((other) => other.day === day) ? `${day} ${name}` : name;
}

function whereOf({ places, size }: AlbumEvidence): string | null {
  if (places.length === 0 || places.length < COVERED * size) return null;
  const latitudes = places.map((place) => place.latitude);
  const longitudes = places.map((place) => place.longitude);
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)];
  if (!(north - south <= PLACE_DEGREES && east - west <= PLACE_DEGREES)) return null;
  const degrees = (value: number, letters: string): string =>
    `${Math.abs(value).toFixed(1)}°${value < 0 ? letters[1]! : letters[0]!}`;
  return `Near ${degrees((south + north) / 2, "NS")} ${degrees((west + east) / 2, "EW")}`;
}

function lookOf({ meanColors, size }: AlbumEvidence): string | null {
  return mostFrequent(meanColors.map(colorName), size);
}

function shapeOf({ aspectRatios, size }: AlbumEvidence): string | null {
  // Phone screens are 9:16 and narrower, panoramas 2:1 and wider; 2:3 to 16:9 is what cameras make.
  return mostFrequent(
    aspectRatios.map((ratio) => (ratio < 0.6 ? "Tall" : ratio > 1.9 ? "Wide" : "")),
    size,
  );
}

function mostFrequent(values: readonly string[], size: number): string | null {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) if (count >= MOSTLY * size) return value;
  return null;
}

/** Hue and lightness in words, after the usual twelve-part wheel. Means of photos are pale: 12 % counts as colour. */
export function colorName([red, green, blue]: readonly [number, number, number]): string {
  const high = Math.max(red, green, blue);
  const low = Math.min(red, green, blue);
  const lightness = (high + low) / 510;
  if (lightness < 0.12) return "Black";
  if (lightness > 0.9) return "White";
  if ((high - low) / 255 < 0.12)
    return lightness < 0.35 ? "Dark Grey" : lightness > 0.7 ? "Light Grey" : "Grey";
  const sector =
    high === red
      ? (green - blue) / (high - low)
      : high === green
        ? 2 + (blue - red) / (high - low)
        : 4 + (red - green) / (high - low);
  const hue = (sector * 60 + 360) % 360;
  if (hue < 15 || hue >= 345) return lightness > 0.7 ? "Pink" : "Red";
  if (hue < 45) return lightness < 0.5 ? "Brown" : "Orange";
  if (hue < 70) return "Yellow";
  if (hue < 160) return "Green";
  if (hue < 190) return "Teal";
  if (hue < 255) return "Blue";
  if (hue < 290) return "Purple";
  return "Pink";
}
