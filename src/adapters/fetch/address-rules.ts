/** Which addresses, schemes and ports a URL from a stranger may lead to. Pure: names are resolved elsewhere. */
import ipaddr from "ipaddr.js";
import { AlbumenError } from "../../errors.ts";
import { redactUrl } from "../../core/url-secrets.ts";

/** Lies in public address space, yet answers only the virtual machines of its own cloud: Azure's metadata. */
const CLOUD_INTERNAL = new Set(["168.63.129.16"]);

/**
 * Why this address must not be reached, in words that follow "it is "; null for one of the public internet.
 * What is allowed is listed, not what is forbidden: global unicast, by the IANA special-purpose registries (RFC 6890
 * and successors, as ipaddr.js keeps them). Of IPv6 that means 2000::/3, and what carries an IPv4 address inside is
 * judged by that one where a network makes such addresses for public hosts (mapped: RFC 4291, NAT64: RFC 6052); the
 * retired tunnels (6to4, Teredo) and network-local NAT64 (RFC 8215) are refused whole.
 */
export function whyNotPublic(address: string): string | null {
  // A zone names a network card of this machine.
  if (address.includes("%")) return "an address with a zone";
  if (!ipaddr.isValid(address)) return "no address";
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return whyNotPublicV4(parsed);
  const embedded = embeddedV4(parsed);
  if (embedded) {
    const reason = whyNotPublicV4(embedded);
    return reason === null ? null : `${reason} (${embedded.toString()}) inside IPv6`;
  }
  const range = parsed.range();
  if (range !== "unicast") return RANGE_WORDS[range] ?? "a reserved address";
  return parsed.match(ipaddr.IPv6.parse("2000::"), 3) ? null : "a reserved address";
}

const RANGE_WORDS: Readonly<Record<string, string>> = {
  unspecified: "an unspecified address",
  broadcast: "a broadcast address",
  multicast: "a multicast address",
  linkLocal: "a link-local address",
  loopback: "a loopback address",
  carrierGradeNat: "an address inside a carrier's network",
  private: "a private address",
  uniqueLocal: "a private address",
  deprecatedSiteLocal: "a private address",
  "6to4": "a 6to4 address",
  teredo: "a Teredo address",
};

function whyNotPublicV4(address: ipaddr.IPv4): string | null {
  if (CLOUD_INTERNAL.has(address.toString())) return "a cloud's internal address";
  const range = address.range();
  return range === "unicast" ? null : (RANGE_WORDS[range] ?? "a reserved address");
}

/** The last four bytes, where those are the host that is reached in the end. */
function embeddedV4(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (!address.match(ipaddr.IPv6.parse("64:ff9b::"), 96)) return null;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** A lower port belongs to mail, terminals, databases and the like, which a request in disguise could upset. */
const FIRST_UNPRIVILEGED_PORT = 1024;
const WEB_PORTS = new Set(["", "80", "443"]);

/**
 * Reads a URL and checks what can be seen without resolving its name: scheme, port, and the host when that is a
 * literal. The parser of the URL standard has by then undone every spelling of an address: decimal, octal,
 * hexadecimal, short, full-width, with a trailing dot.
 * Errors: `FETCH_BAD_URL`; `FETCH_REFUSED` unless `allowPrivate`.
 */
export function checkUrl(text: string, { allowPrivate }: { readonly allowPrivate: boolean }): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new AlbumenError("FETCH_BAD_URL", `${redactUrl(text)} is not a URL.`, { cause: error });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new AlbumenError("FETCH_BAD_URL", `${redactUrl(text)} is neither http nor https.`);
  if (allowPrivate) return url;
  if (!WEB_PORTS.has(url.port) && Number(url.port) < FIRST_UNPRIVILEGED_PORT)
    throw refused(text, `port ${url.port} serves no images`);
  const literal = literalOf(url);
  const reason = literal === null ? null : whyNotPublic(literal);
  if (reason !== null) throw refused(text, `${literal} is ${reason}`);
  return url;
}

/** The host when it is an address, without brackets; null for a name. */
function literalOf(url: URL): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(host) ? host : null;
}

function refused(url: string, why: string): AlbumenError {
  return new AlbumenError("FETCH_REFUSED", `${redactUrl(url)} is not fetched: ${why}.`, {
    hint: ALLOWING_HINT,
  });
}

/** What to do about a refusal. */
export const ALLOWING_HINT = "Use --allow-private when the list is your own and this is meant.";
