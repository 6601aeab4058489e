/** BLIP captioners (Li et al. 2022), base and large, from the checkpoints in transformers' layout. */
import { throwIfAborted } from "../../errors.ts";
import type { Architecture, WeightDtype } from "../convert.ts";
import { incompatible, type Tensors } from "../onnx/weights.ts";
import { parseBlipConfig, pictureTokens, type BlipConfig } from "./blip-config.ts";
import { buildBlipText } from "./blip-text.ts";
import { buildBlipVision } from "./blip-vision.ts";
import { checkpointNames, readTensors } from "./checkpoint-files.ts";
import { PREPROCESSOR_FILES, readPreprocessor } from "./preprocessor.ts";
import { readTokenizer, TOKENIZER_FILES } from "./tokenizer.ts";

/** New tokens, as transformers writes by default; 3 beams, as in the authors' evaluation on COCO. */
const MAX_TOKENS = 20;
const BEAMS = 3;

export const blip: Architecture = {
  modelTypes: ["blip"],
  filesNeeded(config, names) {
    parseBlipConfig(config);
    const checkpoint = checkpointNames(names);
    if (checkpoint.length === 0)
      throw incompatible("The repository has neither model.safetensors nor pytorch_model.bin.");
    return [
      ...checkpoint,
      ...[...PREPROCESSOR_FILES, ...TOKENIZER_FILES].filter((name) => names.includes(name)),
    ];
  },
  async convert(config, files, { dtype, signal }) {
    const network = parseBlipConfig(config);
    const input = await readPreprocessor(files);
    if (input.side !== network.vision_config.image_size)
      throw incompatible(
        `The model looks at ${network.vision_config.image_size} px, its preprocessing makes ${input.side} px.`,
      );
    const tokenizer = await readTokenizer(files, { lowercase: false });
    const tensors = untieBlip(await readTensors(files, signal));
    throwIfAborted(signal);
    const vision = buildBlipVision(tensors, network, dtype);
    throwIfAborted(signal);
    const decoder = buildBlipText(tensors, network.text_config, dtype);
    const { text_config: text } = network;
    const [tokenizerFile, tokenizerConfig] = TOKENIZER_FILES;
    return {
      kind: "captioner",
      files: new Map([["vision.onnx", vision], ["decoder.onnx", decoder], ...tokenizer.files]),
      manifest: {
        input,
        memoryBytes: memoryOf([vision, decoder], dtype, network),
        caption: {
          kind: "blip",
          vision: "vision.onnx",
          decoder: "decoder.onnx",
          tokenizer: tokenizerFile,
          tokenizerConfig,
          bos: text.bos_token_id,
          sep: text.sep_token_id,
          layers: text.num_hidden_layers,
          heads: text.num_attention_heads,
          headDims: text.hidden_size / text.num_attention_heads,
          maxTokens: MAX_TOKENS,
          beams: BEAMS,
        },
      },
    };
  },
};

/** The decoder's output layer shares its bias, and may share its weights, with tensors of other names. */
export function untieBlip(tensors: Tensors): Tensors {
  const output = "text_decoder.cls.predictions";
  const tied: readonly (readonly [string, string])[] = [
    [`${output}.decoder.bias`, `${output}.bias`],
    [`${output}.decoder.weight`, "text_decoder.bert.embeddings.word_embeddings.weight"],
  ];
  const missing = tied.flatMap(([name, from]) => {
    const tensor = tensors.get(from);
    return tensors.has(name) || tensor === undefined ? [] : [[name, tensor] as const];
  });
  return new Map([...tensors, ...missing]);
}

/** Pictures that a captioner holds in memory at a time. */
const BATCH = 4;

/**
 * Bytes that the process grows by, an estimate: the weights (halves are widened on load), the keys and values of a full
 * batch for every layer of the decoder, and one picture in one layer of the vision part, its wide part three times.
 */
function memoryOf(
  graphs: readonly Uint8Array[],
  dtype: WeightDtype,
  { vision_config, text_config }: BlipConfig,
): number {
  const weights = graphs.reduce((sum, { length }) => sum + length, 0) * (dtype === "fp16" ? 2 : 1);
  const tokens = pictureTokens(vision_config);
  const kept = BATCH * 2 * text_config.num_hidden_layers * tokens * text_config.hidden_size;
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = vision_config;
  const atWork = tokens * (8 * width + 3 * inner + heads * tokens);
  return weights + 4 * (kept + atWork);
}
