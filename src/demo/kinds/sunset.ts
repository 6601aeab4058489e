/** Sunsets over water. Pure. */
import { noise } from "../noise.ts";
import { between, mix, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { path } from "../svg.ts";
import { photoSize } from "./photo-sizes.ts";
import { hills, palm, sailingBoat, seagulls } from "./silhouettes.ts";

interface Dusk {
  /** five colours, zenith to horizon */
  readonly sky: readonly Rgb[];
  readonly cloud: Rgb;
  readonly lit: Rgb;
}

const DUSKS: readonly Dusk[] = [
  {
    sky: [
      [44, 42, 92],
      [126, 62, 118],
      [226, 98, 84],
      [253, 170, 80],
      [255, 214, 120],
    ],
    cloud: [84, 50, 92],
    lit: [255, 146, 84],
  },
  {
    sky: [
      [60, 70, 120],
      [150, 92, 120],
      [230, 118, 82],
      [248, 166, 84],
      [253, 204, 110],
    ],
    cloud: [96, 66, 88],
    lit: [255, 176, 100],
  },
  {
    sky: [
      [96, 44, 58],
      [174, 60, 52],
      [230, 94, 42],
      [248, 140, 48],
      [255, 190, 70],
    ],
    cloud: [92, 34, 40],
    lit: [255, 130, 50],
  },
  {
    sky: [
      [38, 48, 98],
      [104, 82, 142],
      [214, 120, 142],
      [250, 178, 140],
      [255, 218, 168],
    ],
    cloud: [88, 70, 120],
    lit: [255, 168, 150],
  },
];

/** A low sun over water: sky, clouds lit from below, the glittering path of light, and something black in front. */
export const drawSunset: DrawKind = (random, index) => {
  const [width, height] = photoSize(index);
  const aspect = width / height;
  const [one, other] = [DUSKS[index % DUSKS.length]!, DUSKS[(index + 1) % DUSKS.length]!];
  const blend = between(random, 0.25, 0.75);
  const dusk: Dusk = {
    sky: one.sky.map((color, i) => mix(color, other.sky[i]!, blend)),
    cloud: mix(one.cloud, other.cloud, blend),
    lit: mix(one.lit, other.lit, blend),
  };
  const horizon = between(random, 0.56, 0.7);
  const sunU = between(random, 0.28, 0.72);
  const sunV = horizon - between(random, 0.05, 0.15);
  const sunRadius = between(random, 0.035, 0.06);
  const shiftX = random.next();
  const shiftY = random.next();
  const cover = between(random, 0.42, 0.56);
  const sky: Shade = (u, v) => {
    const distance = Math.hypot((u - sunU) * aspect, v - sunV);
    let color = ramp(dusk.sky, v / horizon);
    color = mix(color, [255, 232, 170], 0.85 * Math.exp(-distance * distance * 28));
    const x = u * aspect * 0.45 + shiftX;
    const y = v * 1.5 + shiftY;
    const density = noise(x, y) * 0.72 + noise(x * 3.1, y * 3.4) * 0.28;
    const cloud = smoothstep(cover, cover + 0.22, density) * (0.25 + 0.75 * smoothstep(0, 0.3, horizon - v));
    const below = noise(x, y + 0.03);
    const light = Math.min(1, Math.exp(-distance * 1.6) * (0.35 + 2.2 * Math.max(0, density - below + 0.18)));
    color = mix(color, mix(dusk.cloud, dusk.lit, light), cloud * 0.85);
    return mix([255, 246, 206], color, smoothstep(sunRadius * 0.9, sunRadius * 1.06, distance));
  };
  const deep = mix(dusk.sky[0]!, [14, 16, 34], 0.55);
  const ground: Shade = (u, v) => {
    if (v < horizon) return sky(u, v);
    const depth = (v - horizon) / (1 - horizon);
    const stretch = 1 / (0.06 + depth);
    const wave = noise(u * aspect * 0.9 * Math.min(stretch, 6) + shiftY, depth * stretch * 3 + shiftX) - 0.5;
    const mirrored = sky(
      Math.min(0.999, Math.max(0, u + wave * 0.03)),
      Math.max(0, horizon - depth * 0.55 * horizon - 0.02 - wave * 0.09),
    );
    let color = mix(mirrored, deep, 0.32 + 0.4 * depth + wave * 0.5);
    const path = Math.exp(-(((u - sunU) * aspect) ** 2) / (0.002 + depth * 0.018));
    const glitter = smoothstep(
      0.46,
      0.68,
      noise(u * aspect * 1.6 * Math.min(stretch, 5), depth * stretch * 6 + shiftY),
    );
    color = mix(color, [255, 222, 150], path * (0.25 + 0.75 * glitter));
    return color;
  };
  const black = "rgb(16,12,22)";
  const y = height * horizon;
  const shore = path(hills(random, width, y - height * 0.01, y + 2, height * 0.16), "rgb(40,26,46)", {
    opacity: 0.9,
  });
  const front =
    index % 3 === 0
      ? palm(random, width * 0.12, height * 1.02, height * 0.5, black)
      : sailingBoat(width * between(random, 0.2, 0.8), y + height * 0.05, height * 0.17, black, black);
  const drawing = shore + seagulls(random, width, height, black) + front;
  return { width, height, ground, drawing, grain: 3 };
};
