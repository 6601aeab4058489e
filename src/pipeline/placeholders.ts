/** Leaves out the pictures that hosts show in the place of dead links: the same bytes behind many URLs. */
import { addressesByHost, hostOf, LEAST_ADDRESSES, leastAddresses } from "../core/placeholders.ts";
import { placeKind } from "../core/place.ts";
import { throwIfAborted } from "../errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { FailureRow, Place, Store } from "../ports/store.ts";

/** Annotations under it name the hosts of an image that was found to be a placeholder there, for good. */
const RECIPE = "placeholder-hosts";

/**
 * Turns every place of such a picture into a failure, and forgets its vectors when it lies nowhere else.
 * Once found it stays known, so one more URL with the same bytes is left out as well. Returns the failures.
 */
export async function leaveOutPlaceholders(
  {
    store,
    originals,
    now,
  }: { readonly store: Store; readonly originals: BlobStore; readonly now: () => string },
  signal: AbortSignal,
): Promise<FailureRow[]> {
  const known = await store.annotations(RECIPE);
  const required = new Map<string, number>();
  const isPlaceholderAt = async (host: string, addresses: number): Promise<boolean> => {
    if (addresses < LEAST_ADDRESSES) return false;
    if (!required.has(host)) {
      const counts = await Promise.all(
        ["http", "https"].map((scheme) => store.countBelow(`${scheme}://${host}/`)),
      );
      required.set(host, leastAddresses(counts[0]! + counts[1]!));
    }
    return addresses >= required.get(host)!;
  };
  const failures: FailureRow[] = [];
  for (const image of new Set([...known.keys(), ...(await store.crowded(LEAST_ADDRESSES))])) {
    throwIfAborted(signal);
    const places = (await store.placesOf([image], Infinity)).get(image)!;
    const urls = places.filter(({ source }) => placeKind(source) === "url");
    const before = known.get(image)?.text.split(" ") ?? [];
    const hosts = new Set(before);
    for (const [host, addresses] of addressesByHost(urls.map(({ source }) => source)))
      if (await isPlaceholderAt(host, addresses)) hosts.add(host);
    if (hosts.size > before.length)
      await store.annotate(RECIPE, [{ image, text: [...hosts].join(" "), score: urls.length }]);
    const gone = urls.filter(({ source }) => hosts.has(hostOf(source)));
    if (gone.length === 0) continue;
    failures.push(...(await leaveOut(gone, store, now())));
    if (gone.length < places.length) continue;
    await store.dropVectors([image]);
    await originals.delete(image);
  }
  return failures;
}

async function leaveOut(places: readonly Place[], store: Store, at: string): Promise<FailureRow[]> {
  const failures = places.map(({ source }): FailureRow => {
    const reason = `${hostOf(source)} shows this picture at many addresses, as hosts do for what is gone. It is left out; --keep-placeholders keeps it.`;
    return { source, code: "IMAGE_PLACEHOLDER", reason, attempts: 1, at };
  });
  await store.record({
    images: [],
    places: places.map((place) => ({ ...place, image: null, users: [] })),
    failures,
    vectors: null,
  });
  return failures;
}
