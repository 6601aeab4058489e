/** Namer without a language model: the encoder's own words. */
import { nameAlbumsByWords } from "../../core/naming/name-albums.ts";
import { fitWords, type WordFits } from "../../core/naming/word-fit.ts";
import { throwIfAborted } from "../../errors.ts";
import type { Namer } from "../../ports/namer.ts";

/** Every album gets a name. Needs no network, no file and no model of its own. Errors: `ABORTED`. */
export function createConceptNamer(): Namer {
  return {
    id: "concepts@1",
    async name(request, { signal, onProgress }) {
      throwIfAborted(signal);
      const { albums, siblings, concepts, vectors } = request;
      const looked = albums.length + siblings.length;
      const fits: WordFits[] = [];
      if (concepts)
        for (const { rows } of [...albums, ...siblings]) {
          fits.push(fitWords(rows, vectors, concepts));
          onProgress?.(fits.length, looked);
          // An album takes some 15 ms: signals and progress get their turn between two.
          await new Promise(setImmediate);
          throwIfAborted(signal);
        }
      return nameAlbumsByWords(request, fits).map((name) => ({ kind: "named", name }));
    },
    async dispose() {},
  };
}
