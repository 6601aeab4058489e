/** Sizes of the demo's photographs. Pure. */

/** width and height in px, wide and tall */
export const PHOTO_SIZES: readonly (readonly [number, number])[] = [
  [720, 540],
  [744, 496],
  [540, 720],
  [832, 468],
  [600, 600],
  [480, 720],
];

/** The size of the `index`-th photograph of a kind. */
export function photoSize(index: number): readonly [width: number, height: number] {
  return PHOTO_SIZES[index % PHOTO_SIZES.length]!;
}
