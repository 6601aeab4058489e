/** Reads a model's own words: a JSON table and, beside it, one row of the embedding space a word. */
import { z } from "zod";
import type { ConceptTable } from "../core/concepts.ts";
import { normalizeRows, type Vectors } from "../core/vectors.ts";
import { AlbumenError } from "../errors.ts";
import { elementsOf, makeTensor, toFloat32 } from "./checkpoint/tensor.ts";
import { parseJson } from "./manifest.ts";
import type { Model } from "./model.ts";

const conceptsSchema = z.object({
  rows: z.int().positive(),
  dims: z.int().positive(),
  /** row-major, little-endian; the ending says of what: `.f16` or `.f32` */
  file: z.string().regex(/\.(f16|f32)$/),
  concepts: z.array(
    z.object({
      text: z.string().min(1),
      kind: z.enum(["hyper", "domain", "words", "imagenet"]),
      reliability: z.number().min(0).max(1),
      /** the text of a broader concept */
      parent: z.string().nullable(),
      mean: z.number(),
      deviation: z.number().positive(),
    }),
  ),
});

/** Null when the model has no words. Errors: `MODEL_CORRUPT`. */
export async function readConcepts(model: Model): Promise<ConceptTable | null> {
  const { manifest } = model;
  if (manifest.concepts === null) return null;
  const table = parseJson(
    conceptsSchema,
    new TextDecoder().decode(await model.read(manifest.concepts)),
    manifest.concepts,
  );
  const { rows, dims, file, concepts } = table;
  const dtype = file.endsWith(".f16") ? "f16" : "f32";
  const bytes = await model.read(file);
  if (
    dims !== manifest.dims ||
    rows !== concepts.length ||
    bytes.length !== rows * dims * (dtype === "f16" ? 2 : 4)
  )
    throw new AlbumenError(
      "MODEL_CORRUPT",
      `${manifest.concepts} and ${file} of the model ${manifest.id} disagree: ${concepts.length} words, ${rows} rows of ${dims}, ${bytes.length} bytes.`,
    );
  const data = toFloat32(makeTensor(dtype, [rows, dims], elementsOf(dtype, bytes)));
  const vectors: Vectors = { data, rows, dims };
  const indexOf = new Map(concepts.map(({ text }, i) => [text, i]));
  return {
    concepts: concepts.map(({ text, kind, reliability, parent, mean, deviation }) => ({
      text,
      kind,
      reliability,
      parent: parent === null ? -1 : (indexOf.get(parent) ?? -1),
      mean,
      deviation,
    })),
    // float16 keeps a row's length to about 1e-4 only.
    vectors: normalizeRows(vectors),
  };
}
