/**
 * Makes the pictures of docs/how-it-groups.md from made-up points, grouped by the product itself: each point is a unit
 * vector, drawn as on a map of the sky. `npm run docs:grouping`.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createDensity } from "../src/adapters/clusterer/density.ts";
import { createKMeans } from "../src/adapters/clusterer/kmeans.ts";
import { createWardKMeans } from "../src/adapters/clusterer/ward-kmeans.ts";
import { createPlainMatrix } from "../src/adapters/matrix/plain.ts";
import { SETTINGS } from "../src/config.ts";
import { assignNew } from "../src/core/cluster/assign-new.ts";
import { cutScores, neighboursIn } from "../src/core/cluster/choose.ts";
import { cutTree, squaredDistances, wardTree } from "../src/core/cluster/linkage.ts";
import { spreadOf } from "../src/core/cluster/spread.ts";
import { straysOf } from "../src/core/cluster/strays.ts";
import { trustOf } from "../src/core/cluster/trust.ts";
import { createRandom, type Random } from "../src/core/random.ts";
import { makeVectors, rowOf, takeRows, type Vectors } from "../src/core/vectors.ts";
import type { Clusterer, Clustering, ClusteringTerms } from "../src/ports/clusterer.ts";
import { kernelsOf } from "../src/ports/matrix.ts";

const matrix = createPlainMatrix();
const call = { signal: new AbortController().signal };
const kernels = kernelsOf(matrix, call);

/** A place on the sheet in degrees from its middle: an angle in space becomes a distance on paper. */
type Place = readonly [x: number, y: number];

/** Group: middle, spread in degrees, number of points. The last two groups lie side by side, and so do not part well. */
const GROUPS: readonly (readonly [Place, number, number])[] = [
  [[-40, -22], 5, 26],
  [[-27, -31], 4, 12],
  [[32, -28], 7, 30],
  [[-36, 26], 5, 18],
  [[-12, 4], 4, 5],
  [[26, 22], 6, 24],
  [[42, 20], 6, 20],
];
const STRAYS: readonly Place[] = [
  [0, -44],
  [2, 44],
  [58, -2],
  [-62, 4],
];
const NEW_IMAGES: readonly Place[] = [
  [-37, -17],
  [30, -20],
  [6, 30],
  [9, 27],
  [5, 26],
  [8, 31],
  [10, 33],
  [66, -46],
];

const COLORS = [
  "#3b6ea8",
  "#c8553d",
  "#4f9d69",
  "#8a5fb0",
  "#d19a2a",
  "#2f9c9c",
  "#b5507f",
  "#7a6a4f",
  "#5c6bc0",
  "#97a13b",
];
const GREY = "#8c877f";
const INK = "#3d3a36";

function placesOf(random: Random): Place[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const members = GROUPS.flatMap(([[x, y], spread, count]) =>
    Array.from({ length: count }, (): Place => [x + spread * normal(), y + spread * normal()]),
  );
  return [...members, ...STRAYS];
}

/** Azimuthal equidistant, so that angles from the middle are true. */
function vectorsOf(places: readonly Place[]): Vectors {
  const data = places.flatMap(([x, y]) => {
    const angle = (Math.hypot(x, y) * Math.PI) / 180;
    const scale = angle === 0 ? 0 : Math.sin(angle) / Math.hypot(x, y);
    return [x * scale, y * scale, Math.cos(angle)];
  });
  return makeVectors(Float32Array.from(data), 3);
}

const terms: ClusteringTerms = {
  albums: null,
  granularity: "normal",
  minAlbumSize: SETTINGS.minAlbumSize.default,
  maxAlbums: null,
  seed: 1,
};
const places = placesOf(createRandom(4));
const vectors = vectorsOf(places);

function group(changes: Partial<ClusteringTerms>, clusterer: Clusterer = createWardKMeans({ matrix })) {
  return clusterer.cluster({ ...terms, ...changes, vectors }, call);
}

