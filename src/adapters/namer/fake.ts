/** A stand-in for tests: numbers the albums. */
import { foldName } from "../../core/naming/wording.ts";
import { throwIfAborted } from "../../errors.ts";
import type { Namer } from "../../ports/namer.ts";

/** `Album 1`, `Album 2` …, leaving out what is taken; neutral, without evidence. */
export function createFakeNamer(): Namer {
  return {
    id: "fake-namer@1",
    async name({ albums, takenNames }, { signal, onProgress }) {
      throwIfAborted(signal);
      const taken = new Set(takenNames.map(foldName));
      let number = 0;
      const names = albums.map(() => {
        do number++;
        while (taken.has(foldName(`Album ${number}`)));
        return { text: `Album ${number}`, source: "neutral", score: null, evidence: null } as const;
      });
      onProgress?.(names.length, albums.length);
      return names;
    },
    dispose: () => Promise.resolve(),
  };
}
