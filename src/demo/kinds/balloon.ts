/** Hot-air balloons. Pure. */
import { noise } from "../noise.ts";
import { between, css, hsl, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import { group, line, path, radialGradient, rect } from "../svg.ts";
import { photoSize } from "./photo-sizes.ts";

function balloon(random: Random, id: string, x: number, y: number, size: number): string {
  const hue = random.int(360);
  const palette = pick<readonly Rgb[]>(random, [
    [hsl(hue, 0.78, 0.5), hsl(hue + 45, 0.85, 0.58)],
    [hsl(hue, 0.75, 0.48), [250, 246, 236]],
    [
      [206, 38, 44],
      [248, 198, 40],
      [34, 98, 176],
    ],
    [hsl(hue, 0.7, 0.45), hsl(hue + 150, 0.7, 0.5), [250, 236, 190]],
  ]);
  const r = size * 0.5;
  const gores = 12;
  let envelope = "";
  const edge = (i: number) => Math.sin((i / gores - 0.5) * Math.PI);
  for (let i = 0; i < gores; i++) {
    const a = edge(i);
    const b = edge(i + 1);
    const side = (s: number) =>
      `C${s * r * 1.34} ${-r * 1.02} ${s * r * 1.2} ${r * 0.42} ${s * r * 0.2} ${r * 1.24}`;
    const back = (s: number) => `C${s * r * 1.2} ${r * 0.42} ${s * r * 1.34} ${-r * 1.02} 0 ${-r}`;
    envelope += path(
      `M0 ${-r}${side(a)}L${b * r * 0.2} ${r * 1.24}${back(b)}Z`,
      css(palette[i % palette.length]!),
    );
  }
  const shade = path(
    `M0 ${-r}C${-r * 1.34} ${-r * 1.02} ${-r * 1.2} ${r * 0.42} ${-r * 0.2} ${r * 1.24}H${r * 0.2}C${r * 1.2} ${r * 0.42} ${r * 1.34} ${-r * 1.02} 0 ${-r}Z`,
    `url(#${id})`,
  );
  return (
    radialGradient(
      id,
      [
        [0, "rgba(255,255,255,.4)"],
        [0.45, "rgba(255,255,255,0)"],
        [1, "rgba(20,10,40,.55)"],
      ],
      { cx: 0.34, cy: 0.28, r: 0.8 },
    ) +
    group(
      `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
      line(-r * 0.18, r * 1.22, -r * 0.13, r * 1.58, "rgb(70,52,40)", r * 0.02) +
        line(r * 0.18, r * 1.22, r * 0.13, r * 1.58, "rgb(70,52,40)", r * 0.02) +
        envelope +
        shade +
        rect(-r * 0.15, r * 1.56, r * 0.3, r * 0.22, "rgb(128,84,44)", { rx: r * 0.04 }) +
        rect(-r * 0.16, r * 1.54, r * 0.32, r * 0.05, "rgb(84,52,28)"),
    )
  );
}

/** Hot-air balloons over open country. */
export const drawBalloons: DrawKind = (random, index) => {
  const [width, height] = photoSize(index + 1);
  const aspect = width / height;
  const shift = random.next();
  const skies: readonly (readonly Rgb[])[] = [
    [
      [60, 124, 204],
      [132, 182, 230],
      [222, 234, 242],
    ],
    [
      [96, 140, 200],
      [176, 196, 220],
      [250, 224, 196],
    ],
    [
      [44, 106, 190],
      [104, 164, 224],
      [190, 220, 240],
    ],
  ];
  const sky = skies[index % skies.length]!;
  const land = between(random, 0.82, 0.9);
  const ground: Shade = (u, v) => {
    const x = u * aspect;
    const rim = land - (noise(x * 0.3 + shift, 0.7) - 0.5) * 0.1;
    if (v > rim) {
      const field = noise(x * 0.7 + shift, v * 3) * 0.7 + noise(x * 4, v * 9) * 0.3;
      return mix(
        ramp(
          [
            [62, 92, 44],
            [120, 140, 64],
            [186, 168, 96],
          ],
          field,
        ),
        [176, 196, 212],
        0.45 * (1 - smoothstep(rim, 1, v)),
      );
    }
    const cloud = smoothstep(
      0.5,
      0.78,
      noise(x * 0.4 + shift, v * 0.9 + shift) * 0.7 + noise(x * 1.6, v * 3 + shift) * 0.3,
    );
    return mix(ramp(sky, v / land), [254, 254, 254], cloud * 0.85);
  };
  const side = Math.min(width, height);
  const layouts: readonly (readonly (readonly [number, number, number])[])[] = [
    [[0.5, 0.4, 0.58]],
    [
      [0.32, 0.36, 0.42],
      [0.74, 0.5, 0.26],
    ],
    [
      [0.22, 0.28, 0.26],
      [0.56, 0.22, 0.2],
      [0.78, 0.44, 0.3],
      [0.42, 0.58, 0.16],
    ],
    [
      [0.62, 0.4, 0.48],
      [0.18, 0.6, 0.14],
      [0.3, 0.2, 0.12],
    ],
  ];
  let drawing = "";
  layouts[index % layouts.length]!.forEach(([u, v, s], i) => {
    drawing += balloon(
      random,
      `a${i}`,
      (u + between(random, -0.04, 0.04)) * width,
      (v + between(random, -0.04, 0.04)) * height,
      s * side,
    );
  });
  return { width, height, ground, drawing, grain: 3 };
};
