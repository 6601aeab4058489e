/** Sunsets, night skies, mountains and beaches. Pure. */
import { noise, ridges } from "../noise.ts";
import { between, css, hsl, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import {
  blurFilter,
  circle,
  curve,
  ellipse,
  group,
  line,
  path,
  polyline,
  radialGradient,
  rect,
} from "../svg.ts";
import type { Point } from "../svg.ts";

const PHOTO_SIZES: readonly (readonly [number, number])[] = [
  [720, 540],
  [744, 496],
  [540, 720],
  [832, 468],
  [600, 600],
  [480, 720],
];

/** A hilly outline from the left edge to the right one and down to the bottom: filled it is a silhouette. */
function hills(random: Random, width: number, height: number, top: number, roughness: number): string {
  const shift = random.next();
  const points: Point[] = [];
  for (let x = 0; x <= width; x += 4)
    points.push([x, top - (noise(shift + (x / width) * 0.6, shift) - 0.5) * roughness]);
  return `${polyline([...points, [width, height], [0, height]])}Z`;
}

/** A palm of height `size` px with its foot at (x, y). */
function palm(random: Random, x: number, y: number, size: number, fill: string): string {
  const lean = between(random, -0.25, 0.25) * size;
  const tipX = x + lean;
  const tipY = y - size;
  let leaves = "";
  for (let i = 0; i < 11; i++) {
    const angle = Math.PI * (0.92 + (i / 10) * 1.16) + between(random, -0.08, 0.08);
    const reach = size * between(random, 0.4, 0.52);
    const droop = reach * between(random, 0.22, 0.4);
    const endX = tipX + Math.cos(angle) * reach;
    const endY = tipY + Math.sin(angle) * reach * 0.75 + droop;
    const midX = tipX + Math.cos(angle) * reach * 0.55;
    const midY = tipY + Math.sin(angle) * reach * 0.75 - droop * 0.1;
    leaves += path(
      `M${tipX} ${tipY}Q${midX} ${midY - reach * 0.07} ${endX} ${endY}Q${midX} ${midY + reach * 0.11} ${tipX} ${tipY}Z`,
      fill,
    );
  }
  const trunk = path(
    `M${x - size * 0.035} ${y}Q${x + lean * 0.2} ${y - size * 0.6} ${tipX - size * 0.015} ${tipY}` +
      `L${tipX + size * 0.015} ${tipY}Q${x + lean * 0.3 + size * 0.04} ${y - size * 0.6} ${x + size * 0.035} ${y}Z`,
    fill,
  );
  return trunk + leaves;
}

function sailingBoat(x: number, y: number, size: number, hull: string, sail: string): string {
  return (
    path(`M${x} ${y - size}L${x} ${y - size * 0.18}L${x + size * 0.48} ${y - size * 0.18}Z`, sail) +
    path(
      `M${x - size * 0.04} ${y - size * 0.85}L${x - size * 0.04} ${y - size * 0.18}L${x - size * 0.34} ${y - size * 0.18}Z`,
      sail,
    ) +
    path(
      `M${x - size * 0.42} ${y - size * 0.14}H${x + size * 0.52}L${x + size * 0.36} ${y}H${x - size * 0.3}Z`,
      hull,
    )
  );
}

function seagulls(random: Random, width: number, height: number, color: string): string {
  let birds = "";
  const count = 3 + random.int(5);
  for (let i = 0; i < count; i++) {
    const x = between(random, 0.1, 0.9) * width;
    const y = between(random, 0.08, 0.4) * height;
    const s = between(random, 0.008, 0.018) * width;
    birds += path(
      `M${x - s} ${y - s * 0.4}Q${x - s * 0.4} ${y - s * 0.8} ${x} ${y}Q${x + s * 0.4} ${y - s * 0.8} ${x + s} ${y - s * 0.4}`,
      "none",
      {
        stroke: color,
        "stroke-width": Math.max(1.5, s * 0.18),
        "stroke-linecap": "round",
      },
    );
  }
  return birds;
}

interface Dusk {
  /** zenith to horizon */
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
      [160, 96, 120],
      [238, 128, 76],
      [252, 186, 92],
    ],
    cloud: [96, 66, 88],
    lit: [255, 176, 100],
  },
  {
    sky: [
      [96, 44, 58],
      [184, 66, 50],
      [240, 110, 40],
      [255, 178, 60],
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
  const [width, height] = PHOTO_SIZES[index % PHOTO_SIZES.length]!;
  const aspect = width / height;
  const dusk = DUSKS[index % DUSKS.length]!;
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
  const front = [
    () =>
      palm(random, width * 0.14, height * 1.02, height * 0.62, black) +
      palm(random, width * 0.3, height * 1.04, height * 0.4, black),
    () =>
      sailingBoat(width * between(random, 0.2, 0.8), y + height * 0.05, height * 0.2, black, black) +
      seagulls(random, width, height, black),
    () =>
      path(
        hills(random, width, height, y - height * 0.01, height * 0.2).replace(
          `L${width.toFixed(1)} ${height.toFixed(1)}L0.0 ${height.toFixed(1)}`,
          `L${width} ${y + 2}L0 ${y + 2}`,
        ),
        "rgb(40,26,46)",
        { opacity: 0.9 },
      ),
    () =>
      seagulls(random, width, height, black) +
      path(hills(random, width, height, height * 0.93, height * 0.1), black),
  ][index % 4]!();
  return { width, height, ground, drawing: front, grain: 3 };
};

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
    [2, 10, 20],
    [6, 30, 50],
    [16, 66, 84],
    [54, 112, 112],
  ],
];

