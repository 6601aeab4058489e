/** Cloudy noise: the stuff of clouds, water, sand, rock and wood in the demo pictures. Pure. */
import { createRandom } from "../core/random.ts";

const SIDE = 512; // texels; a tile is sampled at several scales, so finer detail is never missed
const FIRST_CELLS = 4;

/** Fractal value noise (octaves of halving amplitude over a wrapping lattice), scaled to [0, 1]. */
function makeTile(seed: number): Float32Array {
  const random = createRandom(seed);
  const tile = new Float32Array(SIDE * SIDE);
  let amplitude = 1;
  for (let cells = FIRST_CELLS; cells <= SIDE / 2; cells *= 2, amplitude /= 2) {
    const lattice = Float32Array.from({ length: cells * cells }, () => random.next());
    for (let y = 0; y < SIDE; y++) {
      const fy = (y / SIDE) * cells;
      const y0 = Math.floor(fy);
      const ty = ease(fy - y0);
      const row0 = y0 * cells;
      const row1 = ((y0 + 1) % cells) * cells;
      for (let x = 0; x < SIDE; x++) {
        const fx = (x / SIDE) * cells;
        const x0 = Math.floor(fx);
        const x1 = (x0 + 1) % cells;
        const tx = ease(fx - x0);
        const top = lattice[row0 + x0]! * (1 - tx) + lattice[row0 + x1]! * tx;
        const bottom = lattice[row1 + x0]! * (1 - tx) + lattice[row1 + x1]! * tx;
        tile[y * SIDE + x]! += amplitude * (top * (1 - ty) + bottom * ty);
      }
    }
  }
  let low = Infinity;
  let high = -Infinity;
  for (const value of tile) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return tile.map((value) => (value - low) / (high - low));
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

let tile: Float32Array | undefined;

/** Noise at (x, y) in tiles, wrapping at whole numbers; in [0, 1], mean about .5. One fixed field: shift it by chance. */
export function noise(x: number, y: number): number {
  tile ??= makeTile(7);
  const fx = (x - Math.floor(x)) * SIDE;
  const fy = (y - Math.floor(y)) * SIDE;
  const x0 = fx | 0;
  const y0 = fy | 0;
  const tx = fx - x0;
  const ty = fy - y0;
  const x1 = (x0 + 1) & (SIDE - 1);
  const row0 = (y0 & (SIDE - 1)) * SIDE;
  const row1 = ((y0 + 1) & (SIDE - 1)) * SIDE;
  const left = x0 & (SIDE - 1);
  const top = tile[row0 + left]! * (1 - tx) + tile[row0 + x1]! * tx;
  const bottom = tile[row1 + left]! * (1 - tx) + tile[row1 + x1]! * tx;
  return top * (1 - ty) + bottom * ty;
}

/** Ridged noise: sharp crests where `noise` crosses its middle, in [0, 1]. */
export function ridges(x: number, y: number): number {
  return 1 - Math.abs(2 * noise(x, y) - 1);
}
