/** Screenshots of phones and desktops, icons and patterns: pictures that no lens has seen. Pure. */
import { between, css, hsl, mix, pick } from "../picture.ts";
import type { DrawKind, Rgb } from "../picture.ts";
import type { Random } from "../../core/random.ts";
import { shuffled } from "../../core/random.ts";
import { text, textWidth, wrapText } from "../glyphs.ts";
import { circle, ellipse, group, line, linearGradient, path, polyline, rect } from "../svg.ts";
import type { Point } from "../svg.ts";

const MESSAGES = [
  "Are you coming tonight?",
  "Yes, at eight",
  "I will bring the cake",
  "Great, see you there!",
  "Did you find the keys?",
  "On my way",
  "The train is late again",
  "No worries, take your time",
  "Photos look lovely",
  "Call me when you can",
  "Lunch tomorrow?",
  "Sounds good to me",
];
const NAMES = ["Anna", "Ben", "Carla", "David", "Elif", "Finn", "Grace", "Hugo"];
const SETTINGS = [
  "Network",
  "Bluetooth",
  "Sounds",
  "Display",
  "Battery",
  "Storage",
  "Privacy",
  "Accounts",
  "Language",
  "About this phone",
  "Notifications",
  "Wallpaper",
];

interface Theme {
  readonly back: string;
  readonly card: string;
  readonly ink: string;
  readonly faint: string;
  readonly accent: string;
}

function themeOf(random: Random, isDark: boolean): Theme {
  const hue = random.int(360);
  return isDark
    ? {
        back: "rgb(18,18,22)",
        card: "rgb(38,39,46)",
        ink: "rgb(236,236,240)",
        faint: "rgb(140,142,152)",
        accent: css(hsl(hue, 0.6, 0.56)),
      }
    : {
        back: "rgb(244,245,248)",
        card: "rgb(255,255,255)",
        ink: "rgb(28,30,36)",
        faint: "rgb(140,144,154)",
        accent: css(hsl(hue, 0.66, 0.5)),
      };
}

