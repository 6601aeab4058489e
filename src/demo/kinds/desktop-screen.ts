/** Screenshots of desktops. Pure. */
import { css, hsl, pick } from "../picture.ts";
import type { DrawKind } from "../picture.ts";
import { shuffled } from "../../core/random.ts";
import type { Random } from "../../core/random.ts";
import { text, textWidth, wrapText } from "../glyphs.ts";
import { circle, line, path, rect } from "../svg.ts";
import { themeOf } from "./screen-theme.ts";

const WORDS = [
  "the",
  "garden",
  "opens",
  "at",
  "nine",
  "and",
  "visitors",
  "walk",
  "along",
  "quiet",
  "paths",
  "to",
  "a",
  "small",
  "pond",
  "where",
  "birds",
  "gather",
  "in",
  "spring",
  "with",
  "their",
  "young",
];

const SENTENCES: readonly string[] = [
  "The garden opens at nine and closes with the last light.",
  "Visitors walk along quiet paths to a small pond.",
  "In spring the birds gather here with their young.",
  "A new greenhouse will be finished before the summer.",
  "Volunteers have planted four hundred trees so far.",
  "Children may feed the goats on Sunday mornings.",
  "The tea house serves bread from the village oven.",
  "Roses bloom early this year, says the head gardener.",
];

