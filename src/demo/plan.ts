/** Which demo pictures there are: kinds, file names, formats, dates, duplicates and broken files. Pure. */
import type { Random } from "../core/random.ts";
import { shuffled } from "../core/random.ts";
import { drawBalloons } from "./kinds/balloon.ts";
import { drawBeach } from "./kinds/beach.ts";
import { drawChart } from "./kinds/chart.ts";
import { drawCity } from "./kinds/city.ts";
import { drawDesktopScreen } from "./kinds/desktop-screen.ts";
import { drawFlower } from "./kinds/flower.ts";
import { drawFruit } from "./kinds/fruit.ts";
import { drawIcon } from "./kinds/icon.ts";
import { drawMap } from "./kinds/map.ts";
import { drawMountain } from "./kinds/mountain.ts";
import { drawNightSky } from "./kinds/night-sky.ts";
import { drawPattern } from "./kinds/pattern.ts";
import { drawPhoneScreen } from "./kinds/phone-screen.ts";
import { drawQuote } from "./kinds/quote.ts";
import { drawReceipt } from "./kinds/receipt.ts";
import { drawSunset } from "./kinds/sunset.ts";
import { randomFor } from "./picture.ts";
import type { DrawKind, Picture } from "./picture.ts";

export type DemoFormat = "jpeg" | "png" | "webp";

/** How one drawn picture is written. */
export interface DemoEncoding {
  readonly format: DemoFormat;
  /** 1..100; not used by PNG */
  readonly quality: number;
  /** longest side after scaling, px; null keeps the size */
  readonly longestSide: number | null;
  /** share cut off at every edge, in [0, .5) */
  readonly crop: number;
  /** EXIF local time `YYYY:MM:DD hh:mm:ss`; null writes no EXIF */
  readonly takenAt: string | null;
  /** stored lying on its side, with the EXIF orientation that sets it upright */
  readonly isSideways: boolean;
}

export type DemoFile = {
  /** file name, unique whatever the case */
  readonly name: string;
} & (
  | {
      readonly content: "picture";
      readonly kind: string;
      readonly draw: () => Picture;
      readonly encoding: DemoEncoding;
    }
  /** the same bytes as the earlier file `of` */
  | { readonly content: "copy"; readonly kind: string; readonly of: string }
  /** the first `share` of the bytes of the earlier file `of` */
  | { readonly content: "truncated"; readonly of: string; readonly share: number }
  | { readonly content: "text"; readonly text: string }
);

interface Kind {
  readonly name: string;
  readonly draw: DrawKind;
  readonly count: number;
  /** photo: a camera's file names, JPEG or WebP; screen: a download folder's, PNG or WebP */
  readonly origin: "photo" | "screen";
}

const KINDS: readonly Kind[] = [
  { name: "sunset", draw: drawSunset, count: 7, origin: "photo" },
  { name: "night sky", draw: drawNightSky, count: 8, origin: "photo" },
  { name: "mountain", draw: drawMountain, count: 8, origin: "photo" },
  { name: "beach", draw: drawBeach, count: 7, origin: "photo" },
  { name: "city", draw: drawCity, count: 7, origin: "photo" },
  { name: "flower", draw: drawFlower, count: 8, origin: "photo" },
  { name: "fruit", draw: drawFruit, count: 7, origin: "photo" },
  { name: "balloon", draw: drawBalloons, count: 7, origin: "photo" },
  { name: "receipt", draw: drawReceipt, count: 7, origin: "photo" },
  { name: "quote", draw: drawQuote, count: 7, origin: "screen" },
  { name: "chart", draw: drawChart, count: 9, origin: "screen" },
  { name: "map", draw: drawMap, count: 6, origin: "screen" },
  { name: "phone screen", draw: drawPhoneScreen, count: 9, origin: "screen" },
  { name: "desktop screen", draw: drawDesktopScreen, count: 6, origin: "screen" },
  { name: "icon", draw: drawIcon, count: 7, origin: "screen" },
  { name: "pattern", draw: drawPattern, count: 6, origin: "screen" },
];

const EXACT_COPIES = 5;
const NEAR_COPIES = 5;