const PANEL = { width: 300, height: 240, unit: 1.9, gap: 10 };
/** Where the middle of the sheet lies in a panel; the title stands above. */
const MIDDLE: Place = [PANEL.width / 2, PANEL.height / 2 + 20];

function onPaper([x, y]: Place): Place {
  return [MIDDLE[0] + x * PANEL.unit, MIDDLE[1] + y * PANEL.unit];
}

function circle(place: Place, radius: number, paint: string): string {
  const [x, y] = onPaper(place);
  return `<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}" ${paint}/>`;
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function colorOf(label: number): string {
  return COLORS[label % COLORS.length]!;
}

/** A titled sheet; `lines` are one or two. */
function panel(lines: readonly string[], ...drawn: readonly string[]): string {
  const titles = lines.map(
    (line, i) =>
      `<text x="12" y="${20 + 16 * i}"${i > 0 ? ` fill="${GREY}"` : ' font-weight="600"'}>${line}</text>`,
  );
  const frame = `<rect x="1" y="1" width="${PANEL.width - 2}" height="${PANEL.height - 2}" rx="8" fill="#fffdf9" stroke="#e4ddd2"/>`;
  return [frame, ...drawn, ...titles].join("");
}

/** The points, coloured by album; those in none are hollow. */
function dotsOf(label: ArrayLike<number>): string {
  return places
    .map((place, i) =>
      circle(
        place,
        2.6,
        label[i]! < 0 ? `fill="none" stroke="${GREY}" stroke-width="1.2"` : `fill="${colorOf(label[i]!)}"`,
      ),
    )
    .join("");
}

function sheet(panels: readonly string[], columns: number): string {
  const [stepX, stepY] = [PANEL.width + PANEL.gap, PANEL.height + PANEL.gap];
  const rows = Math.ceil(panels.length / columns);
  const [width, height] = [columns * stepX - PANEL.gap, rows * stepY - PANEL.gap];
  const placed = panels.map(
    (content, i) =>
      `<g transform="translate(${(i % columns) * stepX} ${Math.floor(i / columns) * stepY})">${content}</g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...placed,
    "</svg>",
    "",
  ].join("\n");
}

/** Two cuts of the hierarchy, and the score of every cut. */
async function whyPicture(): Promise<string> {
  const gram = await kernels.multiply(vectors, vectors);
  const isStray = straysOf(gram, new Float64Array(vectors.rows).fill(1));
  const stay = [...isStray.keys()].filter((i) => isStray[i] === 0);
  const staying = takeRows(vectors, stay);
  const gramOfStaying = await kernels.multiply(staying, staying);
  const tree = wardTree(squaredDistances(staying, gramOfStaying), stay.length);
  const most = 14;
  const scores = cutScores(tree, gramOfStaying, new Float64Array(stay.length).fill(1), {
    most,
    neighbours: neighboursIn(stay.length),
  });
  const highest = Math.max(...scores);
  const best = scores.indexOf(highest);
  const cutInto = (k: number): Int32Array => {
    const label = new Int32Array(vectors.rows).fill(-1);
    cutTree(tree, k).forEach((c, i) => (label[stay[i]!] = c));
    return label;
  };
  const x = (k: number) => 26 + ((k - 2) / (most - 2)) * (PANEL.width - 52);
  const y = (score: number) => PANEL.height - 34 - (score / highest) * (PANEL.height - 100);
  const counts = Array.from({ length: most - 1 }, (_, i) => i + 2);
  const curve = [
    `<polyline points="${counts.map((k) => `${short(x(k))},${short(y(scores[k]!))}`).join(" ")}" fill="none" stroke="${COLORS[0]}" stroke-width="2"/>`,
    `<circle cx="${short(x(best))}" cy="${short(y(highest))}" r="5" fill="${COLORS[1]}"/>`,
    ...counts.map(
      (k) =>
        `<text x="${short(x(k))}" y="${PANEL.height - 14}" text-anchor="middle" font-size="11">${k}</text>`,
    ),
  ];
  return sheet(
    [
      panel(["the hierarchy cut into 3", "a high cut: broad albums"], dotsOf(cutInto(3))),
      panel([`cut into ${best}`, "where the score is highest"], dotsOf(cutInto(best))),
      panel(["score of each number of albums"], ...curve),
    ],
    3,
  );
}

async function knobsPicture(): Promise<string> {
  const shown: [string, Clustering][] = [
    ["as it comes", await group({})],
    ["--granularity coarse", await group({ granularity: "coarse" })],
    ["--granularity fine", await group({ granularity: "fine" })],
    ["--albums 4", await group({ albums: 4 })],
    ["--max-albums 3", await group({ maxAlbums: 3 })],
    ["--min-album-size 15", await group({ minAlbumSize: 15 })],
    ["--clusterer kmeans --albums 7", await group({ albums: 7 }, createKMeans({ matrix }))],
    ["--clusterer density", await group({}, createDensity({ matrix }))],
  ];
  return sheet(
    shown.map(([knob, { k, assignment }]) =>
      panel([knob, `${k} albums, ${assignment.filter((c) => c < 0).length} unsorted`], dotsOf(assignment)),
    ),
    2,
  );
}

/** How far each album reaches and what new images do; how far each album can be trusted. */
async function newAndTrustPicture(): Promise<string> {
  const { k, assignment, centroids, radius } = await group({});
  const added = await assignNew(
    { centroids, spread: spreadOf(vectors, assignment, k) },
    vectorsOf(NEW_IMAGES),
    kernels,
  );
  const reach = Array.from(radius, (cosine, c) =>
    circle(
      placeOf(centroids, c),
      degreesOf(cosine) * PANEL.unit,
      `fill="${colorOf(c)}" fill-opacity="0.08" stroke="${colorOf(c)}" stroke-opacity="0.5"`,
    ),
  );
  const squares = NEW_IMAGES.map((place, i) => {
    const [x, y] = onPaper(place);
    return `<rect x="${short(x - 4)}" y="${short(y - 4)}" width="8" height="8" fill="${colorOf(added.assignment[i]!)}" stroke="${INK}" stroke-width="1.4"/>`;
  });
  const fine = await group({ granularity: "fine" });
  const trust = await trustOf(vectors, fine.assignment, fine.k, kernels);
  const scores = trust.map((value, c) => {
    const [x, y] = onPaper(placeOf(fine.centroids, c));
    return `<text x="${short(x)}" y="${short(y + 4)}" text-anchor="middle" font-weight="600" stroke="#fffdf9" stroke-width="4" paint-order="stroke">${value?.toFixed(2) ?? ""}</text>`;
  });
  return sheet(
    [
      panel(["how far each album reaches", "squares: new images"], ...reach, dotsOf(assignment), ...squares),
      panel(
        ["trust, with --granularity fine", "lower where albums touch"],
        dotsOf(fine.assignment),
        ...scores,
      ),
    ],
    2,
  );
}

/** The place of a unit vector: the inverse of `vectorsOf`. */
function placeOf(unit: Vectors, row: number): Place {
  const [x, y, z] = rowOf(unit, row) as unknown as [number, number, number];
  const length = Math.hypot(x, y);
  return length === 0 ? [0, 0] : [(x / length) * degreesOf(z), (y / length) * degreesOf(z)];
}

function degreesOf(cosine: number): number {
  return (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
}

for (const [name, picture] of [
  ["why", await whyPicture()],
  ["knobs", await knobsPicture()],
  ["new-and-trust", await newAndTrustPicture()],
] as const) {
  const target = fileURLToPath(new URL(`../docs/images/grouping-${name}.svg`, import.meta.url));
  await writeFile(target, picture);
  process.stdout.write(`${target}: ${picture.length} bytes\n`);
}
