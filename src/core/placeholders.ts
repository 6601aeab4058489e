/** Which pictures stand for dead links. Pure. */

/** Fewer addresses of one host that show the same bytes may be one person's re-posts. */
export const LEAST_ADDRESSES = 5;
/**
 * Of hosts with many pictures, so large a part has to be the same: among a million uploads, a picture that several
 * people like is there more than five times, while dead links are one address in a hundred or so.
 */
const LEAST_SHARE = 1 / 1000;

/**
 * How many addresses of one host have to show the same bytes for these to be its answer to whatever is gone.
 * `addresses`: all that are known of the host.
 */
export function leastAddresses(addresses: number): number {
  return Math.max(LEAST_ADDRESSES, Math.ceil(addresses * LEAST_SHARE));
}

/**
 * The addresses that show one picture, by host, from the URLs of all places where it lies. Addresses that differ in
 * their query alone count once: they are one picture asked for in several sizes, or with several signatures.
 */
export function addressesByHost(urls: readonly string[]): Map<string, number> {
  const pathsOf = new Map<string, Set<string>>();
  for (const url of urls) {
    const host = hostOf(url);
    const paths = pathsOf.get(host) ?? pathsOf.set(host, new Set()).get(host)!;
    paths.add(url.replace(/[?#].*$/s, "").replace(/^.*?:\/\/[^/]*/, ""));
  }
  return new Map([...pathsOf].map(([host, paths]) => [host, paths.size]));
}

/** Lower case, with the port; "" for what is no URL. */
export function hostOf(url: string): string {
  return (/^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(url)?.[1] ?? "").toLowerCase();
}
