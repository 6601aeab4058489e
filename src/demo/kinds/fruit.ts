/** Fruit. Pure. */
import { noise } from "../noise.ts";
import { between, css, mix, ramp } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { shuffled } from "../../core/random.ts";
import type { Random } from "../../core/random.ts";
import { circle, ellipse, group, path, radialGradient } from "../svg.ts";
import { photoSize } from "./photo-sizes.ts";

const FRUIT = ["orange", "lemon", "apple", "strawberry"] as const;
type Fruit = (typeof FRUIT)[number];

function fruitShape(random: Random, fruit: Fruit, id: string, x: number, y: number, r: number): string {
  const turn = between(random, -25, 25);
  const shine = (opacity: number) =>
    ellipse(-r * 0.34, -r * 0.42, r * 0.34, r * 0.22, "url(#shine)", { opacity, transform: "rotate(-32)" });
  const shadow = ellipse(x + r * 0.25, y + r * 0.8, r * 1.3, r * 0.5, "url(#shadow)");
  const ball = (light: Rgb, body: Rgb, dark: Rgb) =>
    radialGradient(
      id,
      [
        [0, css(light)],
        [0.45, css(body)],
        [0.85, css(mix(body, dark, 0.7))],
        [1, css(dark)],
      ],
      { cx: 0.36, cy: 0.3, r: 0.78 },
    );
  let inner: string;
  if (fruit === "orange") {
    let pits = "";
    for (let i = 0; i < 150; i++) {
      const away = Math.sqrt(random.next()) * r * 0.95;
      const angle = random.next() * 6.283;
      pits += circle(Math.cos(angle) * away, Math.sin(angle) * away, r * 0.014, "rgb(190,86,0)", {
        opacity: 0.5,
      });
    }
    inner =
      ball([255, 206, 110], [248, 146, 22], [170, 70, 0]) +
      circle(0, 0, r, `url(#${id})`) +
      pits +
      circle(r * 0.2, -r * 0.5, r * 0.07, "rgb(96,110,30)") +
      shine(0.55);
  } else if (fruit === "lemon") {
    inner =
      ball([255, 250, 170], [250, 216, 40], [176, 130, 0]) +
      path(
        `M${-r * 1.32} 0C${-r * 1.1} ${-r * 0.16} ${-r * 0.9} ${-r * 0.86} 0 ${-r * 0.86}C${r * 0.9} ${-r * 0.86} ${r * 1.1} ${-r * 0.16} ${r * 1.3} 0C${r * 1.1} ${r * 0.16} ${r * 0.9} ${r * 0.86} 0 ${r * 0.86}C${-r * 0.9} ${r * 0.86} ${-r * 1.1} ${r * 0.16} ${-r * 1.32} 0Z`,
        `url(#${id})`,
      ) +
      shine(0.6);
  } else if (fruit === "apple") {
    inner =
      ball([214, 236, 130], [136, 190, 50], [66, 112, 14]) +
      path(
        `M0 ${-r * 0.74}C${r * 0.5} ${-r * 1.12} ${r * 1.16} ${-r * 0.8} ${r * 1.04} ${r * 0.02}C${r * 0.94} ${r * 0.8} ${r * 0.4} ${r * 1.06} 0 ${r * 0.9}C${-r * 0.4} ${r * 1.06} ${-r * 0.94} ${r * 0.8} ${-r * 1.04} ${r * 0.02}C${-r * 1.16} ${-r * 0.8} ${-r * 0.5} ${-r * 1.12} 0 ${-r * 0.74}Z`,
        `url(#${id})`,
      ) +
      path(`M0 ${-r * 0.68}Q${r * 0.02} ${-r} ${r * 0.16} ${-r * 1.2}`, "none", {
        stroke: "rgb(86,56,26)",
        "stroke-width": r * 0.09,
        "stroke-linecap": "round",
      }) +
      ellipse(0, -r * 0.7, r * 0.22, r * 0.07, "rgb(60,90,20)", { opacity: 0.5 }) +
      shine(0.6);
  } else {
    let seeds = "";
    for (let row = 0; row < 7; row++)
      for (let i = 0; i < 7; i++) {
        const sy = -r * 0.6 + row * r * 0.25;
        const half = r * (0.86 - Math.max(0, row - 1.5) * 0.13);
        const sx = -half + ((i + (row % 2) * 0.5) / 6.5) * half * 2;
        if (Math.abs(sx) < half * 0.94) seeds += ellipse(sx, sy, r * 0.03, r * 0.05, "rgb(250,214,110)");
      }
    let cap = "";
    for (let i = 0; i < 7; i++) {
      const a = Math.PI * (1 + i / 6);
      cap += path(
        `M${-r * 0.14} ${-r * 0.8}L${Math.cos(a) * r * 0.74} ${-r * 0.82 + Math.sin(a) * r * 0.2 + r * 0.16}L${r * 0.14} ${-r * 0.8}Z`,
        "rgb(62,124,40)",
      );
    }
    inner =
      ball([255, 120, 100], [220, 26, 40], [130, 0, 20]) +
      path(
        `M0 ${-r * 0.86}C${r * 0.7} ${-r * 1.02} ${r * 1.16} ${-r * 0.4} ${r * 0.84} ${r * 0.2}C${r * 0.6} ${r * 0.72} ${r * 0.24} ${r * 1.04} 0 ${r * 1.1}C${-r * 0.24} ${r * 1.04} ${-r * 0.6} ${r * 0.72} ${-r * 0.84} ${r * 0.2}C${-r * 1.16} ${-r * 0.4} ${-r * 0.7} ${-r * 1.02} 0 ${-r * 0.86}Z`,
        `url(#${id})`,
      ) +
      seeds +
      cap +
      shine(0.35);
  }
  return shadow + group(`translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turn.toFixed(1)})`, inner);
}

