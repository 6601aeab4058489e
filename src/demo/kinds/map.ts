/** Street maps. Pure. */
import { between } from "../picture.ts";
import type { DrawKind } from "../picture.ts";
import { shuffled } from "../../core/random.ts";
import { text } from "../glyphs.ts";
import { circle, curve, ellipse, group, path, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

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
