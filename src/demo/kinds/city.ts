/** City skylines. Pure. */
import { noise } from "../noise.ts";
import { between, css, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { photoSize } from "./photo-sizes.ts";
import { blurFilter, group, line, path, rect } from "../svg.ts";

/** Towers with lit windows at dusk, mirrored in a river. */
export const drawCity: DrawKind = (random, index) => {
  const [width, height] = photoSize(index);
  const sky = pick<readonly Rgb[]>(random, [
    [
      [24, 30, 78],
      [86, 70, 140],
      [232, 120, 120],
      [255, 190, 120],
    ],
    [
      [18, 40, 88],
      [44, 92, 150],
      [120, 170, 200],
      [250, 214, 160],
    ],
    [
      [30, 24, 60],
      [80, 52, 110],
      [170, 84, 130],
      [244, 150, 130],
    ],
  ]);
  const water = height * between(random, 0.72, 0.8);
  const shift = random.next();
  const ground: Shade = (u, v) => {
    const cloud = smoothstep(0.5, 0.8, noise(u * 0.6 + shift, v * 1.4));
    if (v * height < water) return mix(ramp(sky, (v * height) / water / 0.85), [60, 44, 80], cloud * 0.35);
    const depth = (v * height - water) / (height - water);
    const ripple = noise(u * 2 + shift, depth * 4) - 0.5;
    return mix(ramp(sky, 0.95 - depth * 0.8 + ripple * 0.3), [10, 14, 34], 0.55);
  };
  const layer = (count: number, low: number, high: number, shade: number, lit: number) => {
    let towers = "";
    for (let i = 0; i < count; i++) {
      const w = (width / count) * between(random, 0.75, 1.25);
      const x = (i / count) * width - w * 0.1;
      const h = height * between(random, low, high);
      const tone = mix([18, 22, 46], [96, 96, 134], shade + between(random, -0.12, 0.12));
      towers += rect(x, water - h, w, h, css(tone));
      const crown = random.int(4);
      if (crown === 1)
        towers += path(
          `M${x} ${water - h}L${x + w / 2} ${water - h - w * 0.7}L${x + w} ${water - h}Z`,
          css(tone),
        );
      if (crown === 2)
        towers +=
          rect(x + w * 0.25, water - h - w * 0.3, w * 0.5, w * 0.3, css(tone)) +
          line(x + w / 2, water - h - w * 0.3, x + w / 2, water - h - w, css(tone), 2);
      const step = Math.max(7, w / 7);
      let windows = "";
      const warm = random.next() < 0.7;
      for (let wy = water - h + step * 0.7; wy < water - step; wy += step * 1.25)
        for (let wx = x + step * 0.5; wx < x + w - step * 0.7; wx += step)
          if (random.next() < lit)
            windows += `M${wx.toFixed(1)} ${wy.toFixed(1)}h${(step * 0.5).toFixed(1)}v${(step * 0.62).toFixed(1)}h${(-step * 0.5).toFixed(1)}z`;
      towers += path(windows || "M0 0", warm ? "rgb(255,214,130)" : "rgb(206,228,255)", {
        opacity: between(random, 0.65, 1),
      });
    }
    return towers;
  };
  const skyline =
    layer(13, 0.12, 0.36, 0.85, 0.22) +
    layer(8 + random.int(3), 0.2, 0.58, 0.3, 0.5) +
    layer(16, 0.05, 0.14, 0, 0.4);
  const drawing =
    blurFilter("smear", 3) +
    skyline +
    group(
      `translate(0 ${water * 2}) scale(1 -1)`,
      group("", skyline, { filter: "url(#smear)", opacity: 0.42 }),
    ) +
    rect(0, water - 2, width, 4, "rgb(12,14,28)");
  return { width, height, ground, drawing, grain: 4 };
};
