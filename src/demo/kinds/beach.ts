/** Beaches. Pure. */
import { noise } from "../noise.ts";
import { between, css, hsl, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { blurFilter, curve, ellipse, line, path } from "../svg.ts";
import type { Point } from "../svg.ts";
import { photoSize } from "./photo-sizes.ts";
import { palm, sailingBoat, seagulls } from "./silhouettes.ts";

/** Turquoise water, foam and sand in full sun. */
export const drawBeach: DrawKind = (random, index) => {
  const [width, height] = photoSize(index + 1);
  const aspect = width / height;
  const shift = random.next();
  const horizon = between(random, 0.3, 0.4);
  const slope = between(random, -0.16, 0.16);
  const shoreAt = between(random, 0.62, 0.7);
  const sand: readonly Rgb[] = pick(random, [
    [
      [206, 178, 132],
      [238, 216, 172],
    ],
    [
      [222, 200, 164],
      [250, 236, 208],
    ],
    [
      [190, 152, 108],
      [228, 194, 146],
    ],
  ]);
  const ground: Shade = (u, v) => {
    const x = u * aspect;
    if (v < horizon) {
      const cloud = smoothstep(
        0.56,
        0.8,
        noise(x * 0.4 + shift, v * 1.3) * 0.7 + noise(x * 1.7, v * 4 + shift) * 0.3,
      );
      return mix(
        ramp(
          [
            [54, 132, 214],
            [122, 186, 236],
            [202, 230, 246],
          ],
          v / horizon,
        ),
        [255, 255, 255],
        cloud * 0.95,
      );
    }
    const shore = shoreAt + slope * (u - 0.5) + (noise(x * 0.5 + shift, 0.4) - 0.5) * 0.09;
    if (v < shore) {
      const depth = (v - horizon) / (shore - horizon);
      const stretch = 1 / (0.08 + depth);
      const wave = noise(x * 0.7 * Math.min(5, stretch) + shift, depth * stretch * 3.2) - 0.5;
      let color = ramp(
        [
          [14, 78, 140],
          [20, 122, 168],
          [40, 168, 182],
          [130, 216, 206],
        ],
        depth + wave * 0.25,
      );
      const foamEdge = shore - v + (noise(x * 2.4 + shift, v * 2) - 0.5) * 0.03;
      color = mix(color, [255, 255, 255], (1 - smoothstep(0.004, 0.026, foamEdge)) * 0.95);
      const breaker = Math.abs(depth - 0.62 + (noise(x * 0.9 + shift, 0.8) - 0.5) * 0.16);
      return mix(
        color,
        [255, 255, 255],
        (1 - smoothstep(0.006, 0.04, breaker)) * smoothstep(0.4, 0.6, noise(x * 3 + shift, v * 6)),
      );
    }
    const grainy = noise(x * 6 + shift, v * 6) * 0.45 + noise(x * 1.1, v * 2.6 + shift) * 0.55;
    const wet = 1 - smoothstep(0.01, 0.07, v - shore + (noise(x * 1.3, shift) - 0.5) * 0.03);
    return mix(ramp(sand, smoothstep(0.2, 0.8, grainy)), [140, 112, 84], wet * 0.6);
  };
  let drawing = blurFilter("soft", width * 0.006);
  const parasol = (x: number, y: number, size: number) => {
    const hue = pick(random, [2, 48, 200, 330]);
    let panels = "";
    for (let i = 0; i < 6; i++) {
      const a = x - size * 0.5 + (i * size) / 6;
      panels += path(
        `M${x} ${y - size * 1.02}Q${(a + x) / 2 + (a - x) * 0.35} ${y - size * 0.98} ${a} ${y - size * 0.66}Q${a + size / 12} ${y - size * 0.71} ${a + size / 6} ${y - size * 0.66}Q${(a + size / 6 + x) / 2 + (a + size / 6 - x) * 0.35} ${y - size * 0.98} ${x} ${y - size * 1.02}Z`,
        i % 2 ? "rgb(252,250,244)" : css(hsl(hue, 0.8, 0.52)),
      );
    }
    return (
      ellipse(x + size * 0.3, y, size * 0.5, size * 0.08, "rgba(90,66,40,.45)", { filter: "url(#soft)" }) +
      line(x, y, x, y - size, "rgb(240,238,230)", size * 0.025) +
      panels +
      path(
        `M${x + size * 0.12} ${y}L${x + size * 0.5} ${y - size * 0.06}L${x + size * 0.66} ${y - size * 0.2}`,
        "none",
        {
          stroke: css(hsl(hue + 30, 0.6, 0.5)),
          "stroke-width": size * 0.05,
          "stroke-linejoin": "round",
          "stroke-linecap": "round",
        },
      )
    );
  };
  const layout = index % 4;
  if (layout === 3) {
    const cape: Point[] = [
      [width * 0.7, height * (horizon + 0.02)],
      [width * 0.78, height * (horizon - 0.1)],
      [width * 0.86, height * (horizon - 0.16)],
      [width * 0.95, height * (horizon - 0.11)],
      [width * 1.05, height * (horizon - 0.13)],
    ];
    drawing += path(`${curve(cape)}V${height * (horizon + 0.02)}Z`, "rgb(70,92,70)");
  } else
    drawing += sailingBoat(
      width * between(random, 0.3, 0.9),
      height * (horizon + 0.06),
      height * 0.12,
      "rgb(120,60,40)",
      "rgb(255,255,250)",
    );
  if (layout === 2) drawing += seagulls(random, width, height * 0.7, "rgb(250,250,250)");
  if (layout === 1)
    drawing +=
      palm(random, width * 0.14, height * 0.98, height * 0.66, "rgb(52,84,40)") +
      palm(random, width * 0.05, height, height * 0.5, "rgb(40,70,36)");
  if (layout === 0) drawing += parasol(width * 0.3, height * 0.84, height * 0.2);
  drawing += parasol(width * between(random, 0.55, 0.75), height * 0.9, height * between(random, 0.24, 0.32));
  return { width, height, ground, drawing, grain: 3 };
};
