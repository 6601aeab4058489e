/** Receipts. Pure. */
import { noise } from "../noise.ts";
import { between, css, mix, pick, ramp, smoothstep } from "../picture.ts";
import type { DrawKind, Rgb, Shade } from "../picture.ts";
import { shuffled } from "../../core/random.ts";
import { text } from "../glyphs.ts";
import { blurFilter, group, path, rect } from "../svg.ts";

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
