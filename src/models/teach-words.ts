/**
 * Gives a converted encoder the words that albums are named with: the vocabulary of the starter, read by the encoder's own
 * text tower. Done once, when a model is pulled, because a tower takes from seconds to minutes for all of them.
 */
import { AlbumenError, isAlbumenError } from "../errors.ts";
import { conceptFiles, readWords } from "./concepts.ts";
import type { ConvertedModel } from "./convert.ts";
import type { ModelEvent } from "./events.ts";
import { asEncoder } from "./manifest.ts";
import { openBundledModel } from "./model.ts";
import { createTextTower } from "./text-tower.ts";
import { otherTokenizer } from "./try-out.ts";

/** What the towers were trained on is captions; of the templates of Radford et al. 2021 the plainest. */
const templateOf = (word: string): string => `a photo of ${word}`;

/** A model without a text tower, or with words of its own, is given back as it is. Errors: as `createTextTower`, `ABORTED`. */
export async function teachWords(
  converted: ConvertedModel,
  title: string,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: (event: ModelEvent) => void },
): Promise<ConvertedModel> {
  if (converted.kind !== "encoder") return converted;
  const { text: spec, concepts, dims } = converted.manifest;
  if (spec?.kind !== "tower" || concepts !== null) return converted;

  // Its own files are in the package: nothing of it is fetched.
  const starter = await openBundledModel("starter", { cacheDir: "", offline: true, signal, onEvent });
  const words = await readWords(starter, asEncoder(starter.manifest).concepts!);
  const fileNamed = (name: string): Uint8Array => {
    const bytes = converted.files.get(name);
    if (bytes === undefined) throw new AlbumenError("INTERNAL", `The converter of ${title} made no ${name}.`);
    return bytes;
  };
  onEvent({ kind: "teach", title, words: words.length });
  const tower = await createTextTower({
    spec,
    dims,
    graph: fileNamed(spec.graph),
    tokenizer: fileNamed(spec.tokenizer),
    tokenizerConfig: fileNamed(spec.tokenizerConfig),
  });
  try {
    const texts = words.map(({ text }) => templateOf(text));
    const vectors = await tower.encode(texts, { signal }).catch((error: unknown) => {
      if (!isAlbumenError(error) || error.code !== "MODEL_INCOMPATIBLE") throw error;
      throw otherTokenizer(`The text tower of ${title} cannot read what its tokenizer gives.`, error);
    });
    const files = new Map([...converted.files, ...conceptFiles(words, vectors)]);
    return { kind: "encoder", files, manifest: { ...converted.manifest, concepts: "concepts.json" } };
  } finally {
    await tower.dispose();
  }
}
