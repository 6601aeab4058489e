/** Reads a model's own words: a JSON table and, beside it, one row of the embedding space a word. */
import { z } from "zod";
import type { ConceptTable } from "../core/concepts.ts";
import { normalizeRows, type Vectors } from "../core/vectors.ts";
import { AlbumenError } from "../errors.ts";
import { elementsOf, makeTensor, toFloat32 } from "./checkpoint/tensor.ts";
import { asEncoder, parseJson } from "./manifest.ts";
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
  /** the words were read by the model's text tower; nobody measured mean and deviation */
  isUnmeasured: z.boolean().default(false),
});

/** Words with their vectors for a model folder, to be read by `readConcepts`; nothing was measured about them. */
export function conceptFiles(
  words: readonly Omit<z.infer<typeof conceptsSchema>["concepts"][number], "mean" | "deviation">[],
  { data, rows, dims }: Vectors,
): ReadonlyMap<string, Uint8Array> {
  const concepts = words.map(({ text, kind, reliability, parent }) => ({
    text,
    kind,
    reliability,
    parent,
    mean: 0,
    deviation: 1,
  }));
  const table = { rows, dims, file: "concepts.f32", concepts, isUnmeasured: true };
  return new Map([
    ["concepts.json", new TextEncoder().encode(JSON.stringify(table))],
    ["concepts.f32", new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);
}

/** The words themselves, of a model that has some. Errors: `MODEL_CORRUPT`. */
export async function readWords(
  model: Model,
  file: string,
): Promise<z.infer<typeof conceptsSchema>["concepts"]> {
  return parseJson(conceptsSchema, new TextDecoder().decode(await model.read(file)), file).concepts;
}

/** Null when the model has no words. Errors: `MODEL_CORRUPT`. */
export async function readConcepts(model: Model): Promise<ConceptTable | null> {
  const manifest = asEncoder(model.manifest);
  if (manifest.concepts === null) return null;
  const table = parseJson(
    conceptsSchema,
    new TextDecoder().decode(await model.read(manifest.concepts)),
    manifest.concepts,
  );
  const { rows, dims, file, concepts, isUnmeasured } = table;
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
    isUnmeasured,
  };
}