/** The same list for the same seed: about 125 files in the order of their names. */
export function planDemo(seed: number): DemoFile[] {
  const random = randomFor(seed, 0, 0);
  const takenNames = new Set<string>();
  const pictures: Extract<DemoFile, { content: "picture" }>[] = [];
  KINDS.forEach((kind, group) => {
    for (let index = 0; index < kind.count; index++) {
      const encoding = encodingFor(kind.origin, random);
      pictures.push({
        name: fileName(kind.origin, encoding, random, takenNames),
        content: "picture",
        kind: kind.name,
        draw: () => kind.draw(randomFor(seed, group + 1, index), index),
        encoding,
      });
    }
  });
  const chosen = shuffled(pictures, random);
  const copies = chosen.slice(0, EXACT_COPIES).map((original): DemoFile => ({
    name: copyName(original.name, takenNames),
    content: "copy",
    kind: original.kind,
    of: original.name,
  }));
  const nearCopies = chosen.slice(EXACT_COPIES, EXACT_COPIES + NEAR_COPIES).map((original): DemoFile => {
    const encoding: DemoEncoding = {
      format: "jpeg",
      quality: 62,
      longestSide: 480,
      crop: 0.015,
      takenAt: null,
      isSideways: false,
    };
    return { ...original, name: fileName("sent", encoding, random, takenNames), encoding };
  });
  const cut = chosen.find(
    (file) => file.encoding.format === "jpeg" && !chosen.slice(0, EXACT_COPIES).includes(file),
  )!;
  const broken: DemoFile[] = [
    {
      name: fileName("photo", cut.encoding, random, takenNames),
      content: "truncated",
      of: cut.name,
      share: 0.55,
    },
    {
      name: fileName("sent", { ...cut.encoding, takenAt: null }, random, takenNames),
      content: "text",
      text: "This is a note that somebody saved under the name of a picture.\n",
    },
  ];
  return [...pictures, ...copies, ...nearCopies, ...broken];
}

function encodingFor(origin: Kind["origin"], random: Random): DemoEncoding {
  const chance = random.next();
  const isPhoto = origin === "photo";
  const format: DemoFormat = isPhoto
    ? chance < 0.8
      ? "jpeg"
      : "webp"
    : chance < 0.6
      ? "png"
      : chance < 0.8
        ? "jpeg"
        : "webp";
  const hasExif = isPhoto && format === "jpeg" && random.next() < 0.75;
  return {
    format,
    quality: 78 + random.int(16),
    longestSide: null,
    crop: 0,
    takenAt: hasExif ? dateOf(random, ":", ":", " ") : null,
    isSideways: hasExif && random.next() < 0.15,
  };
}

/** A day of 2023 or 2024. */
function dateOf(random: Random, dateMark: string, timeMark: string, between: string): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [2023 + random.int(2), two(1 + random.int(12)), two(1 + random.int(28))].join(dateMark);
  return date + between + [two(7 + random.int(15)), two(random.int(60)), two(random.int(60))].join(timeMark);
}

const EXTENSIONS: Readonly<Record<DemoFormat, string>> = { jpeg: "jpg", png: "png", webp: "webp" };

/** A name as phones and browsers give it; it says where a file came from, never what it shows. */
function fileName(
  origin: Kind["origin"] | "sent",
  encoding: DemoEncoding,
  random: Random,
  taken: Set<string>,
): string {
  for (;;) {
    const number = String(1 + random.int(9999)).padStart(4, "0");
    const stamp = encoding.takenAt
      ? encoding.takenAt.replaceAll(":", "").replace(" ", "_")
      : dateOf(random, "", "", "_");
    const stems = {
      photo: [`IMG_${stamp}`, `IMG_${number}`, `DSC0${number}`, `scan${number}`],
      screen: [`Screenshot_${stamp}`, `image-${number}`, `download (${1 + random.int(40)})`, `scan${number}`],
      sent: [`received_${number}${1 + random.int(9)}`, `IMG-${stamp.slice(0, 8)}-WA${number}`],
    }[origin];
    const extension = EXTENSIONS[encoding.format];
    const name = `${stems[random.int(stems.length)]!}.${random.next() < 0.08 ? extension.toUpperCase() : extension}`;
    if (claim(name, taken)) return name;
  }
}

function copyName(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf(".");
  for (let i = 1; ; i++) {
    const copy = `${name.slice(0, dot)} (copy${i > 1 ? ` ${i}` : ""})${name.slice(dot)}`;
    if (claim(copy, taken)) return copy;
  }
}

function claim(name: string, taken: Set<string>): boolean {
  const key = name.toLowerCase();
  if (taken.has(key)) return false;
  taken.add(key);
  return true;
}
