/** Learnt position vectors of one grid of patches, for a grid of another size: as PyTorch interpolates them. Pure. */

/**
 * `cubic`: the four nearest, a = -0.75, as torch's `interpolate(mode="bicubic", align_corners=False)`; `antialiased`: as
 * many as the reduction takes, a = -0.5, as the same with `antialias=True`.
 */
export type PositionFilter = "cubic" | "antialiased";

/** One source that a target reads. */
interface Tap {
  readonly target: number;
  readonly source: number;
  readonly weight: number;
}

/** `places`: row-major [from * from, width]; returns [to * to, width]. */
export function resizePositions(
  places: Float32Array,
  width: number,
  from: number,
  to: number,
  filter: PositionFilter,
): Float32Array {
  const taps = filter === "cubic" ? cubicTaps(from, to) : antialiasedTaps(from, to);
  const across = new Float64Array(from * to * width);
  for (let y = 0; y < from; y++)
    for (const { target, source, weight } of taps)
      for (let c = 0; c < width; c++)
        across[(y * to + target) * width + c]! += weight * places[(y * from + source) * width + c]!;
  const resized = new Float64Array(to * to * width);
  const rowLength = to * width;
  for (const { target, source, weight } of taps)
    for (let i = 0; i < rowLength; i++)
      resized[target * rowLength + i]! += weight * across[source * rowLength + i]!;
  return Float32Array.from(resized);
}

/** Keys 1981, equation 4, with the free parameter `a`. */
function cubicKernel(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** Beyond the edges the outermost source counts again. */
function cubicTaps(from: number, to: number): Tap[] {
  return Array.from({ length: to }, (_, target) => {
    const at = ((target + 0.5) * from) / to - 0.5;
    const first = Math.floor(at) - 1;
    return [0, 1, 2, 3].map((i) => ({
      target,
      source: Math.min(from - 1, Math.max(0, first + i)),
      weight: cubicKernel(first + i - at, -0.75),
    }));
  }).flat();
}

/** Beyond the edges there is nothing; what is left is made to sum up to 1. */
function antialiasedTaps(from: number, to: number): Tap[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  return Array.from({ length: to }, (_, target) => {
    const centre = (target + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - 2 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + 2 * stretch + 0.5));
    const weights = Array.from({ length: end - start }, (_, i) =>
      cubicKernel((start + i + 0.5 - centre) / stretch, -0.5),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight, i) => ({ target, source: start + i, weight: weight / sum }));
  }).flat();
}
