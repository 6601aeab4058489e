/** City skylines, flowers, fruit and hot-air balloons. Pure. */
import { noise } from "../noise.ts";
import { between, css, hsl, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import { blurFilter, circle, ellipse, group, line, path, radialGradient, rect } from "../svg.ts";

const PHOTO_SIZES: readonly (readonly [number, number])[] = [
  [810, 540],
  [576, 720],
  [720, 540],
  [510, 680],
  [630, 630],
];

/** Towers with lit windows at dusk, mirrored in a river. */
export const drawCity: DrawKind = (random, index) => {
  const [width, height] = [PHOTO_SIZES[0]!, PHOTO_SIZES[2]!, PHOTO_SIZES[1]!, PHOTO_SIZES[4]!][index % 4]!;
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
  const [width, height] = PHOTO_SIZES[(index + 4) % PHOTO_SIZES.length]!;
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

type Fruit = "orange" | "lemon" | "apple" | "strawberry";

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

/** Oranges, lemons, apples or strawberries on a wooden table or a plate. */
export const drawFruit: DrawKind = (random, index) => {
  const [width, height] = PHOTO_SIZES[(index + 2) % PHOTO_SIZES.length]!;
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
  const fruit = (["orange", "lemon", "apple", "strawberry"] as const)[index % 4]!;
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
  const hasPlate = index % 3 === 1;
  if (hasPlate)
    drawing +=
      ellipse(width * 0.52, height * 0.56, side * 0.54, side * 0.5, "url(#shadow)") +
      ellipse(width * 0.5, height * 0.53, side * 0.46, side * 0.42, "rgb(238,238,234)") +
      ellipse(width * 0.5, height * 0.53, side * 0.35, side * 0.32, "rgb(222,224,224)") +
      ellipse(width * 0.5, height * 0.535, side * 0.345, side * 0.315, "rgb(244,244,242)");
  const spots: (readonly [number, number])[] = [];
  const wanted = 3 + random.int(5);
  const reach = hasPlate ? 0.26 : 0.36;
  const r = side * (fruit === "strawberry" ? 0.105 : 0.135);
  for (let tries = 0; tries < 200 && spots.length < wanted; tries++) {
    const x = width * 0.5 + between(random, -1, 1) * (hasPlate ? side : width) * reach;
    const y = height * 0.52 + between(random, -1, 1) * (hasPlate ? side : height) * reach;
    if (spots.every(([ox, oy]) => Math.hypot(ox - x, oy - y) > r * 1.75)) spots.push([x, y]);
  }
  spots.sort((a, b) => a[1] - b[1]);
  spots.forEach(([x, y], i) => {
    drawing += fruitShape(random, fruit, `b${i}`, x, y, r * between(random, 0.9, 1.12));
  });
  return { width, height, ground, drawing, grain: 3 };
};

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
  const [width, height] = PHOTO_SIZES[(index + 1) % PHOTO_SIZES.length]!;
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
