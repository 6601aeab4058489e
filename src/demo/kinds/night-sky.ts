/** Night skies. Pure. */
import { noise } from "../noise.ts";
import { between, css, mix, ramp } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { circle, path, radialGradient } from "../svg.ts";
import { photoSize } from "./photo-sizes.ts";
import { hills } from "./silhouettes.ts";

const NIGHTS: readonly (readonly Rgb[])[] = [
  [
    [4, 8, 24],
    [10, 22, 56],
    [30, 52, 100],
    [66, 84, 128],
  ],
  [
    [6, 6, 20],
    [24, 16, 58],
    [62, 40, 104],
    [120, 74, 120],
  ],
  [
    [2, 8, 24],
    [8, 28, 60],
    [22, 62, 104],
    [66, 108, 134],
  ],
];

/** Stars, the band of the galaxy or a moon, and black trees or hills below. */
export const drawNightSky: DrawKind = (random, index) => {
  const [width, height] = photoSize(index + 2);
  const aspect = width / height;
  const [one, other] = [NIGHTS[index % NIGHTS.length]!, NIGHTS[(index + 1) % NIGHTS.length]!];
  const blend = between(random, 0.2, 0.8);
  const colors = one.map((color, i) => mix(color, other[i]!, blend));
  const shift = random.next();
  const tilt = between(random, -1, 1);
  const hasMoon = index % 3 === 1;
  const ground: Shade = (u, v) => {
    let color = ramp(colors, v);
    const across = (u - 0.5) * aspect * Math.cos(tilt) + (v - 0.4) * Math.sin(tilt);
    const along = (v - 0.4) * Math.cos(tilt) - (u - 0.5) * aspect * Math.sin(tilt);
    const dust = noise(across * 0.8 + shift, along * 0.5 + shift);
    const fine = noise(across * 3 + shift, along * 2.4);
    const band = hasMoon ? 0 : Math.exp(-((across + (dust - 0.5) * 0.3) ** 2) / 0.025);
    color = mix(color, mix([150, 140, 190], [244, 214, 196], dust), band * (0.18 + 0.75 * fine * dust));
    const lane = Math.exp(-((across + (fine - 0.5) * 0.14) ** 2) / 0.0012);
    return mix(color, colors[0]!, hasMoon ? 0 : lane * 0.55);
  };
  let drawing = radialGradient("glow", [
    [0, "rgba(255,250,224,.55)"],
    [0.25, "rgba(220,224,240,.22)"],
    [1, "rgba(200,210,240,0)"],
  ]);
  for (let i = 0; i < 420; i++) {
    const brightness = random.next() ** 3;
    const tint = css(mix([190, 210, 255], [255, 236, 210], random.next()));
    drawing += circle(random.next() * width, random.next() * height * 0.92, 0.45 + brightness * 1.7, tint, {
      opacity: 0.35 + 0.65 * brightness,
    });
  }
  if (hasMoon) {
    const x = width * between(random, 0.3, 0.7);
    const y = height * between(random, 0.22, 0.4);
    const r = Math.min(width, height) * between(random, 0.08, 0.12);
    drawing += circle(x, y, r * 4, "url(#glow)") + circle(x, y, r, "rgb(248,244,226)");
    for (let i = 0; i < 9; i++) {
      const angle = random.next() * 7;
      const away = Math.sqrt(random.next()) * r * 0.72;
      drawing += circle(
        x + Math.cos(angle) * away,
        y + Math.sin(angle) * away,
        r * between(random, 0.06, 0.2),
        "rgb(206,202,190)",
        { opacity: 0.6 },
      );
    }
  }
  const black = "rgb(4,6,12)";
  drawing += path(hills(random, width, height * 0.93, height, height * 0.08), black);
  for (let i = 0; i < 16; i++) {
    const x = (i / 15) * width + between(random, -14, 14);
    const size = height * between(random, 0.1, 0.24);
    const foot = height * 1.01;
    let tree = "";
    for (let layer = 0; layer < 5; layer++) {
      const y = foot - size * (0.12 + layer * 0.17);
      const half = size * (0.24 - layer * 0.042);
      tree += `M${x - half} ${y}L${x} ${y - size * 0.3}L${x + half} ${y}Z`;
    }
    drawing += path(tree, black);
  }
  return { width, height, ground, drawing, grain: 5 };
};
