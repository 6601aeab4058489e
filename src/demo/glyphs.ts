/** A small single-stroke alphabet of this project's own, since a bare machine has no fonts. Pure. */

/** Capitals stand from y = 0 to the baseline at y = 6, small letters start at y = 2.1, tails reach y = 7.8. */
const CAP_HEIGHT = 6;
const GAP = 1.3;

const BOWL = "M3 4A1.5 1.9 0 1 1 0 4A1.5 1.9 0 1 1 3 4";

/** width of the letter and its strokes, as SVG path data in the units above */
const GLYPHS: Readonly<Record<string, readonly [number, string]>> = {
  A: [4, "M0 6L2 0L4 6M.8 4H3.2"],
  B: [3.9, "M0 0V6H2.3A1.6 1.6 0 0 0 2.3 2.8H0M2.2 2.8A1.4 1.4 0 0 0 2.2 0H0"],
  C: [4.2, "M4.2 1.1A2.4 3 0 1 0 4.2 4.9"],
  D: [4, "M0 0V6H1.4A2.6 3 0 0 0 1.4 0Z"],
  E: [3.5, "M3.5 0H0V6H3.5M0 3H2.8"],
  F: [3.4, "M3.4 0H0V6M0 3H2.7"],
  G: [4.3, "M4.1 1.1A2.4 3 0 1 0 4.3 4.7V3.3H2.5"],
  H: [4, "M0 0V6M4 0V6M0 3H4"],
  I: [0.6, "M.3 0V6"],
  J: [2.6, "M2.6 0V4.4A1.3 1.6 0 0 1 0 4.4"],
  K: [4, "M0 0V6M3.8 0L0 3.6M1.3 2.5L4 6"],
  L: [3.3, "M0 0V6H3.3"],
  M: [4.8, "M0 6V0L2.4 4L4.8 0V6"],
  N: [4, "M0 6V0L4 6V0"],
  O: [4.6, "M2.3 0A2.3 3 0 1 0 2.3 6A2.3 3 0 1 0 2.3 0Z"],
  P: [3.9, "M0 6V0H2.2A1.7 1.7 0 0 1 2.2 3.4H0"],
  Q: [4.6, "M2.3 0A2.3 3 0 1 0 2.3 6A2.3 3 0 1 0 2.3 0ZM2.8 4.4L4.4 6.4"],
  R: [3.9, "M0 6V0H2.2A1.7 1.7 0 0 1 2.2 3.4H0M2 3.4L3.9 6"],
  S: [3.8, "M3.6 1.1C3.2 .3 2.6 0 1.9 0C-.5 0 -.4 2.6 1.9 2.95C4.4 3.3 4.4 6 1.9 6C1 6 .3 5.6 0 4.8"],
  T: [4, "M0 0H4M2 0V6"],
  U: [4, "M0 0V3.9A2 2.1 0 0 0 4 3.9V0"],
  V: [4, "M0 0L2 6L4 0"],
  W: [5.6, "M0 0L1.4 6L2.8 1L4.2 6L5.6 0"],
  X: [4, "M0 0L4 6M4 0L0 6"],
  Y: [4, "M0 0L2 3V6M4 0L2 3"],
  Z: [4, "M0 0H4L0 6H4"],
  a: [3, `M3 2.1V6${BOWL}`],
  b: [3, `M0 0V6${BOWL}`],
  c: [2.9, "M2.9 2.9A1.6 1.9 0 1 0 2.9 5.1"],
  d: [3, `M3 0V6${BOWL}`],
  e: [3, "M0 3.9H3A1.5 1.9 0 1 0 2.6 5.2"],
  f: [2.1, "M2.1 .2C1.2 -.2 .8 .6 .8 1.4V6M0 2.3H2"],
  g: [3, `M3 2.1V6.3C3 8 1 8.2 .2 7.2${BOWL}`],
  h: [2.8, "M0 0V6M0 3.6A1.4 1.5 0 0 1 2.8 3.6V6"],
  i: [0.6, "M.3 2.2V6M.3 .6V.9"],
  j: [1.2, "M1.2 2.2V6.6A1 1.1 0 0 1 0 7.6M1.2 .6V.9"],
  k: [2.8, "M0 0V6M2.7 2.2L0 4.6M1 3.7L2.8 6"],
  l: [0.6, "M.3 0V6"],
  m: [4.4, "M0 2.2V6M0 3.5A1.1 1.4 0 0 1 2.2 3.5V6M2.2 3.5A1.1 1.4 0 0 1 4.4 3.5V6"],
  n: [2.8, "M0 2.2V6M0 3.6A1.4 1.5 0 0 1 2.8 3.6V6"],
  o: [3.1, "M1.55 2.1A1.55 1.95 0 1 0 1.55 6A1.55 1.95 0 1 0 1.55 2.1Z"],
  p: [3, `M0 2.1V7.8${BOWL}`],
  q: [3, `M3 2.1V7.8${BOWL}`],
  r: [2, "M0 2.2V6M0 3.7A1.5 1.6 0 0 1 2 2.3"],
  s: [2.6, "M2.5 2.8C1.8 1.9 .1 1.9 .1 3.1C.1 4.4 2.6 3.7 2.6 5C2.6 6.3 .6 6.2 0 5.2"],
  t: [2.2, "M.9 .8V4.9C.9 5.9 1.6 6.1 2.2 5.8M0 2.3H2"],
  u: [2.8, "M0 2.2V4.5A1.4 1.5 0 0 0 2.8 4.5M2.8 2.2V6"],
  v: [3, "M0 2.2L1.5 6L3 2.2"],
  w: [4.4, "M0 2.2L1.1 6L2.2 2.6L3.3 6L4.4 2.2"],
  x: [2.8, "M0 2.2L2.8 6M2.8 2.2L0 6"],
  y: [3, "M0 2.2L1.5 6M3 2.2L1.3 6.5C1 7.4 .6 7.8 0 7.7"],
  z: [2.7, "M0 2.2H2.7L0 6H2.7"],
  "0": [3.4, "M1.7 0A1.7 3 0 1 0 1.7 6A1.7 3 0 1 0 1.7 0Z"],
  "1": [2, "M.1 1.5L1.6 0V6"],
  "2": [3.4, "M.1 1.4C.5 -.4 3.3 -.4 3.3 1.7C3.3 3.2 1 4.4 0 6H3.4"],
  "3": [
    3.4,
    "M.1 .9C.8 -.4 3.2 -.2 3.2 1.5C3.2 2.6 2.3 2.9 1.4 2.9C2.4 2.9 3.4 3.3 3.4 4.4C3.4 6.4 .5 6.5 0 4.9",
  ],
  "4": [3.6, "M2.7 6V0L0 4.2H3.6"],
  "5": [3.4, "M3.2 0H.6L.3 2.7C1.2 1.9 3.4 2 3.4 4C3.4 6.4 .6 6.5 0 5.1"],
  "6": [3.4, "M2.9 .1C1.2 .4 0 2.2 0 4A1.7 2 0 1 0 .2 3.2"],
  "7": [3.4, "M0 0H3.4L1.2 6"],
  "8": [3.4, "M1.7 2.8A1.4 1.4 0 1 1 1.71 2.8A1.7 1.6 0 1 1 1.7 2.8"],
  "9": [3.4, "M.5 5.9C2.2 5.6 3.4 3.8 3.4 2A1.7 2 0 1 0 3.2 2.8"],
  ".": [0.6, "M.3 5.8V6"],
  ",": [0.8, "M.6 5.7L.2 6.9"],
  ":": [0.6, "M.3 2.9V3.1M.3 5.8V6"],
  ";": [0.8, "M.5 2.9V3.1M.6 5.7L.2 6.9"],
  "!": [0.6, "M.3 0V4.2M.3 5.8V6"],
  "?": [3, "M0 1.4C.3 -.4 3 -.4 3 1.5C3 2.8 1.5 2.9 1.5 4.3M1.5 5.8V6"],
  "'": [0.6, "M.3 0V1.4"],
  '"': [1.4, "M.2 0V1.4M1.2 0V1.4"],
  "-": [2.2, "M.1 3.6H2.1"],
  "+": [3, "M0 3.4H3M1.5 1.9V4.9"],
  "=": [3, "M0 2.8H3M0 4.2H3"],
  "/": [2.6, "M0 6.4L2.6 -.2"],
  "(": [1.3, "M1.3 -.3C-.4 1.6 -.4 4.8 1.3 6.7"],
  ")": [1.3, "M0 -.3C1.7 1.6 1.7 4.8 0 6.7"],
  "%": [4, "M.3 6L3.7 0M.9 0A.8 1.1 0 1 0 .91 0M3.1 3.8A.8 1.1 0 1 0 3.11 3.8"],
  "#": [3.6, "M1.2 0L.8 6M2.8 0L2.4 6M.2 1.9H3.6M0 4.1H3.4"],
  "*": [2.4, "M1.2 .4V3.2M0 1.1L2.4 2.5M2.4 1.1L0 2.5"],
  "@": [4.8, "M3.4 2V4C3.4 5 4.8 4.8 4.8 3A2.4 2.9 0 1 0 3.4 5.6M3.4 3A1 1.2 0 1 0 3.4 3.6"],
  $: [3.8, "M3.6 1.1C2.6 -.6 .2 0 .2 1.5C.2 3.6 3.8 2.4 3.8 4.5C3.8 6.3 .8 6.4 0 4.8M1.9 -.8V6.8"],
  "<": [2.6, "M2.6 1.4L0 3.5L2.6 5.6"],
  ">": [2.6, "M0 1.4L2.6 3.5L0 5.6"],
  "{": [1.8, "M1.8 -.3C.4 -.3 1.4 3.2 0 3.2C1.4 3.2 .4 6.7 1.8 6.7"],
  "}": [1.8, "M0 -.3C1.4 -.3 .4 3.2 1.8 3.2C.4 3.2 1.4 6.7 0 6.7"],
  _: [3, "M0 6.6H3"],
};
const SPACE_WIDTH = 1.6;

