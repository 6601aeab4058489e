/** Flowers. Pure. */
import { noise } from "../noise.ts";
import { between, css, mix, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import { blurFilter, circle, group, line, path, radialGradient } from "../svg.ts";
import { photoSize } from "./photo-sizes.ts";

interface Bloom {
  readonly petals: number;
  /** petal width over length */
  readonly slim: number;
  /** centre radius over petal length */
  readonly heart: number;
  readonly inner: Rgb;
  readonly outer: Rgb;
  readonly disc: readonly [Rgb, Rgb];
}

const BLOOMS: readonly Bloom[] = [
  {
    petals: 21,
    slim: 0.2,
    heart: 0.3,
    inner: [236, 238, 246],
    outer: [255, 255, 255],
    disc: [
      [214, 140, 8],
      [255, 214, 40],
    ],
  },
  {
    petals: 26,
    slim: 0.24,
    heart: 0.46,
    inner: [232, 140, 0],
    outer: [255, 214, 30],
    disc: [
      [44, 24, 12],
      [120, 70, 24],
    ],
  },
  {
    petals: 9,
    slim: 0.56,
    heart: 0.2,
    inner: [190, 30, 110],
    outer: [250, 150, 200],
    disc: [
      [210, 140, 20],
      [255, 220, 80],
    ],
  },
  {
    petals: 16,
    slim: 0.28,
    heart: 0.26,
    inner: [126, 70, 190],
    outer: [196, 160, 244],
    disc: [
      [220, 160, 20],
      [255, 226, 90],
    ],
  },
];

function flower(random: Random, id: string, x: number, y: number, radius: number, bloom: Bloom): string {
  let petals = "";
  for (let ring = 0; ring < 2; ring++)
    for (let i = 0; i < bloom.petals; i++) {
      const length = radius * between(random, 0.9, 1.04) * (ring ? 0.86 : 1);
      const half = length * bloom.slim * between(random, 0.85, 1.1) * 0.5;
      const turn = ((i + ring * 0.5) / bloom.petals) * 360 + between(random, -4, 4);
      petals += group(
        `rotate(${turn.toFixed(1)})`,
        path(
          `M0 0C${-half * 1.1} ${-length * 0.3} ${-half * 1.25} ${-length * 0.85} 0 ${-length}C${half * 1.25} ${-length * 0.85} ${half * 1.1} ${-length * 0.3} 0 0Z`,
          `url(#${id}p)`,
          {
            stroke: css(mix(bloom.inner, [40, 30, 40], 0.35)),
            "stroke-opacity": 0.35,
            "stroke-width": radius * 0.008,
          },
        ) +
          path(`M0 ${-length * 0.25}L0 ${-length * 0.82}`, "none", {
            stroke: css(bloom.inner),
            "stroke-opacity": 0.5,
            "stroke-width": radius * 0.012,
          }),
      );
    }
  const heart = radius * bloom.heart;
  let seeds = "";
  for (let i = 1; i < 160; i++) {
    // Vogel's spiral: the golden angle packs florets evenly.
    const r = heart * Math.sqrt(i / 160);
    const angle = i * 2.399963;
    seeds += circle(
      Math.cos(angle) * r,
      Math.sin(angle) * r,
      heart * 0.055,
      css(mix(bloom.disc[0], bloom.disc[1], (Math.sin(i * 1.7) + 1) / 2)),
    );
  }
  return (
    radialGradient(
      `${id}p`,
      [
        [0, css(bloom.inner)],
        [0.55, css(mix(bloom.inner, bloom.outer, 0.6))],
        [1, css(bloom.outer)],
      ],
      {
        gradientUnits: "userSpaceOnUse",
        cx: 0,
        cy: 0,
        r: radius,
      },
    ) +
    radialGradient(`${id}d`, [
      [0, css(bloom.disc[1])],
      [1, css(bloom.disc[0])],
    ]) +
    group(
      `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(1 ${between(random, 0.86, 1).toFixed(2)})`,
      petals + circle(0, 0, heart, `url(#${id}d)`) + seeds,
    )
  );
}

/** Blossoms near the camera, the garden behind them out of focus. */
export const drawFlower: DrawKind = (random, index) => {
  const [width, height] = photoSize(index + 4);
  const aspect = width / height;
  const shift = random.next();
  const bloom = BLOOMS[index % BLOOMS.length]!;
  const ground: Shade = (u, v) => {
    const soft = noise(u * aspect * 0.28 + shift, v * 0.28 + shift);
    const softer = noise(u * aspect * 0.5, v * 0.5 + shift);
    return mix(
      mix([22, 52, 24], [96, 142, 60], smoothstep(0.2, 0.8, soft)),
      [190, 206, 120],
      smoothstep(0.62, 0.9, softer) * 0.7,
    );
  };
  const side = Math.min(width, height);
  let drawing = blurFilter("bokeh", side * 0.012) + blurFilter("far", side * 0.02);
  let lights = "";
  for (let i = 0; i < 14; i++)
    lights += circle(
      random.next() * width,
      random.next() * height,
      side * between(random, 0.02, 0.07),
      css(mix(bloom.outer, [180, 220, 120], random.next())),
      { opacity: between(random, 0.12, 0.35) },
    );
  drawing += group("", lights, { filter: "url(#bokeh)" });
  const leaf = (x: number, y: number, turn: number, length: number) =>
    group(
      `translate(${x} ${y}) rotate(${turn})`,
      path(
        `M0 0C${length * 0.3} ${-length * 0.25} ${length * 0.7} ${-length * 0.22} ${length} 0C${length * 0.7} ${length * 0.2} ${length * 0.3} ${length * 0.2} 0 0Z`,
        css(mix([40, 96, 36], [98, 150, 56], random.next())),
      ) + line(0, 0, length * 0.9, 0, "rgba(200,226,150,.5)", length * 0.02),
    );
  const stem = (x: number, y: number, r: number) =>
    path(
      `M${x} ${y}Q${x + r * 0.2} ${(y + height) / 2} ${x + between(random, -0.4, 0.4) * r} ${height * 1.05}`,
      "none",
      { stroke: "rgb(66,110,44)", "stroke-width": r * 0.11 },
    ) +
    leaf(x + r * 0.1, y + r * 1.5, -30 + random.int(50), r * 0.9) +
    leaf(x + r * 0.06, y + r * 1.9, 160 + random.int(50), r * 0.8);
  const farCount = 2 + random.int(3);
  let far = "";
  for (let i = 0; i < farCount; i++) {
    const r = side * between(random, 0.07, 0.12);
    far += flower(random, `f${i}`, random.next() * width, between(random, 0.1, 0.7) * height, r, bloom);
  }
  drawing += group("", far, { filter: "url(#far)" });
  const spots: readonly (readonly [number, number, number])[] =
    index % 3 === 0
      ? [[0.5, 0.47, 0.36]]
      : index % 3 === 1
        ? [
            [0.34, 0.36, 0.24],
            [0.7, 0.58, 0.25],
          ]
        : [
            [0.28, 0.3, 0.19],
            [0.7, 0.34, 0.2],
            [0.48, 0.7, 0.22],
          ];
  spots.forEach(([u, v, r], i) => {
    const x = (u + between(random, -0.04, 0.04)) * width;
    const y = (v + between(random, -0.04, 0.04)) * height;
    drawing += stem(x, y, r * side) + flower(random, `n${i}`, x, y, r * side, bloom);
  });
  return { width, height, ground, drawing, grain: 3 };
};
