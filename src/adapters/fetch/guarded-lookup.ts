/** Names → addresses for connections: resolved once, checked, and only what passed is ever connected to. */
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { callbackify } from "node:util";
import { AlbumenError } from "../../errors.ts";
import { ALLOWING_HINT, whyNotPublic } from "./address-rules.ts";

/** Every address of a name, best first. Throws an error with a `code`, as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface GuardedLookupOptions {
  /** the system's resolver (hosts file included) when omitted */
  readonly resolve?: Resolve | undefined;
  readonly allowPrivate: boolean;
  /** milliseconds; only differences count */
  readonly now: () => number;
}

/** Long enough to spare the system's few resolving threads, short enough to follow a host that moves. */
const KEEP_MS = 60_000;
const MAX_NAMES = 10_000;

/**
 * A `lookup` for `net.connect` and `tls.connect`. DNS rebinding finds no gap, for the addresses that are checked are
 * those that are handed to the connection: no name is asked twice for one. Of a name with public and private
 * addresses only the public ones are given.
 * `net.connect` does not call it for a host that is an address already; `checkUrl` judges those.
 * Errors (to the callback): `FETCH_REFUSED`, and whatever the resolver throws.
 */
export function createGuardedLookup({ resolve, allowPrivate, now }: GuardedLookupOptions): LookupFunction {
  const ask = resolve ?? resolveBySystem;
  const known = new Map<
    string,
    { readonly untilMs: number; readonly addresses: Promise<readonly LookupAddress[]> }
  >();

  const checked = async (hostname: string): Promise<readonly LookupAddress[]> => {
    const found = await ask(hostname);
    if (allowPrivate) return found;
    const open = found.filter(({ address }) => whyNotPublic(address) === null);
    if (open.length > 0 || found.length === 0) return open;
    const { address } = found[0]!;
    throw new AlbumenError(
      "FETCH_REFUSED",
      `${hostname} is not connected to: ${address} is ${whyNotPublic(address)}.`,
      { hint: ALLOWING_HINT },
    );
  };

  const remembered = (hostname: string): Promise<readonly LookupAddress[]> => {
    const entry = known.get(hostname);
    if (entry && entry.untilMs > now()) return entry.addresses;
    known.delete(hostname);
    const addresses = checked(hostname);
    known.set(hostname, { untilMs: now() + KEEP_MS, addresses });
    if (known.size > MAX_NAMES) known.delete(known.keys().next().value!); // the oldest
    return addresses;
  };

  const remember = callbackify(remembered);
  return (hostname, options, callback) =>
    remember(hostname, (error, all) => {
      if (error) return callback(error, "", 0);
      const wanted = options.family === 4 || options.family === "IPv4" ? 4 : options.family ? 6 : 0;
      const addresses = all.filter(({ family }) => wanted === 0 || family === wanted);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      if (first) return callback(null, first.address, first.family);
      return callback(Object.assign(new Error(`no address for ${hostname}`), { code: "ENOTFOUND" }), "", 0);
    });
}

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}