export interface TextStyle {
  /** height of capitals, px */
  readonly size: number;
  readonly color: string;
  /** stroke width over capital height; .1 is thin, .25 bold. Default .13 */
  readonly weight?: number;
  readonly anchor?: "start" | "middle" | "end";
}

/** The width in px of a line of text whose capitals are `size` px high. Unknown letters throw. */
export function textWidth(text: string, size: number): number {
  let units = 0;
  for (const letter of text) units += advanceOf(letter) + GAP;
  return (Math.max(0, units - GAP) * size) / CAP_HEIGHT;
}

function advanceOf(letter: string): number {
  if (letter === " ") return SPACE_WIDTH;
  const glyph = GLYPHS[letter];
  if (!glyph) throw new RangeError(`The demo alphabet has no ${JSON.stringify(letter)}.`);
  return glyph[0];
}

/** One line of text as SVG, its baseline at `y`. */
export function text(x: number, y: number, line: string, style: TextStyle): string {
  const scale = style.size / CAP_HEIGHT;
  const width = textWidth(line, style.size);
  const left = style.anchor === "middle" ? x - width / 2 : style.anchor === "end" ? x - width : x;
  let at = 0;
  let paths = "";
  for (const letter of line) {
    const glyph = GLYPHS[letter];
    if (glyph) paths += `<path transform="translate(${at.toFixed(2)})" d="${glyph[1]}"/>`;
    at += advanceOf(letter) + GAP;
  }
  const strokeWidth = ((style.weight ?? 0.13) * CAP_HEIGHT).toFixed(2);
  return (
    `<g transform="translate(${left.toFixed(1)} ${(y - style.size).toFixed(1)}) scale(${scale.toFixed(4)})" fill="none" ` +
    `stroke="${style.color}" stroke-width="${strokeWidth}" stroke-linecap="round" stroke-linejoin="round">${paths}</g>`
  );
}

/** Breaks at spaces so that no line is wider than `width` px; a longer word keeps a line of its own. */
export function wrapText(words: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line) lines.push(line);
  return lines;
}
