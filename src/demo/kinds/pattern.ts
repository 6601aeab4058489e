/** Patterns. Pure. */
import { between, css, hsl, mix } from "../picture.ts";
import type { DrawKind, Rgb } from "../picture.ts";
import { circle, ellipse, group, path, polyline, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

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
  let drawing = "";
  const layout = index % 8;
  /** from row to row; hexagons and scales overlap the row above */
  const rise = step * (layout === 3 ? 0.87 : layout === 4 ? 0.5 : 1);
  for (let row = -1; row * rise < height + step; row++)
    for (let column = -1; column * step < width + step; column++) {
      const x = column * step;
      const y = row * rise;
      const isOdd = (row + column) % 2 !== 0;
      if (layout === 0) drawing += circle(x + (row % 2 ? step / 2 : 0), y, step * 0.3, tone(isOdd ? 1 : 2));
      else if (layout === 1)
        drawing += path(`M${x} ${y}L${x + step / 2} ${y + step / 2}L${x + step} ${y}`, "none", {
          stroke: tone(1 + (Math.abs(row) % 3)),
          "stroke-width": step * 0.32,
        });
      else if (layout === 2)
        drawing +=
          rect(x, y, step + 0.5, step + 0.5, tone(isOdd ? 1 : 0)) +
          path(`M${x} ${y}h${step}L${x} ${y + step}z`, tone(isOdd ? 2 : 3));
      else if (layout === 3) {
        const cx = x + (row % 2 ? step / 2 : 0);
        const cy = y;
        const points: Point[] = [0, 1, 2, 3, 4, 5].map((i): Point => [
          cx + Math.sin((i * Math.PI) / 3) * step * 0.55,
          cy + Math.cos((i * Math.PI) / 3) * step * 0.55,
        ]);
        drawing += path(`${polyline(points)}Z`, tone((Math.abs(column) + Math.abs(row) * 2) % 3), {
          stroke: css(mix(colors[0]!, [255, 255, 255], 0.6)),
          "stroke-width": 4,
        });
      } else if (layout === 4) {
        const cx = x + (row % 2 ? step / 2 : 0);
        for (let i = 3; i > 0; i--) drawing += circle(cx, y, (step / 2) * (i / 3), tone(i));
      } else if (layout === 5)
        drawing +=
          rect(x, y, step / 2, step * 1.01, tone(1), { opacity: 0.55 }) +
          rect(x, y, step * 1.01, step / 2, tone(2), { opacity: 0.55 });
      else if (layout === 6)
        drawing += path(`M${x} ${y}q${step / 4} ${-step / 2} ${step / 2} 0t${step / 2} 0`, "none", {
          stroke: tone(1 + (Math.abs(row) % 2)),
          "stroke-width": step * 0.22,
        });
      else
        drawing += group(
          `translate(${x} ${y})`,
          [0, 60, 120]
            .map((turn) =>
              ellipse(0, 0, step * 0.4, step * 0.12, tone(isOdd ? 1 : 2), { transform: `rotate(${turn})` }),
            )
            .join("") + circle(0, 0, step * 0.1, tone(0)),
        );
    }
  return { width, height, ground: colors[layout === 4 ? 1 : 0]!, drawing, grain: 0 };
};
