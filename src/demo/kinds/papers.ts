/** Quotes, receipts, charts and maps: pictures made mostly of text and lines. Pure. */
import { noise } from "../noise.ts";
import { between, css, hsl, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { shuffled } from "../../core/random.ts";
import { text, wrapText } from "../glyphs.ts";
import { blurFilter, circle, curve, ellipse, group, line, path, polyline, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

const SAYINGS: readonly string[] = [
  "Small steps still move you forward.",
  "Begin where you are. Use what you have.",
  "The sea is made of single drops.",
  "Make room for things that matter.",
  "Slow mornings make for bright days.",
  "Curiosity is a kind of courage.",
  "Rest is part of the work.",
  "Every map was once a blank page.",
  "Plant trees whose shade is for others.",
  "Say less, listen more, laugh often.",
];

/** A saying in large letters on a plain or softly coloured card. */
export const drawQuote: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [720, 720],
      [720, 900],
      [900, 600],
      [640, 640],
    ] as const
  )[index % 4]!;
  const hue = random.int(360);
  const isDark = index % 3 === 1;
  const low = hsl(hue, 0.45, isDark ? 0.16 : 0.86);
  const high = hsl(hue + 40, 0.5, isDark ? 0.3 : 0.94);
  const shift = random.next();
  const ground: Shade = (u, v) => mix(low, high, (u + v) / 2 + (noise(u * 0.3 + shift, v * 0.3) - 0.5) * 0.4);
  const ink = css(hsl(hue + 10, 0.35, isDark ? 0.94 : 0.16));
  const accent = css(hsl(hue + 180, 0.55, isDark ? 0.66 : 0.44));
  const size = width * between(random, 0.05, 0.062);
  const lines = wrapText(SAYINGS[index % SAYINGS.length]!, size, width * 0.72);
  const leading = size * 1.9;
  const top = height / 2 - ((lines.length - 1) * leading) / 2 + size / 2;
  const isCentred = index % 2 === 0;
  const x = isCentred ? width / 2 : width * 0.14;
  const anchor = isCentred ? "middle" : "start";
  let drawing = "";
  if (index % 4 < 2)
    drawing += rect(width * 0.05, height * 0.05, width * 0.9, height * 0.9, "none", {
      stroke: accent,
      "stroke-width": 4,
    });
  const mark = "M0 0C0 -16 8 -26 20 -28L22 -22C14 -19 12 -14 12 -10A10 10 0 1 1 0 0Z";
  drawing += group(
    `translate(${isCentred ? x - size * 1.1 : x} ${top - leading * 1.15}) scale(${size / 22})`,
    path(mark, accent) + path(mark, accent, { transform: "translate(27 0)" }),
  );
  lines.forEach((words, i) => {
    drawing += text(x, top + i * leading, words, { size, color: ink, weight: 0.15, anchor });
  });
  const below = top + lines.length * leading;
  const ruleLeft = isCentred ? width / 2 - width * 0.08 : x;
  drawing += line(ruleLeft, below - size * 0.6, ruleLeft + width * 0.16, below - size * 0.6, accent, 4);
  drawing += text(
    x,
    below + size * 0.9,
    pick(random, ["Unknown", "A note to self", "From a friend", "Old proverb"]),
    { size: size * 0.5, color: accent, anchor },
  );
  return { width, height, ground, drawing, grain: 0 };
};

const SHOPS: readonly string[] = [
  "CORNER MARKET",
  "GREEN BASKET",
  "HARBOUR CAFE",
  "PAPER AND PEN",
  "THE BAKEHOUSE",
  "CITY HARDWARE",
];
const GOODS: readonly string[] = [
  "Whole milk 1L",
  "Rye bread",
  "Bananas 1.2kg",
  "Olive oil",
  "Espresso",
  "Oat biscuits",
  "Tomatoes",
  "Notebook A5",
  "Batteries AA",
  "Green tea",
  "Butter 250g",
  "Apples 1kg",
  "Soap bar",
  "Rice 2kg",
  "Croissant",
];

