/** Finds coordinates in XMP (RDF/XML), whoever wrote them. Pure. */

export interface Span {
  readonly from: number;
  /** one past the last */
  readonly to: number;
}

/** `exif:GPSLatitude`, `drone-dji:GpsLongtitude` (sic), `dwc:decimalLatitude`, … */
const PLACE_NAME = /gps|latitude|longt?itude/i;
/** `geo:lat` of the W3C's vocabulary. */
const SHORT_NAME = /^(?:geo|wgs84|wgs84_pos):(?:lat|lon|long|lat_long|alt)$/i;

/** Is a property or a text of this name about where a picture was taken, in numbers? Names of towns are not meant. */
export function isPlaceName(name: string): boolean {
  return (PLACE_NAME.test(name) && !name.startsWith("xmlns:")) || SHORT_NAME.test(name);
}

/**
 * The properties of `xmp` that hold coordinates, attributes and elements, whole: blanks in their stead leave well-formed XML without
 * them. Null when one does not end. `xmp` is one character a byte, so that spans count bytes.
 */
export function placesInXmp(xmp: string): Span[] | null {
  const spans: Span[] = [];
  for (const match of xmp.matchAll(/<([\w.-]+:[\w.-]+)(?=[\s/>])/g)) {
    if (!isPlaceName(match[1]!)) continue;
    const from = match.index;
    if (spans.length > 0 && from < spans.at(-1)!.to) continue; // within one that goes already
    const tagEnd = endOfTag(xmp, from);
    if (tagEnd < 0) return null;
    if (xmp[tagEnd - 2] === "/") spans.push({ from, to: tagEnd });
    else {
      const closing = `</${match[1]!}`;
      const end = xmp.indexOf(">", xmp.indexOf(closing, tagEnd)) + 1;
      if (xmp.indexOf(closing, tagEnd) < 0 || end === 0) return null;
      spans.push({ from, to: end });
    }
  }
  for (const match of xmp.matchAll(/\s([\w.-]+:[\w.-]+)\s*=\s*(?:"[^"]*"|'[^']*')/g))
    if (isPlaceName(match[1]!)) spans.push({ from: match.index + 1, to: match.index + match[0].length });
  return spans;
}

/** One past the `>` of the tag that starts at `from`; a `>` within quotes is none. */
function endOfTag(xmp: string, from: number): number {
  let quote = "";
  for (let at = from; at < xmp.length; at++) {
    const letter = xmp[at]!;
    if (quote !== "") quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === ">") return at + 1;
  }
  return -1;
}