/** A tall phone screen: a chat, a list of settings, a month, or a feed. */
export const drawPhoneScreen: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [540, 1170],
      [540, 1080],
      [480, 1040],
    ] as const
  )[index % 3]!;
  const theme = themeOf(random, index % 3 === 2);
  const title = height * 0.105;
  let drawing =
    rect(0, 0, width, height, theme.back) +
    rect(0, 0, width, height * 0.13, theme.card) +
    text(24, 36, `${9 + random.int(3)}:${10 + random.int(49)}`, {
      size: 15,
      color: theme.ink,
      weight: 0.17,
    }) +
    rect(width - 60, 20, 34, 17, "none", { stroke: theme.ink, "stroke-width": 2, rx: 4 }) +
    rect(width - 57, 23, 8 + random.int(20), 11, theme.ink) +
    [0, 1, 2, 3].map((i) => rect(width - 100 + i * 8, 34 - i * 4, 5, 4 + i * 4, theme.ink)).join("");
  const layout = index % 4;
  if (layout === 0) {
    drawing +=
      circle(52, title - 8, 24, theme.accent) +
      text(52, title, pick(random, NAMES)[0]!, { size: 18, color: "white", anchor: "middle", weight: 0.17 });
    drawing += text(92, title - 4, pick(random, NAMES), { size: 18, color: theme.ink, weight: 0.17 });
    let y = height * 0.17;
    shuffled(MESSAGES, random)
      .slice(0, 8)
      .forEach((message, i) => {
        const isMine = (i + random.int(2)) % 2 === 0;
        const lines = wrapText(message, 15, width * 0.5);
        const w = Math.max(...lines.map((words) => textWidth(words, 15))) + 44;
        const h = lines.length * 32 + 24;
        const x = isMine ? width - w - 18 : 18;
        drawing += rect(x, y, w, h, isMine ? theme.accent : theme.card, { rx: 22 });
        lines.forEach((words, j) => {
          drawing += text(x + 22, y + 34 + j * 32, words, { size: 15, color: isMine ? "white" : theme.ink });
        });
        y += h + 16 + random.int(18);
      });
    drawing +=
      rect(18, height - 92, width - 100, 56, theme.card, { rx: 28 }) +
      text(44, height - 56, "Message", { size: 14, color: theme.faint }) +
      circle(width - 44, height - 64, 28, theme.accent);
  } else if (layout === 1) {
    drawing += text(24, title + 4, "Settings", { size: 24, color: theme.ink, weight: 0.17 });
    const rowHeight = (height * 0.8) / 11;
    shuffled(SETTINGS, random)
      .slice(0, 11)
      .forEach((setting, i) => {
        const y = height * 0.15 + i * rowHeight;
        drawing +=
          rect(0, y, width, rowHeight - 3, theme.card) +
          rect(
            24,
            y + rowHeight * 0.22,
            rowHeight * 0.5,
            rowHeight * 0.5,
            css(hsl(random.int(360), 0.6, 0.55)),
            { rx: 10 },
          );
        drawing += text(90, y + rowHeight * 0.56, setting, { size: 15, color: theme.ink });
        if (random.next() < 0.5) {
          const isOn = random.next() < 0.6;
          drawing +=
            rect(width - 84, y + rowHeight * 0.3, 58, 30, isOn ? theme.accent : theme.faint, { rx: 15 }) +
            circle(width - (isOn ? 41 : 69), y + rowHeight * 0.3 + 15, 12, "white");
        } else drawing += text(width - 36, y + rowHeight * 0.56, ">", { size: 15, color: theme.faint });
      });
  } else if (layout === 2) {
    drawing += text(24, title + 4, pick(random, ["May 2024", "June 2024", "October 2024"]), {
      size: 24,
      color: theme.ink,
      weight: 0.17,
    });
    const cell = (width - 32) / 7;
    const first = random.int(7);
    for (let i = 0; i < 7; i++)
      drawing += text(16 + (i + 0.5) * cell, height * 0.18, "MTWTFSS"[i]!, {
        size: 13,
        color: theme.faint,
        anchor: "middle",
      });
    for (let day = 1; day <= 30; day++) {
      const at = day - 1 + first;
      const x = 16 + ((at % 7) + 0.5) * cell;
      const y = height * 0.23 + Math.floor(at / 7) * cell;
      if (random.next() < 0.12) drawing += circle(x, y - 6, cell * 0.4, theme.accent);
      drawing += text(x, y, String(day), { size: 14, color: theme.ink, anchor: "middle" });
    }
    for (let i = 0; i < 5; i++) {
      const y = height * 0.62 + i * height * 0.072;
      drawing +=
        rect(18, y, width - 36, height * 0.062, theme.card, { rx: 12 }) +
        rect(18, y, 8, height * 0.062, css(hsl(random.int(360), 0.6, 0.55)));
      drawing += text(
        44,
        y + height * 0.038,
        `${9 + i * 2}:00  ${pick(random, ["Meeting", "Dentist", "Gym", "Lunch", "Call home"])}`,
        { size: 14, color: theme.ink },
      );
    }
  } else {
    drawing += text(24, title + 4, pick(random, ["Mail", "Inbox", "News"]), {
      size: 24,
      color: theme.ink,
      weight: 0.17,
    });
    for (let i = 0; i < 8; i++) {
      const y = height * 0.145 + i * height * 0.104;
      drawing +=
        rect(0, y, width, height * 0.1, theme.card) +
        circle(50, y + height * 0.05, 27, css(hsl(random.int(360), 0.5, 0.55))) +
        text(50, y + height * 0.05 + 8, NAMES[i]![0]!, {
          size: 16,
          color: "white",
          anchor: "middle",
          weight: 0.17,
        });
      drawing +=
        text(96, y + height * 0.036, NAMES[i]!, { size: 15, color: theme.ink, weight: 0.18 }) +
        text(96, y + height * 0.07, pick(random, MESSAGES), { size: 12, color: theme.faint }) +
        text(width - 20, y + height * 0.034, `${1 + random.int(12)}:${10 + random.int(49)}`, {
          size: 11,
          color: theme.faint,
          anchor: "end",
        });
    }
  }
  drawing += rect(width * 0.34, height - 16, width * 0.32, 6, theme.ink, { rx: 3 });
  return { width, height, ground: [255, 255, 255], drawing, grain: 0 };
};

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

