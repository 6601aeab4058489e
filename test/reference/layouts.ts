/** The converters against the tensors of full-size checkpoints: names and shapes, without their numbers. */
import { join } from "node:path";
import { parseBlipConfig } from "../../src/models/architectures/blip-config.ts";
import { buildBlipText } from "../../src/models/architectures/blip-text.ts";
import { buildBlipVision } from "../../src/models/architectures/blip-vision.ts";
import { untieBlip } from "../../src/models/architectures/blip.ts";
import { buildClipText, buildClipVision, parseClipConfig } from "../../src/models/architectures/clip.ts";
import { buildDinov2, parseDinov2Config } from "../../src/models/architectures/dinov2.ts";
import {
  buildSiglipText,
  buildSiglipVision,
  parseSiglipConfig,
} from "../../src/models/architectures/siglip.ts";
import { elementCount, makeTensor, type Tensor } from "../../src/models/checkpoint/tensor.ts";
import type { Tensors } from "../../src/models/onnx/weights.ts";
import { readJson, type Comparison } from "./comparison.ts";

interface Layout {
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[] }>>;
}

/** Full-size networks; what each config.json says beyond the defaults of its type. In 8 bits, for the room they take. */
const LAYOUTS: Readonly<Record<string, (tensors: Tensors) => void>> = {
  "openai--clip-vit-base-patch32": (tensors) => buildClip(tensors, {}),
  "openai--clip-vit-large-patch14": (tensors) =>
    buildClip(tensors, {
      projection_dim: 768,
      text_config: { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12 },
      vision_config: {
        hidden_size: 1024,
        intermediate_size: 4096,
        num_attention_heads: 16,
        num_hidden_layers: 24,
        patch_size: 14,
      },
    }),
  "google--siglip-base-patch16-224": (tensors) => {
    const config = parseSiglipConfig({ model_type: "siglip" });
    buildSiglipVision(tensors, config, "q8");
    buildSiglipText(tensors, config, "q8");
  },
  "facebook--dinov2-base": (tensors) =>
    buildDinov2(tensors, parseDinov2Config({ model_type: "dinov2", image_size: 518 }), 224, "q8"),
  "Salesforce--blip-image-captioning-base": (tensors) => {
    const config = parseBlipConfig({ model_type: "blip", text_config: {}, vision_config: {} });
    buildBlipVision(tensors, config, "q8");
    buildBlipText(tensors, config.text_config, "q8");
  },
};

function buildClip(tensors: Tensors, fields: object): void {
  const config = parseClipConfig({ model_type: "clip", ...fields });
  buildClipVision(tensors, config, "q8");
  buildClipText(tensors, config, "q8");
}

/** The same numbers as the decoder's bias, under another name. */
const TIED_BIAS = "text_decoder.cls.predictions.bias";

/** The scale and shift of similarities, which cosines have no use for; what stands for a hidden patch, in training. */
const UNUSED = ["logit_scale", "logit_bias", "embeddings.mask_token", TIED_BIAS];

/** Every tensor is asked for in exactly the recorded shape, and none is left over but those without a use. */
export async function* layouts(reference: string): AsyncIterable<Comparison> {
  for (const [file, build] of Object.entries(LAYOUTS)) {
    const { tensors } = readJson<Layout>(join(reference, "layouts", `${file}.json`));
    const asked = new Set<string>();
    build(noting(asked, untieBlip(blankTensors(tensors))));
    const left = Object.keys(tensors).filter((name) => !asked.has(name) && !UNUSED.includes(name));
    const what = `${file}: ${left.slice(0, 3).join(", ")}`;
    yield { group: "full-size layouts: tensors left over", what, deviation: left.length, allowed: 0 };
    await new Promise(setImmediate);
  }
}

/** Tensors of zeros that share their memory. */
function blankTensors(shapes: Layout["tensors"]): Tensors {
  const largest = Math.max(...Object.values(shapes).map(({ shape }) => elementCount(shape)));
  const zeros = new Float32Array(largest);
  return new Map(
    Object.entries(shapes).map(([name, { shape }]): [string, Tensor] => [
      name,
      makeTensor("f32", shape, zeros.subarray(0, elementCount(shape))),
    ]),
  );
}

/** The same tensors; the name of each that is asked for is added to `asked`. */
function noting(asked: Set<string>, tensors: Tensors): Tensors {
  const noted = new Map(tensors);
  noted.get = (name) => {
    asked.add(name);
    return tensors.get(name);
  };
  return noted;
}