/** Stars, the band of the galaxy or a moon, and black trees or hills below. */
export const drawNightSky: DrawKind = (random, index) => {
  const [width, height] = PHOTO_SIZES[(index + 2) % PHOTO_SIZES.length]!;
  const aspect = width / height;
  const colors = NIGHTS[index % NIGHTS.length]!;
  const shift = random.next();
  const tilt = between(random, -1, 1);
  const hasMoon = index % 4 === 1;
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
  drawing +=
    path(hills(random, width, height, height * 0.92, height * 0.1), black) +
    rect(0, height * 0.955, width, height * 0.05, black);
  if (index % 3 !== 2)
    for (let i = 0; i < 16; i++) {
      const x = (i / 15) * width + between(random, -14, 14);
      const size = height * between(random, 0.1, 0.24);
      const foot = height * 0.97;
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

/** Snow-capped peaks in daylight, forest at their feet, now and then a lake. */
export const drawMountain: DrawKind = (random, index) => {
  const [width, height] = PHOTO_SIZES[(index + 3) % PHOTO_SIZES.length]!;
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

/** Turquoise water, foam and sand in full sun. */
export const drawBeach: DrawKind = (random, index) => {
  const [width, height] = PHOTO_SIZES[(index + 1) % PHOTO_SIZES.length]!;
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
  if (layout === 0)
    drawing +=
      parasol(width * 0.68, height * 0.9, height * 0.3) + parasol(width * 0.3, height * 0.84, height * 0.2);
  if (layout === 1)
    drawing +=
      palm(random, width * 0.14, height * 0.98, height * 0.66, "rgb(52,84,40)") +
      palm(random, width * 0.05, height, height * 0.5, "rgb(40,70,36)");
  if (layout === 2)
    drawing +=
      sailingBoat(
        width * between(random, 0.3, 0.7),
        height * (horizon + 0.06),
        height * 0.14,
        "rgb(120,60,40)",
        "rgb(255,255,250)",
      ) + seagulls(random, width, height * 0.7, "rgb(250,250,250)");
  if (layout === 3) {
    const rocks: Point[] = [
      [width * 0.7, height * (horizon + 0.03)],
      [width * 0.78, height * (horizon - 0.1)],
      [width * 0.86, height * (horizon - 0.16)],
      [width * 0.95, height * (horizon - 0.11)],
      [width * 1.05, height * (horizon - 0.13)],
    ];
    drawing +=
      path(`${curve(rocks)}V${height * (horizon + 0.03)}Z`, "rgb(70,92,70)") +
      group("", parasol(width * 0.32, height * 0.92, height * 0.26));
  }
  return { width, height, ground, drawing, grain: 3 };
};
