/** How good the albums are when nobody says how many, beside k-means told the true number. `npm run eval:albums`. */
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { createMiniEmbedder } from "../src/adapters/embedder/onnx.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import {
  accuracy,
  adjustedMutualInformation,
  adjustedRandIndex,
  normalizedMutualInformation,
  purity,
} from "../src/core/metrics.ts";
import { concatVectors, type Vectors } from "../src/core/vectors.ts";
import { defaultCacheDir } from "../src/models/cache.ts";
import type { Matrix } from "../src/ports/matrix.ts";
import { packOrSkip, type PackName } from "../test/support/packs.ts";
import { UNRELATED } from "./clustering-settings.ts";
import { hasFeatures, readFeatures, type Labelled } from "./features.ts";
import { findAlbums } from "./found-albums.ts";
import { machine, mean, table } from "./report.ts";
import { toldKMeans } from "./told-kmeans.ts";

/** The label of heap's strays: not one kind, but as many as there are pictures. */
const STRAY = "one of a kind";
const call = { signal: new AbortController().signal };

export interface LabelledSource {
  readonly encoder: string;
  /** mean 1 - cosine of unrelated photos in the encoder's space; null: not known */
  readonly unrelated: number | null;
  read(pack: string): Promise<Labelled>;
  readonly packs: readonly string[];
}

export async function evaluateAlbums(sources: readonly LabelledSource[], matrix: Matrix) {
  const results = [];
  for (const source of sources)
    for (const pack of source.packs) {
      const { vectors, labels } = await source.read(pack);
      const names = [...new Set(labels)];
      const truth = Int32Array.from(labels, (label) => names.indexOf(label));
      const start = performance.now();
      const found = await findAlbums(matrix, vectors, source.unrelated);
      const ms = performance.now() - start;
      const told = await toldKMeans(matrix, vectors, names.length);
      const strays = labels.flatMap((label, i) => (label === STRAY ? [i] : []));
      const apart = labels.map((label, i) => (label === STRAY ? names.length + i : truth[i]));
      const albums = Array.from({ length: found.k }, (_, c) =>
        apart.filter((_, i) => found.assignment[i] === c),
      );
      results.push({
        encoder: source.encoder,
        pack,
        images: vectors.rows,
        kinds: names.length,
        found: found.k,
        told: scores(truth, told),
        ours: scores(truth, found.assignment),
        unsorted: found.assignment.filter((c) => c < 0).length,
        straysUnsorted: strays.length > 0 ? mean(strays.map((i) => (found.assignment[i] < 0 ? 1 : 0))) : null,
        impureLargeAlbums: albums.filter(
          (kinds) =>
            kinds.length >= 10 &&
            purity(
              kinds,
              kinds.map(() => 0),
            ) < 0.5,
        ).length,
        ms,
      });
    }
  return results;
}

function scores(truth: Int32Array, found: Int32Array) {
  return {
    acc: accuracy(truth, found),
    nmi: normalizedMutualInformation(truth, found),
    ari: adjustedRandIndex(truth, found),
    ami: adjustedMutualInformation(truth, found),
  };
}

/** The recorded vectors of ../shared/reference/features. */
export const RECORDED: readonly LabelledSource[] = [
  {
    encoder: "starter",
    unrelated: UNRELATED.starter,
    read: async (pack) => readFeatures("starter", pack),
    packs: ["heap", "caltech_a", "tinyval2000", "dreambooth"],
  },
  {
    encoder: "mobilenet-v2",
    unrelated: UNRELATED["mobilenet-v2"],
    read: async (pack) => readFeatures("mobilenet-v2", pack),
    packs: ["caltech_a", "tinyval2000", "dreambooth"],
  },
];

/** The bundled encoder on the packs' pictures, decoded and embedded as the product does. */
const MINI: LabelledSource = {
  encoder: "mini",
  unrelated: null,
  packs: ["heap", "caltech_a", "tinyval2000", "dreambooth"],
  async read(name) {
    const found = await packOrSkip(name as PackName);
    if (!found.isAvailable) process.exit(0);
    const { images } = found.value;
    const embedder = await createMiniEmbedder({
      cacheDir: defaultCacheDir(),
      offline: true,
      signal: call.signal,
      onEvent: () => {},
    });
    const decoder = createSharpDecoder();
    const parts: Vectors[] = [];
    for (let at = 0; at < images.length; at += embedder.maxBatch) {
      const decoded = await Promise.all(
        images
          .slice(at, at + embedder.maxBatch)
          .map(async ({ path }) =>
            decoder.decode(await readFile(path), { input: embedder.input, thumbnail: false }, call),
          ),
      );
      parts.push(
        await embedder.embedImages(
          decoded.map(({ image }) => image),
          call,
        ),
      );
    }
    await embedder.dispose();
    await decoder.dispose();
    const isBroad = name === "dreambooth";
    return {
      name,
      vectors: concatVectors(parts, embedder.space.dims),
      labels: images.map(({ label, broadLabel }) => (isBroad ? broadLabel : label) ?? ""),
    };
  },
};

export async function main(sources: readonly LabelledSource[]): Promise<void> {
  const matrix = await createOnnxMatrix();
  const results = await evaluateAlbums(sources, matrix);
  await matrix.dispose();
  const three = (value: number) => value.toFixed(3);
  console.log(
    table(
      [
        "encoder",
        "pack",
        "images",
        "kinds",
        "found",
        "ACC",
        "NMI",
        "ARI",
        "AMI",
        "told: ACC",
        "NMI",
        "ARI",
        "AMI",
        "Unsorted",
        "strays out",
        "impure",
        "ms",
      ],
      results.map((r) => [
        r.encoder,
        r.pack,
        r.images,
        r.kinds,
        r.found,
        three(r.ours.acc),
        three(r.ours.nmi),
        three(r.ours.ari),
        three(r.ours.ami),
        three(r.told.acc),
        three(r.told.nmi),
        three(r.told.ari),
        three(r.told.ami),
        r.unsorted,
        r.straysUnsorted === null ? "" : r.straysUnsorted.toFixed(2),
        r.impureLargeAlbums,
        r.ms.toFixed(0),
      ]),
    ),
  );
  console.log(JSON.stringify({ results, machine: machine() }));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (hasFeatures()) await main([...RECORDED, MINI]);
  else console.log("Skipped: ../shared/reference/features is not here.");
}