function sentence(random: Random, count: number): string {
  return Array.from({ length: count }, () => pick(random, WORDS)).join(" ");
}

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
  const theme = themeOf(random, layout === 1);
  const bar = 44;
  let drawing =
    rect(0, 0, width, height, theme.back) +
    rect(0, 0, width, bar, layout === 1 ? "rgb(50,51,58)" : "rgb(222,225,230)");
  ["rgb(236,96,86)", "rgb(244,190,80)", "rgb(98,196,86)"].forEach((color, i) => {
    drawing += circle(24 + i * 24, bar / 2, 8, color);
  });
  if (layout === 0) {
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
    wrapText(`A ${sentence(random, 8)}`, 18, width * 0.58)
      .slice(0, 1)
      .forEach((words) => {
        drawing += text(50, 140 + height * 0.42, words, { size: 18, color: theme.ink, weight: 0.18 });
      });
    wrapText(sentence(random, 44), 10, width * 0.6)
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
      wrapText(sentence(random, 7), 10, width * 0.17)
        .slice(0, 3)
        .forEach((words, j) => {
          drawing += text(width * 0.69 + 90, y + 34 + j * 24, words, { size: 10, color: theme.ink });
        });
    }
  } else if (layout === 1) {
    const colors = [
      "rgb(198,146,234)",
      "rgb(130,170,255)",
      "rgb(195,232,141)",
      "rgb(247,140,108)",
      "rgb(200,206,220)",
    ];
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
    drawing += rect(0, bar, width * 0.18, height, "rgb(28,29,35)");
    for (let i = 0; i < 14; i++)
      drawing += text(24 + (i % 3) * 12, bar + 40 + i * 28, `${pick(random, WORDS)}.ts`, {
        size: 9.5,
        color: "rgb(150,154,168)",
      });
    for (let i = 0; i * 25 < height - bar - 40; i++) {
      const y = bar + 36 + i * 25;
      drawing += text(width * 0.22, y, String(i + 1), { size: 9.5, color: "rgb(90,94,108)", anchor: "end" });
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

/** White signs on a canvas of 100 by 100. */
const SIGNS: readonly string[] = [
  path("M50 80C20 60 14 46 14 36A18 18 0 0 1 50 32A18 18 0 0 1 86 36C86 46 80 60 50 80Z", "white"),
  path("M50 14L60 40L88 42L66 59L74 86L50 70L26 86L34 59L12 42L40 40Z", "white"),
  path("M14 28H86V74H14Z", "white") +
    path("M14 28L50 56L86 28", "none", { stroke: "black", "stroke-opacity": 0.35, "stroke-width": 5 }),
  path("M50 16L86 48H76V82H58V60H42V82H24V48H14Z", "white"),
  path("M50 14C34 14 28 28 28 44C28 60 20 66 18 72H82C80 66 72 60 72 44C72 28 66 14 50 14Z", "white") +
    circle(50, 80, 8, "white"),
  path("M16 32H34L40 22H60L66 32H84V78H16Z", "white") +
    circle(50, 54, 15, "rgba(0,0,0,.4)") +
    circle(50, 54, 9, "white"),
  path("M40 20L78 14V64A11 9 0 1 1 70 56V30L48 34V72A11 9 0 1 1 40 64Z", "white"),
  path("M30 74A18 18 0 0 1 30 40A24 24 0 0 1 74 38A18 18 0 0 1 74 74Z", "white"),
  rect(24, 44, 52, 40, "white", { rx: 8 }) +
    path("M34 44V34A16 16 0 0 1 66 34V44", "none", { stroke: "white", "stroke-width": 8 }),
  path("M20 24H80V66H48L32 82V66H20Z", "white"),
  circle(44, 44, 24, "none", { stroke: "white", "stroke-width": 9 }) +
    line(62, 62, 84, 84, "white", 10, { "stroke-linecap": "round" }),
  path("M34 20L80 50L34 80Z", "white"),
];

/** One sign on a rounded, shaded square, as on a home screen. */
export const drawIcon: DrawKind = (random, index) => {
  const side = [512, 400, 256, 360][index % 4]!;
  const hue = random.int(360);
  const top = css(hsl(hue, 0.75, 0.62));
  const bottom = css(hsl(hue + 30, 0.8, 0.42));
  const margin = side * 0.11;
  const inner = side - 2 * margin;
  const isRound = index % 4 === 1;
  const drawing =
    linearGradient("face", [
      [0, top],
      [1, bottom],
    ]) +
    rect(margin, margin + side * 0.02, inner, inner, "rgba(0,0,0,.18)", {
      rx: isRound ? inner / 2 : inner * 0.22,
    }) +
    rect(margin, margin, inner, inner, "url(#face)", { rx: isRound ? inner / 2 : inner * 0.22 }) +
    group(
      `translate(${side * 0.24} ${side * 0.24}) scale(${(side * 0.52) / 100})`,
      SIGNS[(index * 5) % SIGNS.length]!,
    );
  return {
    width: side,
    height: side,
    ground: index % 3 === 2 ? [236, 238, 242] : [255, 255, 255],
    drawing,
    grain: 0,
  };
};

/** A motif repeated from edge to edge. */
export const drawPattern: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [640, 640],
      [800, 600],
      [600, 800],
      [512, 512],
    ] as const
  )[index % 4]!;
  const hue = random.int(360);
  const colors: readonly Rgb[] = [
    hsl(hue, 0.55, 0.86),
    hsl(hue + 20, 0.62, 0.52),
    hsl(hue + 160, 0.55, 0.42),
    hsl(hue + 190, 0.6, 0.7),
  ];
  const tone = (i: number) => css(colors[i % colors.length]!);
  const step = between(random, 44, 74);
  let drawing = "";
  const layout = index % 8;
  /** from row to row; hexagons and scales overlap the row above */
  const rise = step * (layout === 3 ? 0.87 : layout === 4 ? 0.5 : 1);
  for (let row = -1; row * rise < height + step; row++)
    for (let column = -1; column * step < width + step; column++) {
      const x = column * step;
      const y = row * rise;
      const isOdd = (row + column) % 2 !== 0;
      if (layout === 0) drawing += circle(x + (row % 2 ? step / 2 : 0), y, step * 0.3, tone(isOdd ? 1 : 2));
      else if (layout === 1)
        drawing += path(`M${x} ${y}L${x + step / 2} ${y + step / 2}L${x + step} ${y}`, "none", {
          stroke: tone(1 + (Math.abs(row) % 3)),
          "stroke-width": step * 0.32,
        });
      else if (layout === 2)
        drawing +=
          rect(x, y, step + 0.5, step + 0.5, tone(isOdd ? 1 : 0)) +
          path(`M${x} ${y}h${step}L${x} ${y + step}z`, tone(isOdd ? 2 : 3));
      else if (layout === 3) {
        const cx = x + (row % 2 ? step / 2 : 0);
        const cy = y;
        const points: Point[] = [0, 1, 2, 3, 4, 5].map((i): Point => [
          cx + Math.sin((i * Math.PI) / 3) * step * 0.55,
          cy + Math.cos((i * Math.PI) / 3) * step * 0.55,
        ]);
        drawing += path(`${polyline(points)}Z`, tone((Math.abs(column) + Math.abs(row) * 2) % 3), {
          stroke: css(mix(colors[0]!, [255, 255, 255], 0.6)),
          "stroke-width": 4,
        });
      } else if (layout === 4) {
        const cx = x + (row % 2 ? step / 2 : 0);
        for (let i = 3; i > 0; i--) drawing += circle(cx, y, (step / 2) * (i / 3), tone(i));
      } else if (layout === 5)
        drawing +=
          rect(x, y, step / 2, step * 1.01, tone(1), { opacity: 0.55 }) +
          rect(x, y, step * 1.01, step / 2, tone(2), { opacity: 0.55 });
      else if (layout === 6)
        drawing += path(`M${x} ${y}q${step / 4} ${-step / 2} ${step / 2} 0t${step / 2} 0`, "none", {
          stroke: tone(1 + (Math.abs(row) % 2)),
          "stroke-width": step * 0.22,
        });
      else
        drawing += group(
          `translate(${x} ${y})`,
          [0, 60, 120]
            .map((turn) =>
              ellipse(0, 0, step * 0.4, step * 0.12, tone(isOdd ? 1 : 2), { transform: `rotate(${turn})` }),
            )
            .join("") + circle(0, 0, step * 0.1, tone(0)),
        );
    }
  return { width, height, ground: colors[layout === 4 ? 1 : 0]!, drawing, grain: 0 };
};
