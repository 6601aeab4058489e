import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkUrl, whyNotPublic } from "./address-rules.ts";

/** What a URL leads to: "fetched", or the code it is refused with. */
function verdict(url: string, allowPrivate = false): string {
  try {
    checkUrl(url, { allowPrivate });
    return "fetched";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["loopback", "http://127.0.0.1/"],
  ["loopback, another of its net", "http://127.8.9.10/"],
  ["loopback, short", "http://127.1/"],
  ["loopback, decimal", "http://2130706433/"],
  ["loopback, hexadecimal", "http://0x7f000001/"],
  ["loopback, hexadecimal by parts", "http://0x7f.0x0.0x0.0x1/"],
  ["loopback, octal", "http://0177.0.0.1/"],
  ["loopback, octal with zeros", "http://0000177.0.0.01/"],
  ["loopback, one octal number", "http://017700000001/"],
  ["loopback, mixed", "http://0x7f.1/"],
  ["loopback, trailing dot", "http://127.0.0.1./"],
  ["loopback, percent-encoded", "http://%31%32%37.0.0.1/"],
  ["loopback, full-width digits", "http://１２７.０.０.１/"],
  ["loopback, ideographic dots", "http://127。0。0。1/"],
  ["loopback behind a user", "http://example.com@127.0.0.1/"],
  ["loopback with backslashes", "http:\\\\127.0.0.1\\a.jpg"],
  ["loopback without slashes", "http:127.0.0.1/a.jpg"],
  ["this host", "http://0.0.0.0/"],
  ["this host, short", "http://0/"],
  ["this net", "http://0.1.2.3/"],
  ["private 10/8", "http://10.1.2.3/"],
  ["private 172.16/12, its end", "http://172.31.255.255/"],
  ["private 192.168/16", "https://192.168.1.1/"],
  ["private, hexadecimal", "http://0xc0a80101/"],
  ["carrier-grade NAT", "http://100.64.0.1/"],
  ["carrier-grade NAT, its end", "http://100.127.255.255/"],
  ["metadata of AWS, Google, Azure", "http://169.254.169.254/latest/meta-data/"],
  ["metadata, decimal", "http://2852039166/"],
  ["metadata of AWS containers", "http://169.254.170.2/"],
  ["metadata of Alibaba", "http://100.100.100.200/"],
  ["metadata of Oracle", "http://192.0.0.192/"],
  ["metadata of Azure, a public-looking one", "http://168.63.129.16/"],
  ["IETF protocols", "http://192.0.0.8/"],
  ["documentation", "http://192.0.2.1/"],
  ["6to4 relay", "http://192.88.99.1/"],
  ["benchmarking", "http://198.19.0.1/"],
  ["multicast", "http://224.0.0.1/"],
  ["reserved", "http://240.0.0.1/"],
  ["broadcast", "http://255.255.255.255/"],
  ["IPv6 loopback", "http://[::1]/"],
  ["IPv6 loopback, spelled out", "http://[0:0:0:0:0:0:0:1]/"],
  ["IPv6 unspecified", "http://[::]/"],
  ["IPv6 link-local", "http://[fe80::1]/"],
  ["IPv6 site-local", "http://[fec0::1]/"],
  ["IPv6 unique local", "http://[fd12:3456::1]/"],
  ["IPv6 metadata of AWS", "http://[fd00:ec2::254]/"],
  ["IPv6 multicast", "http://[ff02::1]/"],
  ["IPv6 documentation", "http://[2001:db8::1]/"],
  ["IPv6 documentation, the newer one", "http://[3fff::1]/"],
  ["IPv6 discard", "http://[100::1]/"],
  ["IPv6 outside of what is given out", "http://[4000::1]/"],
  ["IPv4-mapped loopback", "http://[::ffff:127.0.0.1]/"],
  ["IPv4-mapped metadata in hexadecimal", "http://[::ffff:a9fe:a9fe]/"],
  ["IPv4-compatible loopback", "http://[::127.0.0.1]/"],
  ["IPv4-translated private", "http://[::ffff:0:10.0.0.1]/"],
  ["NAT64 of loopback", "http://[64:ff9b::7f00:1]/"],
  ["NAT64 of metadata", "http://[64:ff9b::169.254.169.254]/"],
  ["NAT64 of the network's own", "http://[64:ff9b:1::8.8.8.8]/"],
  ["6to4 of a private address", "http://[2002:a00:1::]/"],
  ["6to4 of a public address", "http://[2002:808:808::1]/"],
  ["Teredo", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/"],
  ["port of mail", "http://example.com:25/"],
  ["port of a terminal", "http://example.com:22/"],
];

const BAD: readonly (readonly [string, string])[] = [
  ["file", "file:///etc/passwd"],
  ["ftp", "ftp://example.com/a.jpg"],
  ["gopher", "gopher://127.0.0.1:6379/_FLUSHALL"],
  ["data", "data:image/png;base64,AAAA"],
  ["javascript", "javascript:alert(1)"],
  ["no scheme", "//example.com/a.jpg"],
  ["no host", "http://"],
  ["a number too large for an address", "http://4294967296/"],
  ["a fifth part", "http://127.0.0.1.1/"],
  ["a zone", "http://[fe80::1%25eth0]/"],
  ["a line break in the host", "http://exa mple.com/"],
];

const FETCHED: readonly (readonly [string, string])[] = [
  ["a name", "https://example.com/a.jpg"],
  ["a name with a trailing dot", "https://example.com./a.jpg"],
  ["a name that starts like an address", "https://127.0.0.1.example.com/a.jpg"],
  ["a high port", "http://example.com:8080/a.jpg"],
  ["a public address", "http://8.8.8.8/"],
  ["just below private", "http://172.15.255.255/"],
  ["just above private", "http://172.32.0.0/"],
  ["just below carrier-grade NAT", "http://100.63.255.255/"],
  ["just above link-local", "http://169.255.0.0/"],
  ["public IPv6", "http://[2606:4700:4700::1111]/"],
  ["public IPv4 mapped", "http://[::ffff:8.8.8.8]/"],
  ["NAT64 of a public address", "http://[64:ff9b::8.8.8.8]/"],
];

describe("addresses that strangers may name", () => {
  it.each(REFUSED)("refuses %s: %s", (_, url) => {
    expect(verdict(url)).toBe("FETCH_REFUSED");
  });

  it.each(BAD)("takes no %s: %s", (_, url) => {
    expect([verdict(url), verdict(url, true)]).toEqual(["FETCH_BAD_URL", "FETCH_BAD_URL"]);
  });

  it.each(FETCHED)("fetches %s: %s", (_, url) => {
    expect(verdict(url)).toBe("fetched");
  });

  it("fetches whatever is refused once that is allowed", () => {
    for (const [, url] of REFUSED) expect([url, verdict(url, true)]).toEqual([url, "fetched"]);
  });

  it("says why, and shows no password", () => {
    const check = () => checkUrl("http://ana:s3cret@0x7f.1:8080/a.jpg", { allowPrivate: false });
    expect(check).toThrow("http://***@0x7f.1:8080/a.jpg is not fetched: 127.0.0.1 is a loopback address.");
  });

  it("judges an IPv4 address the same in every spelling and inside IPv6", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
        const dotted = [a, b, c, d].join(".");
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const expected = verdict(`http://${dotted}/`);
        for (const host of [
          String(number),
          `0x${number.toString(16)}`,
          `0${number.toString(8)}`,
          `0x${a.toString(16)}.0${b.toString(8)}.${c * 256 + d}`,
          `[::ffff:${dotted}]`,
          `[64:ff9b::${dotted}]`,
        ])
          expect([host, verdict(`http://${host}/`)]).toEqual([host, expected]);
        expect(whyNotPublic(dotted) === null).toBe(expected === "fetched");
      }),
    );
  });

  it("takes an address with a zone, and no address at all, for none of the public internet", () => {
    expect([
      whyNotPublic("fe80::1%eth0"),
      whyNotPublic("2606:4700::1%eth0"),
      whyNotPublic("localhost"),
    ]).toEqual(["an address with a zone", "an address with a zone", "no address"]);
  });
});
