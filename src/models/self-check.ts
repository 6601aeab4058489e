/**
 * What a freshly converted graph must answer before it counts: right bytes from the wrong file, a checkpoint of the
 * same shape with other numbers, or a runtime that computes nonsense are all found here. The inputs are made by
 * code, so that the recorded answers are all that is shipped.
 */
import { Tensor } from "./onnxruntime.ts";
import { z } from "zod";
import { AlbumenError } from "../errors.ts";
import type { Graph } from "./graph.ts";
import { parseJson, type Manifest } from "./manifest.ts";

const checkSchema = z.strictObject({
  input: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("synthetic-picture") }),
    z.strictObject({ kind: z.literal("token-ids"), ids: z.array(z.int().nonnegative()).min(1) }),
  ]),
  /** largest absolute difference allowed */
  tolerance: z.number().positive(),
  /** output → its first numbers */
  outputs: z.record(z.string(), z.array(z.number()).min(1)),
});

export type SelfCheck = z.infer<typeof checkSchema>;

export function parseSelfCheck(text: string, where: string): SelfCheck {
  return parseJson(checkSchema, text, where);
}

/** Errors: `MODEL_CORRUPT`, saying which output is off by how much. */
export async function runSelfCheck(
  graph: Graph,
  check: SelfCheck,
  input: Manifest["input"],
  name: string,
): Promise<void> {
  const answers = await graph.run(feedsOf(check, graph, input));
  for (const [output, expected] of Object.entries(check.outputs)) {
    const actual = answers[output]?.data;
    if (!(actual instanceof Float32Array) || actual.length < expected.length)
      throw new AlbumenError(
        "MODEL_CORRUPT",
        `${name} has no output ${output} of ${expected.length} numbers.`,
      );
    let largest = 0;
    for (let i = 0; i < expected.length; i++)
      largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!));
    // Not `largest > tolerance`: NaN must fail too.
    if (!(largest <= check.tolerance))
      throw new AlbumenError(
        "MODEL_CORRUPT",
        `${name} does not compute what it should: ${output} is off by ${largest.toPrecision(2)}.`,
      );
  }
}

function feedsOf(check: SelfCheck, graph: Graph, input: Manifest["input"]): Record<string, Tensor> {
  if (check.input.kind === "synthetic-picture") return { [graph.inputs[0]!]: syntheticPicture(input) };
  const ids = BigInt64Array.from(check.input.ids, BigInt);
  const shape = [1, ids.length];
  return {
    input_ids: new Tensor("int64", ids, shape),
    attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
  };
}

/** Three gradients of different slope that wrap around, with a product term: edges of every direction and size. */
export function syntheticPicture(input: Manifest["input"]): Tensor {
  const { side, mean, deviation } = input;
  const data = new Float32Array(3 * side * side);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const level = (x * (3 + c) + y * (5 - c) + ((x * y) >> 4) + 40 * c) & 255;
        data[(c * side + y) * side + x] = (level - mean[c]!) / deviation[c]!;
      }
  return new Tensor("float32", data, [1, 3, side, side]);
}
