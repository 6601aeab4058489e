/** From pixels of any size to a model's input, byte for byte as the original processors do. Pure. */

/** Interleaved RGB, 8 bits a channel, EXIF orientation applied, alpha over white: `data[(y * width + x) * 3 + c]`. */
export interface DecodedImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How a picture becomes the square that a model sees. */
export interface InputSpec {
  /** side of the square, px */
  readonly side: number;
  /**
   * centre-square: crop the centre square of the short side, then resize it;
   * shortest-edge: resize so that the short side is `resizeTo`, then crop the centre;
   * squash: resize both sides to `side`, whatever the shape.
   */
  readonly fit: "centre-square" | "shortest-edge" | "squash";
  /** short side before the crop, px; only for shortest-edge, else equal to `side` */
  readonly resizeTo: number;
  readonly filter: "bicubic" | "bilinear" | "lanczos";
}
