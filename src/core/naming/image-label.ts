/** What one picture is called: by its caption, else by the word that stands out in it. Pure. */
import { titleCase } from "./wording.ts";

export interface ImageLabel {
  /** a caption, or a word in Title Case; "" when there is neither */
  readonly text: string;
  readonly source: "caption" | "concepts" | "none";
}

/** `tags`: best first, see `tagsOf`. */
export function labelOf(caption: string | null, tags: readonly string[]): ImageLabel {
  if (caption !== null && caption !== "") return { text: caption, source: "caption" };
  const best = tags[0];
  return best === undefined ? { text: "", source: "none" } : { text: titleCase(best), source: "concepts" };
}
