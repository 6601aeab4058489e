/** A stand-in for tests: numbers the albums. */
import { namesInUse } from "../../core/naming/evidence.ts";
import { foldName } from "../../core/naming/wording.ts";
import { throwIfAborted } from "../../errors.ts";
import type { Namer } from "../../ports/namer.ts";

/** `Album 1`, `Album 2` …, leaving out what is taken; neutral, without evidence. */
export function createFakeNamer(): Namer {
  return {
    id: "fake-namer@1",
    async name(request, { signal, onProgress }) {
      throwIfAborted(signal);
      const { albums } = request;
      const taken = new Set(namesInUse(request).map(foldName));
      let number = 0;
      const names = albums.map(() => {
        do number++;
        while (taken.has(foldName(`Album ${number}`)));
        const name = { text: `Album ${number}`, source: "neutral", score: null, evidence: null } as const;
        return { kind: "named", name } as const;
      });
      onProgress?.(names.length, albums.length);
      return names;
    },
    dispose: () => Promise.resolve(),
  };
}
