/** Charts. Pure. */
import { between, css, hsl } from "../picture.ts";
import type { DrawKind } from "../picture.ts";
import { text } from "../glyphs.ts";
import { circle, curve, line, path, polyline, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** bars, lines, a pie, areas, points, and round again */
const TITLES = [
  "Sales by month",
  "Visitors by month",
  "Share of budget",
  "Rainfall, mm",
  "Steps and sleep",
  "Orders by month",
  "Response time, ms",
  "Spending by purpose",
];

/** Bars, lines, pies and points, as a report would print them. */
export const drawChart: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [900, 560],
      [800, 600],
      [720, 720],
      [960, 540],
    ] as const
  )[index % 4]!;
  const hue = random.int(360);
  const series = [0, 1, 2, 3, 4, 5].map((i) => css(hsl(hue + i * 57, 0.62, 0.52)));
  const grey = "rgb(120,124,132)";
  const ink = "rgb(40,44,52)";
  let drawing = text(width * 0.08, height * 0.1, TITLES[index % TITLES.length]!, {
    size: height * 0.036,
    color: ink,
    weight: 0.18,
  });
  const left = width * 0.1;
  const right = width * 0.94;
  const top = height * 0.2;
  const bottom = height * 0.84;
  const axes = () => {
    let out = "";
    for (let i = 0; i <= 5; i++) {
      const y = bottom - ((bottom - top) * i) / 5;
      out += line(left, y, right, y, i ? "rgb(224,226,230)" : grey, i ? 1.5 : 2.5);
      out += text(left - 10, y + height * 0.01, String(i * 20), {
        size: height * 0.02,
        color: grey,
        anchor: "end",
      });
    }
    return out;
  };
  const legend = (count: number) => {
    let out = "";
    for (let i = 0; i < count; i++) {
      const x = left + i * width * 0.17;
      out += rect(x, height * 0.93, width * 0.018, width * 0.018, series[i]!);
      out += text(x + width * 0.028, height * 0.93 + width * 0.017, ["North", "South", "East", "West"][i]!, {
        size: height * 0.022,
        color: grey,
      });
    }
    return out;
  };
  const months = (count: number, at: (i: number) => number) =>
    MONTHS.slice(0, count)
      .map((month, i) =>
        text(at(i), bottom + height * 0.045, month, { size: height * 0.02, color: grey, anchor: "middle" }),
      )
      .join("");
  const walk = (count: number) => {
    const values = [between(random, 0.25, 0.6)];
    while (values.length < count)
      values.push(Math.min(0.95, Math.max(0.06, values.at(-1)! + between(random, -0.16, 0.2))));
    return values;
  };
  const layout = index % 5;
  if (layout === 0) {
    const count = 6 + random.int(3);
    const groups = 1 + random.int(3);
    const step = (right - left) / count;
    drawing += axes();
    for (let g = 0; g < groups; g++)
      walk(count).forEach((value, i) => {
        const barWidth = (step * 0.72) / groups;
        const h = value * (bottom - top);
        drawing += rect(
          left + i * step + step * 0.14 + g * barWidth,
          bottom - h,
          barWidth * 0.92,
          h,
          series[g]!,
        );
      });
    drawing += months(count, (i) => left + (i + 0.5) * step) + legend(groups);
  } else if (layout === 1) {
    const count = 10;
    const lines = 2 + random.int(2);
    const at = (i: number) => left + ((i + 0.5) * (right - left)) / count;
    drawing += axes();
    for (let s = 0; s < lines; s++) {
      const points = walk(count).map((value, i): Point => [at(i), bottom - value * (bottom - top)]);
      drawing += path(polyline(points), "none", {
        stroke: series[s]!,
        "stroke-width": 4,
        "stroke-linejoin": "round",
      });
      for (const [x, y] of points)
        drawing += circle(x, y, 6, "white", { stroke: series[s]!, "stroke-width": 3 });
    }
    drawing += months(count, at) + legend(lines);
  } else if (layout === 2) {
    const values = [0, 1, 2, 3, 4].map(() => between(random, 0.5, 2));
    const sum = values.reduce((a, b) => a + b, 0);
    const cx = width * 0.42;
    const cy = height * 0.54;
    const r = Math.min(width, height) * 0.32;
    let angle = -Math.PI / 2;
    values.forEach((value, i) => {
      const to = angle + (value / sum) * 2 * Math.PI;
      drawing += path(
        `M${cx} ${cy}L${cx + Math.cos(angle) * r} ${cy + Math.sin(angle) * r}A${r} ${r} 0 ${to - angle > Math.PI ? 1 : 0} 1 ${cx + Math.cos(to) * r} ${cy + Math.sin(to) * r}Z`,
        series[i]!,
        { stroke: "white", "stroke-width": 3 },
      );
      const middle = (angle + to) / 2;
      drawing += text(
        cx + Math.cos(middle) * r * 0.66,
        cy + Math.sin(middle) * r * 0.66 + height * 0.012,
        `${Math.round((value / sum) * 100)}%`,
        { size: height * 0.024, color: "white", weight: 0.18, anchor: "middle" },
      );
      const y = height * 0.34 + i * height * 0.075;
      drawing +=
        rect(width * 0.77, y, width * 0.022, width * 0.022, series[i]!) +
        text(width * 0.805, y + width * 0.02, ["Rent", "Food", "Travel", "Books", "Other"][i]!, {
          size: height * 0.025,
          color: ink,
        });
      angle = to;
    });
    if (index % 2 === 1) drawing += circle(cx, cy, r * 0.5, "white");
  } else if (layout === 3) {
    const count = 12;
    const at = (i: number) => left + (i * (right - left)) / (count - 1);
    drawing += axes();
    for (let s = 0; s < 2; s++) {
      const points = walk(count).map((value, i): Point => [
        at(i),
        bottom - value * (s ? 0.5 : 1) * (bottom - top),
      ]);
      drawing +=
        path(`${curve(points)}L${right} ${bottom}L${left} ${bottom}Z`, series[s]!, { opacity: 0.4 }) +
        path(curve(points), "none", { stroke: series[s]!, "stroke-width": 4 });
    }
    drawing += months(count, at) + legend(2);
  } else {
    drawing += axes();
    for (let s = 0; s < 3; s++) {
      const cx = between(random, 0.2, 0.8);
      const cy = between(random, 0.2, 0.8);
      for (let i = 0; i < 26; i++) {
        const x = cx + (random.next() + random.next() - 1) * 0.2;
        const y = cy + (random.next() + random.next() - 1) * 0.2;
        drawing += circle(left + x * (right - left), bottom - y * (bottom - top), 6, series[s]!, {
          opacity: 0.75,
        });
      }
    }
    drawing += line(left, top, left, bottom, grey, 2.5) + legend(3);
  }
  return { width, height, ground: [255, 255, 255], drawing, grain: 0 };
};
