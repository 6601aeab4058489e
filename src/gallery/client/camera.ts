/** The map's window on the unit square: pan, zoom about a point, fit. Pure. */

/** A point p of the map is at ((p.x - x) · scale, (p.y - y) · scale) on the screen. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  /** pixels the unit square measures */
  readonly scale: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The whole `box` (in map units) in the middle of a screen of these pixels. */
export function fit(box: Box, width: number, height: number, padding: number): Camera {
  const [w, h] = [Math.max(1e-6, box.right - box.left), Math.max(1e-6, box.bottom - box.top)];
  const scale = Math.max(1, Math.min((width - 2 * padding) / w, (height - 2 * padding) / h));
  return {
    scale,
    x: (box.left + box.right) / 2 - width / 2 / scale,
    y: (box.top + box.bottom) / 2 - height / 2 / scale,
  };
}

/** The point under (px, py), in screen pixels, stays where it is. */
export function zoomAbout(
  camera: Camera,
  px: number,
  py: number,
  factor: number,
  limits: readonly [number, number],
): Camera {
  const scale = Math.min(limits[1], Math.max(limits[0], camera.scale * factor));
  return {
    scale,
    x: camera.x + px / camera.scale - px / scale,
    y: camera.y + py / camera.scale - py / scale,
  };
}

export function panBy(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale };
}

/** Between two cameras; scale moves evenly to the eye, which is in its logarithm. */
export function between(a: Camera, b: Camera, t: number): Camera {
  const scale = a.scale * (b.scale / a.scale) ** t;
  // What share of the way the corner has gone follows from the scale, so a zoom keeps its fixed point.
  const share = a.scale === b.scale ? t : (1 / a.scale - 1 / scale) / (1 / a.scale - 1 / b.scale);
  return { scale, x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}
