/** The places that failed, as a source to be taken in again. */
import { throwIfAborted } from "../errors.ts";
import type { ImageSource } from "../ports/image-source.ts";
import type { CatalogParts } from "./catalog-parts.ts";

const PAGE = 1000;

/**
 * Lists every place that failed, for each of its users. What could not even be listed (an unreadable folder) is opened
 * like a source that the user names; a broken line of a list is not, for only the list can be read again.
 */
export async function failedSource({ store, openSource }: CatalogParts): Promise<ImageSource> {
  const places = await openSource([]);
  return {
    async *list(signal) {
      for (let after: string | null = null; ;) {
        throwIfAborted(signal);
        const failed = await store.failures({ after, limit: PAGE });
        if (failed.length === 0) return;
        const known = await store.known(failed.map(({ source }) => ({ source, user: null })));
        const unlisted = failed.filter(({ code }, i) => known[i] === null && code !== "LIST_ROW_INVALID");
        for (const { source, name, users } of await store.failedPlaces({ after, limit: PAGE })) {
          if (source > failed.at(-1)!.source) break;
          for (const user of users.length > 0 ? users : [null])
            yield { kind: "location", location: { source, name, user, stamp: null } };
        }
        if (unlisted.length > 0) {
          // It is no place, so nothing would ever clear it once it can be listed.
          await store.clearFailures(unlisted.map(({ source }) => source));
          const again = await openSource(
            unlisted.map(({ source }) => source),
            { mayBeGone: true },
          );
          yield* again.list(signal);
        }
        after = failed.at(-1)!.source;
      }
    },
    read: (location, options) => places.read(location, options),
  };
}