/** Two or three of oranges, lemons, apples and strawberries on a wooden table or a plate. */
export const drawFruit: DrawKind = (random, index) => {
  const [width, height] = photoSize(index + 2);
  const aspect = width / height;
  const shift = random.next();
  const woods: readonly (readonly Rgb[])[] = [
    [
      [96, 58, 32],
      [166, 112, 66],
    ],
    [
      [150, 112, 74],
      [214, 176, 130],
    ],
    [
      [64, 44, 34],
      [118, 84, 60],
    ],
  ];
  const wood = woods[index % woods.length]!;
  const planks = 4 + random.int(3);
  const ground: Shade = (u, v) => {
    const plank = Math.floor(v * planks);
    const seam = Math.abs(v * planks - Math.round(v * planks)) < 0.012 ? 0.55 : 1;
    const fiber = noise(
      u * aspect * 0.25 + plank * 0.37 + shift,
      v * 3 + (noise(u * 0.4, v + shift) - 0.5) * 0.25,
    );
    const vignette = 1 - 0.35 * ((u - 0.5) ** 2 + (v - 0.5) ** 2) * 2;
    const color = mix(ramp(wood, fiber), wood[0]!, (plank % 2) * 0.18);
    return [color[0] * seam * vignette, color[1] * seam * vignette, color[2] * seam * vignette];
  };
  const side = Math.min(width, height);
  const basket = shuffled(FRUIT, random).slice(0, 2 + random.int(2));
  let drawing =
    radialGradient("shadow", [
      [0, "rgba(26,14,6,.75)"],
      [0.6, "rgba(26,14,6,.55)"],
      [1, "rgba(26,14,6,0)"],
    ]) +
    radialGradient("shine", [
      [0, "rgba(255,255,255,1)"],
      [1, "rgba(255,255,255,0)"],
    ]);
  const hasPlate = index % 2 === 1;
  if (hasPlate)
    drawing +=
      ellipse(width * 0.52, height * 0.56, side * 0.54, side * 0.5, "url(#shadow)") +
      ellipse(width * 0.5, height * 0.53, side * 0.46, side * 0.42, "rgb(238,238,234)") +
      ellipse(width * 0.5, height * 0.53, side * 0.35, side * 0.32, "rgb(222,224,224)") +
      ellipse(width * 0.5, height * 0.535, side * 0.345, side * 0.315, "rgb(244,244,242)");
  const spots: (readonly [number, number])[] = [];
  const wanted = 5 + random.int(4);
  const reach = hasPlate ? 0.26 : 0.36;
  const r = side * 0.13;
  for (let tries = 0; tries < 200 && spots.length < wanted; tries++) {
    const x = width * 0.5 + between(random, -1, 1) * (hasPlate ? side : width) * reach;
    const y = height * 0.52 + between(random, -1, 1) * (hasPlate ? side : height) * reach;
    if (spots.every(([ox, oy]) => Math.hypot(ox - x, oy - y) > r * 1.75)) spots.push([x, y]);
  }
  spots.sort((a, b) => a[1] - b[1]);
  spots.forEach(([x, y], i) => {
    const fruit = basket[i % basket.length]!;
    const size = r * between(random, 0.9, 1.1) * (fruit === "strawberry" ? 0.75 : 1);
    drawing += fruitShape(random, fruit, `b${i}`, x, y, size);
  });
  return { width, height, ground, drawing, grain: 3 };
};
