/** Finds the pictures in a part of the map without looking at all. Pure. */
import type { Picture } from "../wire.ts";
import type { Box } from "./camera.ts";

export interface Spots {
  /** Calls `visit` for every picture in the box, album by album. */
  within(box: Box, visit: (picture: Picture) => void): void;
  /** The picture nearest to a point within `radius` on each axis, or null. */
  nearest(x: number, y: number, radius: number): Picture | null;
}

/** A grid of about two pictures a cell. */
export function createSpots(pictures: readonly Picture[]): Spots {
  const side = Math.max(1, Math.ceil(Math.sqrt(pictures.length / 2)));
  const cells: Picture[][] = Array.from({ length: side * side }, () => []);
  const cellAt = (value: number) => Math.min(side - 1, Math.max(0, Math.floor(value * side)));
  for (const picture of pictures) cells[cellAt(picture.y) * side + cellAt(picture.x)]!.push(picture);
  const within: Spots["within"] = ({ left, top, right, bottom }, visit) => {
    for (let y = cellAt(top); y <= cellAt(bottom); y++)
      for (let x = cellAt(left); x <= cellAt(right); x++)
        for (const picture of cells[y * side + x]!)
          if (picture.x >= left && picture.x <= right && picture.y >= top && picture.y <= bottom)
            visit(picture);
  };
  return {
    within,
    nearest(x, y, radius) {
      let best: Picture | null = null;
      let bestDistance = Infinity;
      within({ left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }, (picture) => {
        const distance = (picture.x - x) ** 2 + (picture.y - y) ** 2;
        if (distance >= bestDistance) return;
        bestDistance = distance;
        best = picture;
      });
      return best;
    },
  };
}
