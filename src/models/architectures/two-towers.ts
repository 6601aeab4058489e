/** What models with an image and a text tower have in common when they are taken over: CLIP and SigLIP. */
import type {
  Architecture,
  ConvertedModel,
  ConvertOptions,
  PublishedFiles,
  WeightDtype,
} from "../convert.ts";
import { throwIfAborted } from "../../errors.ts";
import { incompatible, type Tensors } from "../onnx/weights.ts";
import { checkpointNames, readTensors } from "./checkpoint-files.ts";
import { memoryOf, type TowerShape } from "./memory.ts";
import { PREPROCESSOR_FILES, readPreprocessor } from "./preprocessor.ts";
import { readImageTower, readTextTower, towerFile } from "./published-onnx.ts";
import { readTokenizer, TOKENIZER_FILES } from "./tokenizer.ts";

export interface TwoTowers {
  readonly vision: TowerShape;
  /** of the pictures, px */
  readonly side: number;
  readonly dims: number;
  readonly maxTokens: number;
  /** to which length texts are filled up */
  readonly padTo: "longest" | "max";
  readonly lowercase: boolean;
  /** names of the towers' results, in our graphs and in published ones */
  readonly imageOutput: string;
  readonly textOutput: string;
  buildVision(tensors: Tensors, dtype: WeightDtype): Uint8Array;
  buildText(tensors: Tensors, dtype: WeightDtype): Uint8Array;
}

/** `towersOf` reads config.json. Errors of it: `MODEL_INCOMPATIBLE`, naming the field. */
export function twoTowerArchitecture(
  modelTypes: readonly string[],
  towersOf: (config: unknown) => TwoTowers,
): Architecture {
  return {
    modelTypes,
    filesNeeded(_config, names, dtype) {
      const checkpoint = checkpointNames(names);
      const graphs = checkpoint.length > 0 ? [] : towerFiles(names, dtype);
      const beside = [...PREPROCESSOR_FILES, ...TOKENIZER_FILES].filter((name) => names.includes(name));
      return [...checkpoint, ...graphs, ...beside];
    },
    convert: async (config, files, options) => convertTwoTowers(towersOf(config), files, options),
  };
}

function towerFiles(names: readonly string[], dtype: WeightDtype): [vision: string, text: string] {
  const [vision, text] = (["vision_model", "text_model"] as const).map((stem) =>
    towerFile(names, stem, dtype),
  );
  if (!vision || !text)
    throw incompatible(
      "The repository has neither model.safetensors nor pytorch_model.bin nor onnx/vision_model.onnx and onnx/text_model.onnx.",
    );
  return [vision, text];
}

async function convertTwoTowers(
  towers: TwoTowers,
  files: PublishedFiles,
  { dtype, signal }: ConvertOptions,
): Promise<ConvertedModel> {
  const input = await readPreprocessor(files);
  const { maxTokens, padTo, lowercase } = towers;
  const tokenizer = await readTokenizer(files, { lowercase });
  const made = checkpointNames(files.names).length > 0 ? await build() : await takeOver();
  const { graphs, text, dims, imageOutput, textOutput } = made;
  return {
    kind: "encoder",
    files: new Map([...graphs, ["text.onnx", text], ...tokenizer.files]),
    manifest: {
      dims,
      memoryBytes: memoryOf([...graphs.values(), text], dtype, towers.vision),
      input,
      image: { graphs: [...graphs.keys()], output: imageOutput },
      text: {
        kind: "tower",
        graph: "text.onnx",
        output: textOutput,
        tokenizer: TOKENIZER_FILES[0],
        tokenizerConfig: TOKENIZER_FILES[1],
        maxTokens,
        pad: { to: padTo, id: tokenizer.padId },
      },
      concepts: null,
      captioner: null,
    },
  };

  async function build() {
    if (input.side !== towers.side)
      throw incompatible(`Its pictures come as ${input.side} px, but the network takes ${towers.side}.`);
    const tensors = await readTensors(files, signal);
    throwIfAborted(signal);
    const vision = towers.buildVision(tensors, dtype);
    throwIfAborted(signal);
    const text = towers.buildText(tensors, dtype);
    return { ...towers, graphs: new Map([["vision.onnx", vision]]), text };
  }

  async function takeOver() {
    const [visionFile, textFile] = towerFiles(files.names, dtype);
    const vision = await readImageTower(files, visionFile, input, [towers.imageOutput], signal);
    const expected = { dims: vision.dims, maxTokens, padId: tokenizer.padId };
    const text = await readTextTower(files, textFile, [towers.textOutput], expected);
    const { graphs, dims, output: imageOutput } = vision;
    return { graphs, text: text.bytes, dims, imageOutput, textOutput: text.output };
  }
}
