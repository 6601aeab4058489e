/** The shape of a BLIP captioner, from its config.json. */
import { z } from "zod";
import { assertDivides, count, parseConfig } from "./parse-config.ts";

const token = z.int().nonnegative();

// What a config.json leaves out has the value that transformers' BlipTextConfig and BlipVisionConfig give it.
const configSchema = z.object({
  model_type: z.literal("blip"),
  text_config: z.object({
    hidden_act: z.literal("gelu").default("gelu"),
    vocab_size: count.default(30524),
    hidden_size: count.default(768),
    intermediate_size: count.default(3072),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(8),
    max_position_embeddings: count.default(512),
    layer_norm_eps: z.number().positive().default(1e-12),
    bos_token_id: token.default(30522),
    sep_token_id: token.default(102),
    pad_token_id: token.default(0),
  }),
  vision_config: z.object({
    hidden_act: z.literal("gelu").default("gelu"),
    hidden_size: count.default(768),
    intermediate_size: count.default(3072),
    num_hidden_layers: count.default(12),
    num_attention_heads: count.default(12),
    image_size: count.default(384),
    patch_size: count.default(16),
    layer_norm_eps: z.number().positive().default(1e-5),
  }),
});

export type BlipConfig = z.infer<typeof configSchema>;
export type BlipTextConfig = BlipConfig["text_config"];
export type BlipVisionConfig = BlipConfig["vision_config"];

/** Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseBlipConfig(json: unknown): BlipConfig {
  const config = parseConfig(configSchema, json, "a BLIP captioner");
  const { text_config: text, vision_config: vision } = config;
  assertDivides(text.hidden_size, text.num_attention_heads, "text heads");
  assertDivides(vision.hidden_size, vision.num_attention_heads, "vision heads");
  assertDivides(vision.image_size, vision.patch_size, "patches");
  return config;
}

/** Tokens that the vision part makes of a picture: the class token and one a patch. */
export function pictureTokens({ image_size, patch_size }: BlipVisionConfig): number {
  return 1 + (image_size / patch_size) ** 2;
}
