/** Graphs run one after the other: pixels into the first, named outputs into the inputs of the next. */
import type { Tensor } from "./onnxruntime.ts";
import { AlbumenError } from "../errors.ts";
import { openGraph, type Graph, type GraphOptions } from "./graph.ts";
import type { Model } from "./model.ts";

export interface Chain {
  /** The output of the last graph: row-major, one row a picture. Errors: as `Graph.run`. */
  run(pixels: Tensor): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Errors: as `Model.read`, and `MODEL_INCOMPATIBLE` when the graphs do not fit together. */
export async function openChain(
  model: Model,
  files: readonly string[],
  output: string,
  options: GraphOptions,
): Promise<Chain> {
  const graphs: Graph[] = [];
  const dispose = async () => {
    for (const graph of graphs) await graph.dispose();
  };
  try {
    for (const file of files) graphs.push(await openGraph(await model.locate(file), file, options));
    assertFit(graphs, files, output);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async run(pixels) {
      let values: Readonly<Record<string, Tensor>> = { [graphs[0]!.inputs[0]!]: pixels };
      for (const graph of graphs)
        values = await graph.run(Object.fromEntries(graph.inputs.map((name) => [name, values[name]!])));
      return values[output]!.data as Float32Array;
    },
    dispose,
  };
}

function assertFit(graphs: readonly Graph[], files: readonly string[], output: string): void {
  graphs.forEach((graph, i) => {
    if (i === 0 && graph.inputs.length !== 1)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `${files[0]} takes ${graph.inputs.length} inputs, not one picture.`,
      );
    const given = i === 0 ? graph.inputs : graphs[i - 1]!.outputs;
    const missing = graph.inputs.find((name) => !given.includes(name));
    if (missing !== undefined)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `${files[i]} reads ${missing}, which ${files[i - 1]} does not give.`,
      );
  });
  if (!graphs.at(-1)!.outputs.includes(output))
    throw new AlbumenError("MODEL_INCOMPATIBLE", `${files.at(-1)} has no output ${output}.`);
}