/** A wide desktop: a page in a browser, source code, a spreadsheet, or a wall of files. */
export const drawDesktopScreen: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [1120, 700],
      [1024, 640],
      [1200, 675],
    ] as const
  )[index % 3]!;
  const layout = index % 4;
  const theme = themeOf(random);
  const bar = 44;
  let drawing = rect(0, 0, width, height, theme.back) + rect(0, 0, width, bar, "rgb(222,225,230)");
  ["rgb(236,96,86)", "rgb(244,190,80)", "rgb(98,196,86)"].forEach((color, i) => {
    drawing += circle(24 + i * 24, bar / 2, 8, color);
  });
  if (layout === 0) {
    const article = shuffled(SENTENCES, random);
    drawing +=
      rect(150, 9, width - 320, 26, "white", { rx: 13 }) +
      text(170, 27, "www.example.org/garden", { size: 10, color: theme.faint });
    drawing +=
      rect(0, bar, width, 70, theme.card) +
      text(50, bar + 44, "Garden News", { size: 20, color: theme.accent, weight: 0.2 });
    ["Home", "Visit", "Plants", "About"].forEach((word, i) => {
      drawing += text(width - 400 + i * 95, bar + 42, word, { size: 12, color: theme.ink });
    });
    drawing +=
      rect(50, 140, width * 0.6, height * 0.34, theme.accent, { opacity: 0.25 }) +
      circle(50 + width * 0.45, 140 + height * 0.12, 34, theme.accent) +
      path(
        `M50 ${140 + height * 0.34}l${width * 0.2} ${-height * 0.2}l${width * 0.14} ${height * 0.12}l${width * 0.1} ${-height * 0.08}l${width * 0.16} ${height * 0.16}z`,
        theme.accent,
        { opacity: 0.6 },
      );
    drawing += text(50, 140 + height * 0.42, article[0]!, { size: 13, color: theme.ink, weight: 0.2 });
    wrapText(article.join(" "), 10, width * 0.6)
      .slice(0, 6)
      .forEach((words, i) => {
        drawing += text(50, 140 + height * 0.48 + i * 24, words, { size: 10, color: theme.ink });
      });
    for (let i = 0; i < 4; i++) {
      const y = 140 + i * height * 0.19;
      drawing +=
        rect(width * 0.68, y, width * 0.27, height * 0.16, theme.card, {
          stroke: "rgb(220,222,228)",
          "stroke-width": 2,
        }) + rect(width * 0.69, y + 12, 74, height * 0.16 - 24, css(hsl(random.int(360), 0.4, 0.7)));
      wrapText(article[i + 1]!, 10, width * 0.155)
        .slice(0, 3)
        .forEach((words, j) => {
          drawing += text(width * 0.69 + 90, y + 34 + j * 24, words, { size: 10, color: theme.ink });
        });
    }
  } else if (layout === 1) {
    const colors = ["rgb(140,60,170)", "rgb(30,90,200)", "rgb(40,130,50)", "rgb(190,80,30)", "rgb(50,54,64)"];
    const pieces = [
      "const",
      "total",
      "=",
      "items.map",
      "(item)",
      "return",
      "if",
      "(count > 0)",
      "value",
      "+ 1",
      "await",
      "read(file)",
      "'done'",
      "for",
      "export",
    ];
    drawing += rect(0, bar, width * 0.18, height, "rgb(232,234,239)");
    for (let i = 0; i < 14; i++)
      drawing += text(24 + (i % 3) * 12, bar + 40 + i * 28, `${pick(random, WORDS)}.ts`, {
        size: 9.5,
        color: "rgb(90,94,108)",
      });
    for (let i = 0; i * 25 < height - bar - 40; i++) {
      const y = bar + 36 + i * 25;
      drawing += text(width * 0.22, y, String(i + 1), {
        size: 9.5,
        color: "rgb(160,164,174)",
        anchor: "end",
      });
      let x = width * 0.24 + [0, 1, 1, 2, 2, 1][i % 6]! * 30;
      const count = i % 6 === 5 ? 0 : 2 + random.int(4);
      for (let j = 0; j < count; j++) {
        const piece = pick(random, pieces);
        drawing += text(x, y, piece, { size: 10, color: pick(random, colors) });
        x += textWidth(piece, 10) + 14;
      }
    }
  } else if (layout === 2) {
    drawing +=
      rect(0, bar, width, 56, theme.card) +
      text(30, bar + 34, "Budget 2024", { size: 14, color: theme.ink, weight: 0.17 });
    const columns = 8;
    const cellWidth = (width - 50) / columns;
    const top = bar + 56;
    for (let row = 0; row * 30 < height - top; row++) {
      const y = top + row * 30;
      if (row === 0) drawing += rect(0, y, width, 30, "rgb(232,236,240)");
      drawing +=
        line(0, y, width, y, "rgb(208,212,218)", 1) +
        (row ? text(25, y + 20, String(row), { size: 9, color: theme.faint, anchor: "middle" }) : "");
      for (let column = 0; column < columns; column++) {
        const x = 50 + column * cellWidth;
        if (row === 0)
          drawing += text(x + cellWidth / 2, y + 20, "ABCDEFGH"[column]!, {
            size: 9,
            color: theme.faint,
            anchor: "middle",
          });
        else if (column === 0)
          drawing += text(x + 10, y + 20, pick(random, WORDS), { size: 10, color: theme.ink });
        else if (random.next() < 0.8) {
          if (random.next() < 0.08) drawing += rect(x, y, cellWidth, 30, theme.accent, { opacity: 0.25 });
          drawing += text(x + cellWidth - 10, y + 20, money(random), {
            size: 10,
            color: theme.ink,
            anchor: "end",
          });
        }
      }
    }
    for (let column = 0; column < columns; column++)
      drawing += line(50 + column * cellWidth, top, 50 + column * cellWidth, height, "rgb(208,212,218)", 1);
  } else {
    drawing += rect(0, bar, width * 0.2, height, "rgb(232,234,239)");
    ["Home", "Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos"].forEach((word, i) => {
      if (i === 3)
        drawing += rect(10, bar + 16 + i * 44, width * 0.2 - 20, 36, theme.accent, { opacity: 0.3, rx: 8 });
      drawing += text(34, bar + 40 + i * 44, word, { size: 12, color: theme.ink });
    });
    for (let row = 0; row < 4; row++)
      for (let column = 0; column < 6; column++) {
        const x = width * 0.24 + column * width * 0.125;
        const y = bar + 34 + row * height * 0.225;
        const folder = random.next() < 0.6;
        drawing += folder
          ? path(`M${x} ${y}h30l10 12h44v52h-84z`, theme.accent)
          : path(`M${x + 14} ${y - 6}h38l18 18v56h-56z`, "white", { stroke: theme.faint, "stroke-width": 2 });
        drawing += text(x + 42, y + 92, pick(random, WORDS), {
          size: 10,
          color: theme.ink,
          anchor: "middle",
        });
      }
  }
  return { width, height, ground: [255, 255, 255], drawing, grain: 0 };
};

function money(random: Random): string {
  return `${10 + random.int(990)}.${String(random.int(100)).padStart(2, "0")}`;
}
