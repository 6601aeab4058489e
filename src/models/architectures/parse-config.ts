/** The shape of a network, from its config.json. */
import { z } from "zod";
import { incompatible } from "../onnx/weights.ts";

/** A size: a whole number above 0. */
export const count = z.int().positive();

/** `what`: `a CLIP model`. Errors: `MODEL_INCOMPATIBLE`, naming the field that is wrong. */
export function parseConfig<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw incompatible(
    `The model's config.json is not that of ${what}: ${path.join(".") || "top level"}: ${message}.`,
  );
}

/** Errors: `MODEL_INCOMPATIBLE`. */
export function assertDivides(whole: number, part: number, what: string): void {
  if (whole % part !== 0) throw incompatible(`The model's ${what}: ${whole} does not divide by ${part}.`);
}
