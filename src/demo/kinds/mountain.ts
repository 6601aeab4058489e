/** Mountains. Pure. */
import { noise, ridges } from "../noise.ts";
import { between, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { photoSize } from "./photo-sizes.ts";

/** Snow-capped peaks in daylight, forest at their feet, now and then a lake. */
export const drawMountain: DrawKind = (random, index) => {
  const [width, height] = photoSize(index + 3);
  const aspect = width / height;
  const shift = random.next();
  const shift2 = random.next();
  const peakU = between(random, 0.3, 0.7);
  const snowline = between(random, 0.34, 0.46);
  const hasLake = index % 3 === 1;
  const shore = 0.8;
  const sky: readonly Rgb[] = pick(random, [
    [
      [52, 110, 188],
      [120, 172, 224],
      [206, 226, 240],
    ],
    [
      [84, 138, 198],
      [150, 188, 220],
      [226, 230, 232],
    ],
    [
      [40, 88, 160],
      [110, 150, 206],
      [236, 214, 206],
    ],
  ]);
  const crest = (u: number) => {
    const x = u * aspect * 0.35 + shift;
    const tooth = ridges(x * 2.2, shift2) * 0.14 + noise(x * 7, shift2 + 0.3) * 0.05;
    return 0.56 - 0.36 * Math.exp(-(((u - peakU) * aspect) ** 2) / 0.09) - tooth;
  };
  const farCrest = (u: number) => 0.5 - ridges(u * aspect * 0.5 + shift2, shift + 0.4) * 0.2;
  const treeline = (u: number) =>
    0.72 -
    noise(u * aspect * 0.3 + shift2, shift) * 0.12 -
    Math.abs(((u * aspect * 38 + noise(u * 3, 0.2) * 3) % 1) - 0.5) * 0.03;
  const land: Shade = (u, v) => {
    const x = u * aspect;
    if (v > treeline(u)) {
      const needle = noise(x * 3 + shift, v * 2.2) * 0.6 + noise(x * 9, v * 5) * 0.4;
      const meadow = smoothstep(0.84, 0.97, v + (noise(x * 0.8 + shift, v) - 0.5) * 0.14);
      return mix(
        mix([14, 34, 26], [52, 84, 48], needle),
        mix([84, 112, 50], [150, 160, 84], needle),
        hasLake ? 0 : meadow,
      );
    }
    const top = crest(u);
    if (v > top) {
      const height0 = ridges(x * 0.9 + shift, v * 0.9 + shift2) * 0.6 + noise(x * 3 + shift, v * 3) * 0.4;
      const heightLeft =
        ridges((x - 0.012) * 0.9 + shift, (v - 0.006) * 0.9 + shift2) * 0.6 +
        noise((x - 0.012) * 3 + shift, (v - 0.006) * 3) * 0.4;
      const light = Math.min(1, Math.max(0, 0.5 + (height0 - heightLeft) * 9));
      const snow = smoothstep(-0.05, 0.09, snowline + (height0 - 0.5) * 0.34 - v + (light - 0.5) * 0.08);
      const rock = mix([50, 50, 62], [150, 138, 126], light);
      const white = mix([128, 152, 196], [255, 255, 255], smoothstep(0.15, 0.7, light));
      return mix(mix(rock, white, snow), [170, 194, 222], 0.14 * smoothstep(top, 0.75, v));
    }
    if (v > farCrest(u)) {
      const far = noise(x * 1.4 + shift2, v * 1.4);
      return mix(mix([104, 128, 168], [176, 194, 216], far), [214, 226, 238], smoothstep(0.3, 0.62, v));
    }
    const cloud = smoothstep(
      0.52,
      0.78,
      noise(x * 0.5 + shift2, v * 1.1 + shift) * 0.7 + noise(x * 1.9, v * 3.4 + shift) * 0.3,
    );
    return mix(ramp(sky, v / 0.55), [250, 250, 252], cloud * 0.9);
  };
  const ground: Shade = (u, v) => {
    if (!hasLake || v < shore) return land(u, v);
    const depth = v - shore;
    const ripple = (noise(u * aspect * 1.5 + shift, depth * 22) - 0.5) * (0.01 + depth * 0.12);
    const mirrored = land(
      Math.min(0.999, Math.max(0, u + ripple * 0.4)),
      Math.max(0, shore - depth * 2.6 - Math.abs(ripple)),
    );
    return mix(mirrored, [36, 82, 110], 0.34 + ripple * 3);
  };
  return { width, height, ground, drawing: "", grain: 3 };
};
