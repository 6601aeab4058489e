/** Icons. Pure. */
import { between, css, hsl } from "../picture.ts";
import type { DrawKind } from "../picture.ts";
import { circle, group, line, linearGradient, path, rect } from "../svg.ts";

/** White signs on a canvas of 100 by 100. */
const SIGNS: readonly string[] = [
  path("M50 80C20 60 14 46 14 36A18 18 0 0 1 50 32A18 18 0 0 1 86 36C86 46 80 60 50 80Z", "white"),
  path("M50 14L60 40L88 42L66 59L74 86L50 70L26 86L34 59L12 42L40 40Z", "white"),
  path("M14 28H86V74H14Z", "white") +
    path("M14 28L50 56L86 28", "none", { stroke: "black", "stroke-opacity": 0.35, "stroke-width": 5 }),
  path("M50 16L86 48H76V82H58V60H42V82H24V48H14Z", "white"),
  path("M50 14C34 14 28 28 28 44C28 60 20 66 18 72H82C80 66 72 60 72 44C72 28 66 14 50 14Z", "white") +
    circle(50, 80, 8, "white"),
  path("M16 32H34L40 22H60L66 32H84V78H16Z", "white") +
    circle(50, 54, 15, "rgba(0,0,0,.4)") +
    circle(50, 54, 9, "white"),
  path("M40 20L78 14V64A11 9 0 1 1 70 56V30L48 34V72A11 9 0 1 1 40 64Z", "white"),
  path("M30 74A18 18 0 0 1 30 40A24 24 0 0 1 74 38A18 18 0 0 1 74 74Z", "white"),
  rect(24, 44, 52, 40, "white", { rx: 8 }) +
    path("M34 44V34A16 16 0 0 1 66 34V44", "none", { stroke: "white", "stroke-width": 8 }),
  path("M20 24H80V66H48L32 82V66H20Z", "white"),
  circle(44, 44, 24, "none", { stroke: "white", "stroke-width": 9 }) +
    line(62, 62, 84, 84, "white", 10, { "stroke-linecap": "round" }),
  path("M34 20L80 50L34 80Z", "white"),
];

/** One sign on a rounded, shaded square, as on a home screen. */
export const drawIcon: DrawKind = (random, index) => {
  const side = [512, 400, 256, 360][index % 4]!;
  const hue = random.int(360);
  const top = css(hsl(hue, 0.75, 0.62));
  const bottom = css(hsl(hue + 30, 0.8, 0.42));
  const margin = side * 0.11;
  const inner = side - 2 * margin;
  const corner = inner * between(random, 0.18, 0.36);
  const drawing =
    linearGradient("face", [
      [0, top],
      [1, bottom],
    ]) +
    rect(margin, margin + side * 0.02, inner, inner, "rgba(0,0,0,.18)", {
      rx: corner,
    }) +
    rect(margin, margin, inner, inner, "url(#face)", { rx: corner }) +
    group(
      `translate(${side * 0.24} ${side * 0.24}) scale(${(side * 0.52) / 100})`,
      SIGNS[(index * 5) % SIGNS.length]!,
    );
  return {
    width: side,
    height: side,
    ground: index % 3 === 2 ? [236, 238, 242] : [255, 255, 255],
    drawing,
    grain: 0,
  };
};
