/** Small pictures of clearly different kinds, for tests that need albums to come out and no photos. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { createRandom, type Random } from "../../src/core/random.ts";

export const KINDS = ["sunset", "receipt", "stripes", "night", "flower"] as const;
export type Kind = (typeof KINDS)[number];

const WIDTH = 160;
const HEIGHT = 120;

const DRAW: Record<Kind, (random: Random) => string> = {
  sunset(random) {
    const [x, y] = [30 + random.int(100), 45 + random.int(25)];
    return `<defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="${hsl(270 + random.int(30), 45, 30)}"/>
      <stop offset="0.65" stop-color="${hsl(15 + random.int(25), 90, 55)}"/><stop offset="0.66" stop-color="#122"/>
      <stop offset="1" stop-color="#345"/></linearGradient></defs>
      <rect width="160" height="120" fill="url(#sky)"/><circle cx="${x}" cy="${y}" r="${9 + random.int(6)}" fill="#ffe08a"/>`;
  },
  receipt(random) {
    const rows = Array.from({ length: 9 + random.int(4) }, (_, i) => {
      const y = 14 + i * 8;
      return `<rect x="46" y="${y}" width="${20 + random.int(22)}" height="3"/><rect x="${100 - random.int(6)}" y="${y}" width="14" height="3"/>`;
    });
    return `<rect width="160" height="120" fill="${hsl(30, 25, 35 + random.int(15))}"/>
      <rect x="40" y="4" width="80" height="112" fill="#fbfbf6"/><g fill="#333">${rows.join("")}</g>`;
  },
  stripes(random) {
    const hue = 200 + random.int(30);
    const gap = 10 + random.int(8);
    const bars = Array.from({ length: Math.ceil(320 / gap) }, (_, i) => {
      const fill = i % 2 ? hsl(hue, 70, 50) : hsl(hue + 150, 60, 80);
      return `<rect x="${i * gap - 80}" y="-80" width="${gap}" height="300" fill="${fill}"/>`;
    });
    return `<g transform="rotate(${20 + random.int(30)} 80 60)">${bars.join("")}</g>`;
  },
  night(random) {
    const stars = Array.from(
      { length: 60 + random.int(30) },
      () =>
        `<circle cx="${random.int(WIDTH)}" cy="${random.int(HEIGHT)}" r="${0.5 + random.next()}" fill="white"/>`,
    );
    return `<rect width="160" height="120" fill="${hsl(230, 60, 6 + random.int(6))}"/>${stars.join("")}
      <circle cx="${20 + random.int(120)}" cy="${15 + random.int(30)}" r="${7 + random.int(5)}" fill="#eee8c8"/>`;
  },
  flower(random) {
    const [x, y, hue] = [60 + random.int(40), 45 + random.int(30), 300 + random.int(60)];
    const petals = Array.from(
      { length: 7 },
      (_, i) =>
        `<ellipse cx="${x}" cy="${y - 24}" rx="10" ry="20" fill="${hsl(hue, 75, 65)}" transform="rotate(${i * 51.4 + random.int(10)} ${x} ${y})"/>`,
    );
    return `<rect width="160" height="120" fill="${hsl(105 + random.int(20), 45, 32)}"/>${petals.join("")}
      <circle cx="${x}" cy="${y}" r="9" fill="#f4c430"/>`;
  },
};

function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${hue % 360}, ${saturation}%, ${lightness}%)`;
}

export interface PictureOptions {
  /** in this order; all when omitted */
  readonly kinds?: readonly Kind[];
  /** pictures a kind; 8 when omitted */
  readonly each?: number;
  /** number of each kind's first picture: the same number is the same picture. 0 when omitted */
  readonly from?: number;
}

/** 160 x 120 px, no two alike; the same bytes for the same kind and number. */
export function drawKind(kind: Kind, number: number): Promise<Buffer> {
  const random = createRandom(1 + KINDS.indexOf(kind) * 10_000 + number);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">${DRAW[kind](random)}</svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().jpeg({ quality: 90 }).toBuffer();
}

/** Writes `sunset-00.jpg` and so on into `folder`, made if need be. Returns the paths. */
export async function writePictures(folder: string, options: PictureOptions = {}): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const { kinds = KINDS, each = 8, from = 0 } = options;
  const paths: string[] = [];
  for (const kind of kinds)
    for (let number = from; number < from + each; number++) {
      const path = join(folder, `${kind}-${String(number).padStart(2, "0")}.jpg`);
      await writeFile(path, await drawKind(kind, number));
      paths.push(path);
    }
  return paths;
}
