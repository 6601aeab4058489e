/** Screenshots of phones. Pure. */
import { css, hsl, pick } from "../picture.ts";
import type { DrawKind } from "../picture.ts";
import { shuffled } from "../../core/random.ts";
import { text, textWidth, wrapText } from "../glyphs.ts";
import { circle, rect } from "../svg.ts";
import { themeOf } from "./screen-theme.ts";

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

/** A tall phone screen: a chat, a list of settings, or a mailbox. */
export const drawPhoneScreen: DrawKind = (random, index) => {
  const [width, height] = (
    [
      [540, 1170],
      [540, 1080],
      [480, 1040],
    ] as const
  )[index % 3]!;
  const theme = themeOf(random);
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
  const layout = index % 3;
  if (layout === 0) {
    const friend = pick(random, NAMES);
    drawing +=
      circle(52, title - 8, 24, theme.accent) +
      text(52, title, friend[0]!, { size: 18, color: "white", anchor: "middle", weight: 0.17 });
    drawing += text(92, title - 4, friend, { size: 18, color: theme.ink, weight: 0.17 });
    let y = height * 0.17;
    shuffled(MESSAGES, random)
      .slice(0, 10)
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
