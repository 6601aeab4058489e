/** What a demo picture is before it is pixels, and the few colour and chance tools that every kind shares. Pure. */
import { createRandom } from "../core/random.ts";
import type { Random } from "../core/random.ts";

/** sRGB, each 0..255 */
export type Rgb = readonly [number, number, number];

/** Colour of the point (u, v), both in [0, 1) from the top left corner, y down. */
export type Shade = (u: number, v: number) => Rgb;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** what lies behind the drawing: one colour, or a colour for each point */
  readonly ground: Rgb | Shade;
  /** inner SVG in pixels of this picture; holds no <text>, since a bare machine has no fonts */
  readonly drawing: string;
  /** deviation of the sensor noise laid over everything, in 0..255; 0 for what was never photographed */
  readonly grain: number;
}

/** Draws the `index`-th picture of a kind; `index` chooses the layout, chance the rest. */
export type DrawKind = (random: Random, index: number) => Picture;

export function between(random: Random, low: number, high: number): number {
  return low + random.next() * (high - low);
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.int(items.length)]!;
}

/** A generator of its own for the picture at `index` of group `group`, so that one picture never shifts the next. */
export function randomFor(seed: number, group: number, index: number): Random {
  return createRandom(Math.imul(seed, 1_000_003) + group * 1009 + index);
}

export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** 0 below `low`, 1 above `high`, smooth between (Hermite). */
export function smoothstep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Evenly spaced colour stops, read at t in [0, 1]. */
export function ramp(stops: readonly Rgb[], t: number): Rgb {
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  return mix(stops[i]!, stops[i + 1]!, at - i);
}

export function css(color: Rgb): string {
  return `rgb(${color.map((c) => Math.round(Math.min(255, Math.max(0, c)))).join(",")})`;
}

/** Hue in degrees, saturation and lightness in [0, 1] (CSS Color 4, §7.1). */
export function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(lightness, 1 - lightness);
    return 255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