function money(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}

/** A till receipt, photographed on a table. */
export const drawReceipt: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [600, 900],
      [540, 860],
      [660, 880],
      [500, 900],
    ] as const
  )[index % 4]!;
  const shift = random.next();
  const tables: readonly (readonly Rgb[])[] = [
    [
      [96, 66, 44],
      [140, 102, 70],
    ],
    [
      [58, 60, 66],
      [88, 90, 98],
    ],
    [
      [126, 110, 92],
      [172, 156, 134],
    ],
  ];
  const table = tables[index % tables.length]!;
  const ground: Shade = (u, v) => ramp(table, smoothstep(0.2, 0.8, noise(u * 2.6 + shift, v * 0.3)));
  const paperWidth = width * 0.74;
  const left = (width - paperWidth) / 2;
  const size = paperWidth * 0.031;
  const leading = size * 2;
  const ink = css(mix([30, 30, 36], [90, 90, 100], random.next() * 0.5));
  const rows: string[] = [];
  let y = height * 0.08 + leading * 1.6;
  const put = (words: string, at: "start" | "middle" | "end", scale = 1) => {
    const x =
      at === "middle" ? width / 2 : at === "start" ? left + paperWidth * 0.07 : left + paperWidth * 0.93;
    rows.push(
      text(x, y, words, { size: size * scale, color: ink, weight: scale > 1 ? 0.18 : 0.15, anchor: at }),
    );
  };
  const rule = () => {
    put("- - - - - - - - - - - - - - - - - - - -", "middle", 0.9);
    y += leading;
  };
  put(pick(random, SHOPS), "middle", 1.7);
  y += leading * 1.3;
  put(`${1 + random.int(98)} MAIN STREET`, "middle");
  y += leading;
  put(`TEL 555 ${1000 + random.int(8999)}`, "middle");
  y += leading;
  put(
    `${String(1 + random.int(28)).padStart(2, "0")}/0${1 + random.int(9)}/2024  ${10 + random.int(10)}:${10 + random.int(49)}`,
    "middle",
  );
  y += leading;
  rule();
  let total = 0;
  for (const item of shuffled(GOODS, random).slice(0, 6 + random.int(5))) {
    const cents = 90 + random.int(1200);
    total += cents;
    put(item, "start");
    put(money(cents), "end");
    y += leading;
  }
  rule();
  put("TOTAL", "start", 1.4);
  put(money(total), "end", 1.4);
  y += leading * 1.4;
  const given = Math.ceil(total / 1000) * 1000;
  put("CASH", "start");
  put(money(given), "end");
  y += leading;
  put("CHANGE", "start");
  put(money(given - total), "end");
  y += leading * 1.2;
  put("THANK YOU", "middle", 1.2);
  y += leading * 0.6;
  let bars = "";
  for (let x = left + paperWidth * 0.2; x < left + paperWidth * 0.8;) {
    const w = 1 + random.int(4);
    bars += rect(x, y, w, size * 3, ink);
    x += w + 1 + random.int(4);
  }
  y += size * 5;
  const top = height * 0.08;
  let teeth = `M${left} ${top}H${left + paperWidth}V${y}`;
  for (let i = 0; i < 24; i++)
    teeth += `l${-paperWidth / 48} ${size * 0.6}l${-paperWidth / 48} ${-size * 0.6}`;
  const scale = Math.min(1, (height * 0.9) / (y - top));
  const drawing =
    blurFilter("shadow", 12) +
    group(
      `translate(${width / 2} ${height / 2}) rotate(${between(random, -6, 6).toFixed(1)}) scale(${scale.toFixed(3)}) translate(${-width / 2} ${-(top + y) / 2})`,
      path(`${teeth}Z`, "rgb(0,0,0)", {
        opacity: 0.5,
        filter: "url(#shadow)",
        transform: "translate(8 10)",
      }) +
        path(`${teeth}Z`, css(mix([250, 249, 244], [238, 234, 226], random.next()))) +
        path(`M${left} ${(top + y) / 2}H${left + paperWidth}`, "none", {
          stroke: "rgba(0,0,0,.08)",
          "stroke-width": 6,
          filter: "url(#shadow)",
        }) +
        rows.join("") +
        bars,
    );
  return { width, height, ground, drawing, grain: 4 };
};

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TITLES = [
  "Sales by month",
  "Visitors per week",
  "Energy use, kWh",
  "Rainfall, mm",
  "Share of budget",
  "Orders and returns",
  "Response time, ms",
  "Steps per day",
  "Heating costs",
];

