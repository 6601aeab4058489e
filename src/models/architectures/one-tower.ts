/** What models of images alone have in common when they are taken over: the first token is the embedding. */
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import type {
  Architecture,
  ConvertedModel,
  ConvertOptions,
  PublishedFiles,
  WeightDtype,
} from "../convert.ts";
import type { Tensors } from "../onnx/weights.ts";
import { checkpointNames, readTensors } from "./checkpoint-files.ts";
import { memoryOf, type TowerShape } from "./memory.ts";
import { PREPROCESSOR_FILES, readPreprocessor } from "./preprocessor.ts";
import { readImageTower, towerFile } from "./published-onnx.ts";

/** Of our own graphs: float32 [n, dims]. */
export const EMBEDDING = "embedding";

export interface OneTower {
  readonly dims: number;
  /** outputs of a published graph that hold the embedding, best first */
  readonly publishedOutputs: readonly string[];
  /** of pictures of `side` px */
  shape(side: number): TowerShape;
  build(tensors: Tensors, side: number, dtype: WeightDtype): Uint8Array;
}

/** `towerOf` reads config.json. Errors of it: `MODEL_INCOMPATIBLE`, naming the field. */
export function oneTowerArchitecture(
  modelTypes: readonly string[],
  towerOf: (config: unknown) => OneTower,
): Architecture {
  return {
    modelTypes,
    filesNeeded(_config, names, dtype) {
      const checkpoint = checkpointNames(names);
      const weights = checkpoint.length > 0 ? checkpoint : [graphFile(names, dtype)];
      return [...weights, ...PREPROCESSOR_FILES.filter((name) => names.includes(name))];
    },
    convert: async (config, files, options) => convertOneTower(towerOf(config), files, options),
  };
}

function graphFile(names: readonly string[], dtype: WeightDtype): string {
  const file = towerFile(names, "model", dtype);
  if (file !== null) return file;
  throw new AlbumenError(
    "MODEL_INCOMPATIBLE",
    "The repository has neither model.safetensors nor pytorch_model.bin nor onnx/model.onnx.",
  );
}

async function convertOneTower(
  tower: OneTower,
  files: PublishedFiles,
  { dtype, signal }: ConvertOptions,
): Promise<ConvertedModel> {
  const input = await readPreprocessor(files);
  const { graphs, output, dims } =
    checkpointNames(files.names).length > 0
      ? await build()
      : await readImageTower(files, graphFile(files.names, dtype), input, tower.publishedOutputs, signal);
  return {
    kind: "encoder",
    files: graphs,
    manifest: {
      dims,
      memoryBytes: memoryOf([...graphs.values()], dtype, tower.shape(input.side)),
      input,
      image: { graphs: [...graphs.keys()], output },
      text: null,
      concepts: null,
      captioner: null,
    },
  };

  async function build() {
    const tensors = await readTensors(files, signal);
    throwIfAborted(signal);
    const graphs = new Map([["vision.onnx", tower.build(tensors, input.side, dtype)]]);
    return { graphs, output: EMBEDDING, dims: tower.dims };
  }
}
