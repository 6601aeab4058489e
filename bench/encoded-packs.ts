/** The labelled packs as the product sees them: decoded, embedded and captioned by the starter. */
import { readFile } from "node:fs/promises";
import { createStarterCaptioner } from "../src/adapters/captioner/onnx.ts";
import { createStarterEmbedder } from "../src/adapters/embedder/onnx.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import type { ConceptTable } from "../src/core/concepts.ts";
import { concatVectors, type Vectors } from "../src/core/vectors.ts";
import type { Caption } from "../src/ports/captioner.ts";
import type { Decoded } from "../src/ports/image-decoder.ts";
import { packOrSkip, type Pack, type PackName } from "../test/support/packs.ts";
import { starterOrSkip } from "../test/support/starter.ts";

export interface EncodedPack {
  readonly pack: Pack;
  /** row i belongs to pack.images[i] */
  readonly vectors: Vectors;
  readonly facts: readonly Decoded["facts"][];
}

/** A true folder of a pack. */
export interface Folder {
  readonly label: string;
  readonly rows: readonly number[];
}

/** By the broader label where there is one, in the order of the labels. */
export function foldersOf({ pack }: EncodedPack): Folder[] {
  const rows = new Map<string, number[]>();
  pack.images.forEach(({ label, broadLabel }, row) => {
    const key = broadLabel ?? label!;
    rows.set(key, [...(rows.get(key) ?? []), row]);
  });
  return [...rows].map(([label, of]) => ({ label, rows: of })).sort((a, b) => (a.label < b.label ? -1 : 1));
}

export interface PackReader {
  readonly concepts: ConceptTable;
  encode(name: PackName): Promise<EncodedPack>;
  /** Captions of some of a pack's images, in the order asked for. */
  caption(pack: Pack, images: readonly number[]): Promise<Caption[]>;
  embedTexts(texts: readonly string[]): Promise<Vectors>;
  dispose(): Promise<void>;
}

/** One a call: many decoders listening to one signal make Node suspect a leak. */
const call = () => ({ signal: new AbortController().signal });

/** Ends the process with 0 and the reason on stderr when this machine lacks the packs or the starter. */
export async function openPacks(part: "trunk" | "sentence" = "trunk"): Promise<PackReader> {
  const starter = await starterOrSkip();
  const text = part === "sentence" ? await starterOrSkip("sentence") : starter;
  if (!starter.isAvailable || !text.isAvailable) process.exit(0);
  const embedder = await createStarterEmbedder(text.value);
  const captioner = await createStarterCaptioner(text.value);
  const decoder = createSharpDecoder();
  const decode = async (path: string): Promise<Decoded> =>
    decoder.decode(await readFile(path), { input: embedder.input, thumbnail: false }, call());

  return {
    concepts: (await embedder.concepts())!,
    async encode(name) {
      const found = await packOrSkip(name);
      if (!found.isAvailable) process.exit(0);
      const pack = found.value;
      const parts: Vectors[] = [];
      const facts: Decoded["facts"][] = [];
      for (let at = 0; at < pack.images.length; at += embedder.maxBatch) {
        const batch = pack.images.slice(at, at + embedder.maxBatch);
        const decoded = await Promise.all(batch.map(({ path }) => decode(path)));
        facts.push(...decoded.map((one) => one.facts));
        const images = decoded.map((one) => one.image);
        parts.push(await embedder.embedImages(images, call()));
      }
      return { pack, vectors: concatVectors(parts, embedder.space.dims), facts };
    },
    async caption(pack, images) {
      const captions: Caption[] = [];
      for (let at = 0; at < images.length; at += captioner.maxBatch) {
        const batch = images.slice(at, at + captioner.maxBatch);
        const decoded = await Promise.all(batch.map((image) => decode(pack.images[image]!.path)));
        const written = await captioner.caption(
          decoded.map((one) => one.image),
          call(),
        );
        for (const caption of written) {
          if (caption instanceof Error) throw caption;
          captions.push(caption);
        }
      }
      return captions;
    },
    embedTexts: (texts) => embedder.embedTexts!(texts, call()),
    async dispose() {
      await embedder.dispose();
      await captioner.dispose();
      await decoder.dispose();
    },
  };
}