/** Bars, lines, pies and points, as a report would print them. */
export const drawChart: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [900, 560],
      [800, 600],
      [720, 720],
      [960, 540],
    ] as const
  )[index % 4]!;
  const hue = random.int(360);
  const series = [0, 1, 2, 3, 4, 5].map((i) => css(hsl(hue + i * 57, 0.62, 0.52)));
  const grey = "rgb(120,124,132)";
  const ink = "rgb(40,44,52)";
  let drawing = text(width * 0.08, height * 0.1, TITLES[index % TITLES.length]!, {
    size: height * 0.036,
    color: ink,
    weight: 0.18,
  });
  const left = width * 0.1;
  const right = width * 0.94;
  const top = height * 0.2;
  const bottom = height * 0.84;
  const axes = () => {
    let out = "";
    for (let i = 0; i <= 5; i++) {
      const y = bottom - ((bottom - top) * i) / 5;
      out += line(left, y, right, y, i ? "rgb(224,226,230)" : grey, i ? 1.5 : 2.5);
      out += text(left - 10, y + height * 0.01, String(i * 20), {
        size: height * 0.02,
        color: grey,
        anchor: "end",
      });
    }
    return out;
  };
  const legend = (count: number) => {
    let out = "";
    for (let i = 0; i < count; i++) {
      const x = left + i * width * 0.17;
      out += rect(x, height * 0.93, width * 0.018, width * 0.018, series[i]!);
      out += text(x + width * 0.028, height * 0.93 + width * 0.017, ["North", "South", "East", "West"][i]!, {
        size: height * 0.022,
        color: grey,
      });
    }
    return out;
  };
  const months = (count: number, at: (i: number) => number) =>
    MONTHS.slice(0, count)
      .map((month, i) =>
        text(at(i), bottom + height * 0.045, month, { size: height * 0.02, color: grey, anchor: "middle" }),
      )
      .join("");
  const walk = (count: number) => {
    const values = [between(random, 0.25, 0.6)];
    while (values.length < count)
      values.push(Math.min(0.95, Math.max(0.06, values.at(-1)! + between(random, -0.16, 0.2))));
    return values;
  };
  const layout = index % 5;
  if (layout === 0) {
    const count = 6 + random.int(3);
    const groups = 1 + random.int(3);
    const step = (right - left) / count;
    drawing += axes();
    for (let g = 0; g < groups; g++)
      walk(count).forEach((value, i) => {
        const barWidth = (step * 0.72) / groups;
        const h = value * (bottom - top);
        drawing += rect(
          left + i * step + step * 0.14 + g * barWidth,
          bottom - h,
          barWidth * 0.92,
          h,
          series[g]!,
        );
      });
    drawing += months(count, (i) => left + (i + 0.5) * step) + legend(groups);
  } else if (layout === 1) {
    const count = 10;
    const lines = 2 + random.int(2);
    const at = (i: number) => left + ((i + 0.5) * (right - left)) / count;
    drawing += axes();
    for (let s = 0; s < lines; s++) {
      const points = walk(count).map((value, i): Point => [at(i), bottom - value * (bottom - top)]);
      drawing += path(polyline(points), "none", {
        stroke: series[s]!,
        "stroke-width": 4,
        "stroke-linejoin": "round",
      });
      for (const [x, y] of points)
        drawing += circle(x, y, 6, "white", { stroke: series[s]!, "stroke-width": 3 });
    }
    drawing += months(count, at) + legend(lines);
  } else if (layout === 2) {
    const values = [0, 1, 2, 3, 4].map(() => between(random, 0.5, 2));
    const sum = values.reduce((a, b) => a + b, 0);
    const cx = width * 0.42;
    const cy = height * 0.54;
    const r = Math.min(width, height) * 0.32;
    let angle = -Math.PI / 2;
    values.forEach((value, i) => {
      const to = angle + (value / sum) * 2 * Math.PI;
      drawing += path(
        `M${cx} ${cy}L${cx + Math.cos(angle) * r} ${cy + Math.sin(angle) * r}A${r} ${r} 0 ${to - angle > Math.PI ? 1 : 0} 1 ${cx + Math.cos(to) * r} ${cy + Math.sin(to) * r}Z`,
        series[i]!,
        { stroke: "white", "stroke-width": 3 },
      );
      const middle = (angle + to) / 2;
      drawing += text(
        cx + Math.cos(middle) * r * 0.66,
        cy + Math.sin(middle) * r * 0.66 + height * 0.012,
        `${Math.round((value / sum) * 100)}%`,
        { size: height * 0.024, color: "white", weight: 0.18, anchor: "middle" },
      );
      const y = height * 0.34 + i * height * 0.075;
      drawing +=
        rect(width * 0.77, y, width * 0.022, width * 0.022, series[i]!) +
        text(width * 0.805, y + width * 0.02, ["Rent", "Food", "Travel", "Books", "Other"][i]!, {
          size: height * 0.025,
          color: ink,
        });
      angle = to;
    });
    if (index % 2 === 1) drawing += circle(cx, cy, r * 0.5, "white");
  } else if (layout === 3) {
    const count = 12;
    const at = (i: number) => left + (i * (right - left)) / (count - 1);
    drawing += axes();
    for (let s = 0; s < 2; s++) {
      const points = walk(count).map((value, i): Point => [
        at(i),
        bottom - value * (s ? 0.5 : 1) * (bottom - top),
      ]);
      drawing +=
        path(`${curve(points)}L${right} ${bottom}L${left} ${bottom}Z`, series[s]!, { opacity: 0.4 }) +
        path(curve(points), "none", { stroke: series[s]!, "stroke-width": 4 });
    }
    drawing += months(count, at) + legend(2);
  } else {
    drawing += axes();
    for (let s = 0; s < 3; s++) {
      const cx = between(random, 0.2, 0.8);
      const cy = between(random, 0.2, 0.8);
      for (let i = 0; i < 26; i++) {
        const x = cx + (random.next() + random.next() - 1) * 0.2;
        const y = cy + (random.next() + random.next() - 1) * 0.2;
        drawing += circle(left + x * (right - left), bottom - y * (bottom - top), 6, series[s]!, {
          opacity: 0.75,
        });
      }
    }
    drawing += line(left, top, left, bottom, grey, 2.5) + legend(3);
  }
  return { width, height, ground: [255, 255, 255], drawing, grain: 0 };
};

