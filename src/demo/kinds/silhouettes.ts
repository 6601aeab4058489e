/** Hills, palms, boats and birds, for the pictures of the outdoors. Pure. */
import { noise } from "../noise.ts";
import { between } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import { path, polyline } from "../svg.ts";
import type { Point } from "../svg.ts";

/** A hilly outline about `top` from edge to edge and down to `foot`, px: filled it is a silhouette. */
export function hills(random: Random, width: number, top: number, foot: number, roughness: number): string {
  const shift = random.next();
  const points: Point[] = [];
  for (let x = 0; x <= width; x += 4)
    points.push([x, Math.min(foot, top - (noise(shift + (x / width) * 0.6, shift) - 0.5) * roughness)]);
  return `${polyline([...points, [width, foot], [0, foot]])}Z`;
}

/** A palm of height `size` px with its foot at (x, y). */
export function palm(random: Random, x: number, y: number, size: number, fill: string): string {
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

export function sailingBoat(x: number, y: number, size: number, hull: string, sail: string): string {
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

export function seagulls(random: Random, width: number, height: number, color: string): string {
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
