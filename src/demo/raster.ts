/** Pixels of a picture's ground, and the grain of a sensor. Interleaved RGB, 8 bits a channel. Pure. */
import type { Random } from "../core/random.ts";
import type { Picture } from "./picture.ts";

/** The ground at full size: `[(y * width + x) * 3 + c]`. */
export function paintGround(picture: Picture): Uint8ClampedArray {
  const { width, height, ground } = picture;
  const pixels = new Uint8ClampedArray(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const color = typeof ground === "function" ? ground((x + 0.5) / width, (y + 0.5) / height) : ground;
      pixels[at++] = color[0];
      pixels[at++] = color[1];
      pixels[at++] = color[2];
    }
  return pixels;
}

/** Adds noise of the given deviation to every pixel, the same on its three channels, in place. */
export function addGrain(pixels: Uint8ClampedArray, deviation: number, random: Random): void {
  // A sum of two uniform numbers on [-.5, .5) has the deviation 1/sqrt(6).
  const scale = deviation * Math.sqrt(6);
  for (let at = 0; at < pixels.length; at += 3) {
    const noise = (random.next() + random.next() - 1) * scale;
    pixels[at]! += noise;
    pixels[at + 1]! += noise;
    pixels[at + 2]! += noise;
  }
}
