/** Charts. Pure. */
import { between, css, hsl } from "../picture.ts";
import type { DrawKind } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import { text } from "../glyphs.ts";
import { circle, curve, line, path, polyline, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const REGIONS = ["North", "South", "East", "West"];
const PURPOSES = ["Rent", "Food", "Travel", "Books", "Other"];
const GREY = "rgb(120,124,132)";
const INK = "rgb(40,44,52)";

/** Where a chart stands, px, and what it is drawn with. */
interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** height of capitals, px */
  readonly letter: number;
  /** one colour a series */
  readonly colors: readonly string[];
}

type DrawPanel = (random: Random, panel: Panel) => string;

/** Values in (0, 1), each near the one before. */
function walk(random: Random, count: number): number[] {
  const values = [between(random, 0.25, 0.6)];
  while (values.length < count)
    values.push(Math.min(0.95, Math.max(0.06, values.at(-1)! + between(random, -0.16, 0.2))));
  return values;
}

/** Grid, numbers, months and legend around an inner area; `place` draws into that. */
function framed(
  panel: Panel,
  series: number,
  months: number,
  place: (at: (month: number, value: number) => Point) => string,
): string {
  const { letter } = panel;
  const left = panel.left + letter * 5;
  const right = panel.left + panel.width;
  const bottom = panel.top + panel.height - letter * 6;
  const at = (month: number, value: number): Point => [
    left + ((month + 0.5) / months) * (right - left),
    bottom - value * (bottom - panel.top),
  ];
  let out = "";
  for (let i = 0; i <= 5; i++) {
    const y = at(0, i / 5)[1];
    out += line(left, y, right, y, i ? "rgb(224,226,230)" : GREY, i ? 1.5 : 2.5);
    out += text(left - letter, y + letter / 2, String(i * 20), { size: letter, color: GREY, anchor: "end" });
  }
  const stride = Math.ceil((months * letter * 4.2) / (right - left));
  for (let i = 0; i < months; i += stride)
    out += text(at(i, 0)[0], bottom + letter * 2.2, MONTHS[i]!, {
      size: letter,
      color: GREY,
      anchor: "middle",
    });
  for (let i = 0; i < series; i++) {
    const x = left + i * letter * 9;
    out += rect(x, bottom + letter * 4.4, letter * 1.3, letter * 1.3, panel.colors[i]!);
    out += text(x + letter * 2, bottom + letter * 5.6, REGIONS[i]!, { size: letter, color: GREY });
  }
  return out + place(at);
}

const bars: DrawPanel = (random, panel) => {
  const months = 6 + random.int(3);
  const series = 1 + random.int(3);
  return framed(panel, series, months, (at) => {
    const step = at(1, 0)[0] - at(0, 0)[0];
    const thick = (step * 0.72) / series;
    let out = "";
    for (let s = 0; s < series; s++)
      walk(random, months).forEach((value, month) => {
        const [x, y] = at(month, value);
        out += rect(x - step * 0.36 + s * thick, y, thick * 0.92, at(month, 0)[1] - y, panel.colors[s]!);
      });
    return out;
  });
};

const lines: DrawPanel = (random, panel) => {
  const months = 8 + random.int(4);
  const series = 2 + random.int(2);
  return framed(panel, series, months, (at) => {
    let out = "";
    for (let s = 0; s < series; s++) {
      const points = walk(random, months).map((value, month) => at(month, value));
      const color = panel.colors[s]!;
      out += path(polyline(points), "none", { stroke: color, "stroke-width": 4, "stroke-linejoin": "round" });
      for (const [x, y] of points) out += circle(x, y, 6, "white", { stroke: color, "stroke-width": 3 });
    }
    return out;
  });
};

const areas: DrawPanel = (random, panel) =>
  framed(panel, 2, 12, (at) => {
    let out = "";
    for (let s = 0; s < 2; s++) {
      const points = walk(random, 12).map((value, month) => at(month, value * (s ? 0.5 : 1)));
      const color = panel.colors[s]!;
      out += path(`${curve(points)}L${at(11, 0).join(" ")}L${at(0, 0).join(" ")}Z`, color, { opacity: 0.4 });
      out += path(curve(points), "none", { stroke: color, "stroke-width": 4 });
    }
    return out;
  });

const pie: DrawPanel = (random, panel) => {
  const { letter } = panel;
  const shares = PURPOSES.map(() => between(random, 0.5, 2));
  const sum = shares.reduce((a, b) => a + b, 0);
  const r = Math.min(panel.width * 0.36, panel.height * 0.44);
  const cx = panel.left + r * 1.05;
  const cy = panel.top + panel.height * 0.47;
  let from = -Math.PI / 2;
  let out = "";
  shares.forEach((share, i) => {
    const to = from + (share / sum) * 2 * Math.PI;
    const rim = (angle: number) => `${cx + Math.cos(angle) * r} ${cy + Math.sin(angle) * r}`;
    const arc = `A${r} ${r} 0 ${to - from > Math.PI ? 1 : 0} 1 ${rim(to)}`;
    out += path(`M${cx} ${cy}L${rim(from)}${arc}Z`, panel.colors[i]!, { stroke: "white", "stroke-width": 3 });
    const middle = (from + to) / 2;
    out += text(
      cx + Math.cos(middle) * r * 0.68,
      cy + Math.sin(middle) * r * 0.68 + letter / 2,
      `${Math.round((share / sum) * 100)}%`,
      { size: letter, color: "white", weight: 0.18, anchor: "middle" },
    );
    const y = cy - r * 0.5 + i * letter * 2.4;
    out += rect(cx + r * 1.15, y, letter * 1.3, letter * 1.3, panel.colors[i]!);
    out += text(cx + r * 1.15 + letter * 2, y + letter * 1.2, PURPOSES[i]!, { size: letter, color: INK });
    from = to;
  });
  return out;
};

const PAGES: readonly (readonly [title: string, ...panels: readonly DrawPanel[]])[] = [
  ["Sales by month", bars],
  ["Visitors and spending", lines, pie],
  ["Share of budget", pie, bars],
  ["Rainfall, mm", areas],
  ["Orders by month", bars, lines],
  ["Response time, ms", lines],
  ["Spending by purpose", pie, lines],
  ["Orders and returns", bars, pie],
  ["Heating costs", lines, bars],
];

/** One or two charts on white, as a report would print them. */
export const drawChart: DrawKind = (random, index) => {
  const [title, ...panels] = PAGES[index % PAGES.length]!;
  const isWide = index % 4 !== 2;
  const width = isWide ? 960 : 640;
  const height = isWide ? 560 : 760;
  const hue = random.int(360);
  const colors = PURPOSES.map((_, i) => css(hsl(hue + i * 57, 0.62, 0.52)));
  const area = { left: width * 0.05, top: height * 0.2, width: width * 0.9, height: height * 0.76 };
  let drawing = text(area.left, height * 0.1, title, { size: 22, color: INK, weight: 0.18 });
  panels.forEach((draw, i) => {
    const share = 1 / panels.length;
    const gap = panels.length > 1 ? 0.94 : 1;
    drawing += draw(random, {
      left: area.left + (isWide ? i * share * area.width : 0),
      top: area.top + (isWide ? 0 : i * share * area.height),
      width: area.width * (isWide ? share * gap : 1),
      height: area.height * (isWide ? 1 : share * gap),
      letter: panels.length > 1 ? 10 : 12,
      colors,
    });
  });
  return { width, height, ground: [255, 255, 255], drawing, grain: 0 };
};
