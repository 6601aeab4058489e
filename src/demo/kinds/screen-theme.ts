/** Colours of drawn user interfaces. Pure. */
import { css, hsl } from "../picture.ts";
import type { Random } from "../../core/random.ts";

export interface Theme {
  readonly back: string;
  readonly card: string;
  readonly ink: string;
  readonly faint: string;
  readonly accent: string;
}

/** One accent colour on light or dark. */
export function themeOf(random: Random, isDark: boolean): Theme {
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
