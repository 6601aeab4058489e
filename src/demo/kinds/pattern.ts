/** Patterns. Pure. */
import { between, css, hsl } from "../picture.ts";
import type { DrawKind, Rgb } from "../picture.ts";
import { circle, path, polyline, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

interface Motif {
  /** from row to row over from column to column; below 1 the rows overlap */
  readonly rise: number;
  /** One of them with its corner at (x, y), `step` px wide. `tone(i)` is a colour of the pattern, 0 its ground. */
  draw(x: number, y: number, step: number, row: number, column: number, tone: (i: number) => string): string;
}

/** Every other row is moved by half a step. */
const staggered = (x: number, step: number, row: number) => x + (row % 2 ? step / 2 : 0);

const dots: Motif = {
  rise: 1,
  draw: (x, y, step, row, column, tone) =>
    circle(staggered(x, step, row), y, step * 0.3, tone((row + column) % 2 ? 1 : 2)),
};

const scales: Motif = {
  rise: 0.5,
  draw: (x, y, step, row, _column, tone) =>
    [3, 2, 1].map((i) => circle(staggered(x, step, row), y, (step / 2) * (i / 3), tone(i))).join(""),
};

const chevrons: Motif = {
  rise: 1,
  draw: (x, y, step, row, _column, tone) =>
    path(`M${x} ${y}L${x + step / 2} ${y + step / 2}L${x + step} ${y}`, "none", {
      stroke: tone(1 + (Math.abs(row) % 3)),
      "stroke-width": step * 0.32,
    }),
};

const waves: Motif = {
  rise: 1,
  draw: (x, y, step, row, _column, tone) =>
    path(`M${x} ${y}q${step / 4} ${-step / 2} ${step / 2} 0t${step / 2} 0`, "none", {
      stroke: tone(1 + (Math.abs(row) % 2)),
      "stroke-width": step * 0.22,
    }),
};

const hexagons: Motif = {
  rise: 0.87,
  draw: (x, y, step, row, column, tone) => {
    const corners = [0, 1, 2, 3, 4, 5].map((i): Point => [
      staggered(x, step, row) + Math.sin((i * Math.PI) / 3) * step * 0.55,
      y + Math.cos((i * Math.PI) / 3) * step * 0.55,
    ]);
    const fill = tone((Math.abs(column) + Math.abs(row) * 2) % 3);
    return path(`${polyline(corners)}Z`, fill, { stroke: "white", "stroke-width": 4 });
  },
};

const triangles: Motif = {
  rise: 1,
  draw: (x, y, step, row, column, tone) =>
    rect(x, y, step + 0.5, step + 0.5, tone((row + column) % 2 ? 1 : 0)) +
    path(`M${x} ${y}h${step}L${x} ${y + step}z`, tone((row + column) % 2 ? 2 : 3)),
};

const MOTIFS: readonly Motif[] = [dots, chevrons, hexagons, scales, waves, triangles];

/** A motif repeated from edge to edge. */
export const drawPattern: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [640, 640],
      [800, 600],
      [600, 800],
      [512, 512],
    ] as const
  )[index % 4]!;
  const hue = random.int(360);
  const colors: readonly Rgb[] = [
    hsl(hue, 0.55, 0.86),
    hsl(hue + 20, 0.62, 0.52),
    hsl(hue + 160, 0.55, 0.42),
    hsl(hue + 190, 0.6, 0.7),
  ];
  const tone = (i: number) => css(colors[i % colors.length]!);
  const step = between(random, 44, 74);
  const motif = MOTIFS[index % MOTIFS.length]!;
  let drawing = "";
  for (let row = -1; row * step * motif.rise < height + step; row++)
    for (let column = -1; column * step < width + step; column++)
      drawing += motif.draw(column * step, row * step * motif.rise, step, row, column, tone);
  return { width, height, ground: colors[0]!, drawing, grain: 0 };
};
