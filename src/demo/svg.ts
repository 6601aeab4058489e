/** SVG elements as strings, in pixels. Pure. */

type Attributes = Readonly<Record<string, string | number>>;

function attributes(given: Attributes): string {
  let out = "";
  for (const [name, value] of Object.entries(given))
    out += ` ${name}="${typeof value === "number" ? Math.round(value * 100) / 100 : value}"`;
  return out;
}

function element(name: string, given: Attributes, inner = ""): string {
  return inner ? `<${name}${attributes(given)}>${inner}</${name}>` : `<${name}${attributes(given)}/>`;
}

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
  more: Attributes = {},
): string {
  return element("rect", { x, y, width, height, fill, ...more });
}

export function circle(cx: number, cy: number, r: number, fill: string, more: Attributes = {}): string {
  return element("circle", { cx, cy, r, fill, ...more });
}

export function ellipse(
  cx: number,
  cy: number,
  rx: number,
  ry: number,
  fill: string,
  more: Attributes = {},
): string {
  return element("ellipse", { cx, cy, rx, ry, fill, ...more });
}

export function path(d: string, fill: string, more: Attributes = {}): string {
  return element("path", { d, fill, ...more });
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  width: number,
  more: Attributes = {},
): string {
  return element("line", { x1, y1, x2, y2, stroke, "stroke-width": width, ...more });
}

export function group(transform: string, inner: string, more: Attributes = {}): string {
  return element("g", { transform, ...more }, inner);
}

export type Point = readonly [x: number, y: number];

/** Path data through the points, straight between them. */
export function polyline(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}

/** Path data through the points, smooth (Catmull–Rom as cubic Béziers). */
export function curve(points: readonly Point[]): string {
  let d = `M${points[0]![0].toFixed(1)} ${points[0]![1].toFixed(1)}`;
  for (let i = 0; i + 1 < points.length; i++) {
    const before = points[Math.max(0, i - 1)]!;
    const from = points[i]!;
    const to = points[i + 1]!;
    const after = points[Math.min(points.length - 1, i + 2)]!;
    const controls = [
      from[0] + (to[0] - before[0]) / 6,
      from[1] + (to[1] - before[1]) / 6,
      to[0] - (after[0] - from[0]) / 6,
      to[1] - (after[1] - from[1]) / 6,
      to[0],
      to[1],
    ];
    d += `C${controls.map((c) => c.toFixed(1)).join(" ")}`;
  }
  return d;
}

/** `stops` from the centre outwards as [offset, colour]; use as `url(#id)`. */
export function radialGradient(
  id: string,
  stops: readonly (readonly [number, string])[],
  more: Attributes = {},
): string {
  return element("radialGradient", { id, ...more }, stopsOf(stops));
}

/** Top to bottom unless `more` says otherwise. */
export function linearGradient(
  id: string,
  stops: readonly (readonly [number, string])[],
  more: Attributes = {},
): string {
  return element("linearGradient", { id, x1: 0, y1: 0, x2: 0, y2: 1, ...more }, stopsOf(stops));
}

function stopsOf(stops: readonly (readonly [number, string])[]): string {
  return stops.map(([offset, color]) => element("stop", { offset, "stop-color": color })).join("");
}

export function blurFilter(id: string, deviation: number): string {
  return element(
    "filter",
    { id, x: "-20%", y: "-20%", width: "140%", height: "140%" },
    element("feGaussianBlur", { stdDeviation: deviation }),
  );
}
