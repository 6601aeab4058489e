/** Quotes. Pure. */
import { noise } from "../noise.ts";
import { between, css, hsl, mix, pick } from "../picture.ts";
import type { DrawKind, Shade } from "../picture.ts";
import { text, wrapText } from "../glyphs.ts";
import { group, line, path, rect } from "../svg.ts";

const SAYINGS: readonly string[] = [
  "Small steps still move you forward.",
  "Begin where you are. Use what you have.",
  "The sea is made of single drops.",
  "Make room for things that matter.",
  "Slow mornings make for bright days.",
  "Curiosity is a kind of courage.",
  "Rest is part of the work.",
  "Every map was once a blank page.",
  "Plant trees whose shade is for others.",
  "Say less, listen more, laugh often.",
];

/** A saying in large letters on a plain or softly coloured card. */
export const drawQuote: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [720, 720],
      [720, 900],
      [900, 600],
      [640, 640],
    ] as const
  )[index % 4]!;
  const hue = random.int(360);
  const isDark = index % 3 === 1;
  const low = hsl(hue, 0.45, isDark ? 0.16 : 0.86);
  const high = hsl(hue + 40, 0.5, isDark ? 0.3 : 0.94);
  const shift = random.next();
  const ground: Shade = (u, v) => mix(low, high, (u + v) / 2 + (noise(u * 0.3 + shift, v * 0.3) - 0.5) * 0.4);
  const ink = css(hsl(hue + 10, 0.35, isDark ? 0.94 : 0.16));
  const accent = css(hsl(hue + 180, 0.55, isDark ? 0.66 : 0.44));
  const size = width * between(random, 0.05, 0.062);
  const lines = wrapText(SAYINGS[index % SAYINGS.length]!, size, width * 0.72);
  const leading = size * 1.9;
  const top = height / 2 - ((lines.length - 1) * leading) / 2 + size / 2;
  const isCentred = index % 3 !== 1;
  const x = isCentred ? width / 2 : width * 0.14;
  const anchor = isCentred ? "middle" : "start";
  let drawing = "";
  if (index % 4 < 2)
    drawing += rect(width * 0.05, height * 0.05, width * 0.9, height * 0.9, "none", {
      stroke: accent,
      "stroke-width": 4,
    });
  const mark = "M0 0C0 -16 8 -26 20 -28L22 -22C14 -19 12 -14 12 -10A10 10 0 1 1 0 0Z";
  drawing += group(
    `translate(${isCentred ? x - size * 1.1 : x} ${top - leading * 1.15}) scale(${size / 22})`,
    path(mark, accent) + path(mark, accent, { transform: "translate(27 0)" }),
  );
  lines.forEach((words, i) => {
    drawing += text(x, top + i * leading, words, { size, color: ink, weight: 0.15, anchor });
  });
  const below = top + lines.length * leading;
  const ruleLeft = isCentred ? width / 2 - width * 0.08 : x;
  drawing += line(ruleLeft, below - size * 0.6, ruleLeft + width * 0.16, below - size * 0.6, accent, 4);
  drawing += text(
    x,
    below + size * 0.9,
    pick(random, ["Unknown", "A note to self", "From a friend", "Old proverb"]),
    { size: size * 0.5, color: accent, anchor },
  );
  return { width, height, ground, drawing, grain: 0 };
};
