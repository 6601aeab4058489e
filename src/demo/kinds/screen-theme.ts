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

/** Light grey and white with one accent colour. */
export function themeOf(random: Random): Theme {
  return {
    back: "rgb(244,245,248)",
    card: "rgb(255,255,255)",
    ink: "rgb(28,30,36)",
    faint: "rgb(140,144,154)",
    accent: css(hsl(random.int(360), 0.66, 0.5)),
  };
}
