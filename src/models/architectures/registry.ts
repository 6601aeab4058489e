/** Every family of networks that Albumen can make graphs of. */
import { AlbumenError } from "../../errors.ts";
import { modelTypeOf, type Architecture } from "../convert.ts";
import { blip } from "./blip.ts";
import { clip } from "./clip.ts";
import { dinov2 } from "./dinov2.ts";
import { dinov3 } from "./dinov3.ts";
import { siglip } from "./siglip.ts";
import { vit } from "./vit.ts";

export const ARCHITECTURES: readonly Architecture[] = [clip, siglip, dinov2, dinov3, vit, blip];

/** Types that are near to a known one and yet cannot be read: what to do instead. */
const NEAR_MISSES: Readonly<Record<string, string>> = {
  siglip2:
    "SigLIP 2 NaFlex takes pictures of any shape; take one of a fixed resolution, such as google/siglip2-base-patch16-224.",
};

/** The one that a config.json is of. Errors: `MODEL_INCOMPATIBLE`, naming the known ones. */
export function architectureOf(config: unknown): Architecture {
  const type = modelTypeOf(config);
  const found = ARCHITECTURES.find(({ modelTypes }) => modelTypes.includes(type));
  if (found !== undefined) return found;
  const known = ARCHITECTURES.flatMap(({ modelTypes }) => modelTypes).sort();
  throw new AlbumenError("MODEL_INCOMPATIBLE", `Albumen cannot convert models of the type ${type}.`, {
    hint: NEAR_MISSES[type] ?? `It knows ${known.join(", ")}.`,
  });
}