const PLACES = [
  "Mill Road",
  "Station",
  "Old Town",
  "Market Square",
  "North Park",
  "Harbour",
  "Castle Hill",
  "Elm Street",
  "River Walk",
  "Museum",
];

/** A street map with parks, a river, main roads and a pin. */
export const drawMap: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [800, 800],
      [600, 900],
      [960, 640],
      [720, 720],
    ] as const
  )[index % 4]!;
  const reach = Math.hypot(width, height);
  let blocks = "";
  let casing = "";
  let streets = "";
  const step = between(random, 62, 92);
  for (let at = -reach; at < reach; at += step)
    for (const isAcross of [true, false]) {
      const bend = between(random, -10, 10);
      const d = isAcross
        ? `M${-reach} ${at}Q0 ${at + bend} ${reach} ${at}`
        : `M${at} ${-reach}Q${at + bend} 0 ${at} ${reach}`;
      const roadWidth = random.next() < 0.2 ? 13 : 8;
      casing += path(d, "none", { stroke: "rgb(206,202,194)", "stroke-width": roadWidth + 3 });
      streets += path(d, "none", { stroke: "white", "stroke-width": roadWidth });
    }
  for (let x = -reach; x < reach; x += step)
    for (let y = -reach; y < reach; y += step) {
      const what = random.next();
      if (what < 0.1) blocks += rect(x, y, step * (1 + random.int(2)), step, "rgb(196,226,178)");
      else if (what < 0.62)
        for (let i = 0; i < 4; i++)
          blocks += rect(
            x + step * (0.16 + (i % 2) * 0.38),
            y + step * (0.16 + Math.floor(i / 2) * 0.38),
            step * between(random, 0.18, 0.32),
            step * between(random, 0.18, 0.32),
            "rgb(222,214,204)",
            { stroke: "rgb(204,194,182)", "stroke-width": 1 },
          );
    }
  const wander = (from: number): Point[] =>
    [0, 1, 2, 3, 4].map((i): Point => [
      -reach + (i / 4) * 2 * reach,
      from + between(random, -0.16, 0.16) * reach,
    ]);
  const river = curve(wander(between(random, -0.3, 0.3) * reach));
  const highway = curve(wander(between(random, -0.3, 0.3) * reach));
  const highway2 = curve(wander(between(random, -0.4, 0.4) * reach).map(([x, y]): Point => [y, x]));
  const main = (d: string) =>
    path(d, "none", { stroke: "rgb(226,150,62)", "stroke-width": 20 }) +
    path(d, "none", { stroke: "rgb(253,214,120)", "stroke-width": 15 });
  let drawing = group(
    `translate(${width / 2} ${height / 2}) rotate(${between(random, -40, 40).toFixed(1)})`,
    blocks +
      path(river, "none", { stroke: "rgb(160,204,230)", "stroke-width": between(random, 50, 90) }) +
      casing +
      streets +
      main(highway) +
      main(highway2),
  );
  for (const place of shuffled(PLACES, random).slice(0, 6)) {
    const x = between(random, 0.18, 0.82) * width;
    const y = between(random, 0.08, 0.94) * height;
    drawing +=
      text(x, y, place, { size: 13, color: "white", weight: 0.6, anchor: "middle" }) +
      text(x, y, place, { size: 13, color: "rgb(70,70,84)", weight: 0.17, anchor: "middle" });
  }
  const px = between(random, 0.35, 0.65) * width;
  const py = between(random, 0.4, 0.65) * height;
  if (index % 2 === 0) {
    const route = curve([
      [px, py],
      [px + 60, py + 90],
      [px - 40, py + 170],
      [px + 90, py + 260],
    ]);
    drawing +=
      path(route, "none", { stroke: "rgb(40,80,190)", "stroke-width": 13, "stroke-linecap": "round" }) +
      path(route, "none", { stroke: "rgb(74,126,246)", "stroke-width": 8, "stroke-linecap": "round" });
  }
  drawing +=
    ellipse(px, py, 14, 5, "rgba(0,0,0,.35)") +
    path(
      `M${px} ${py}C${px - 10} ${py - 30} ${px - 28} ${py - 42} ${px - 28} ${py - 62}A28 28 0 0 1 ${px + 28} ${py - 62}C${px + 28} ${py - 42} ${px + 10} ${py - 30} ${px} ${py}Z`,
      "rgb(224,52,46)",
      { stroke: "rgb(160,26,26)", "stroke-width": 2 },
    ) +
    circle(px, py - 61, 10, "white");
  return { width, height, ground: [242, 238, 231], drawing, grain: 0 };
};
