/** Turns a gallery's data into one self-contained page. Pure. */
import { CLIENT_SCRIPT, CLIENT_SCRIPT_SHA256, CLIENT_STYLE, CLIENT_STYLE_SHA256 } from "./bundle.ts";
import type { GalleryData } from "./data.ts";
import { countOf, escapeHtml, jsonForScript, relativeUrl } from "./text.ts";
import { encodeGallery, type GalleryWire } from "./wire.ts";

/**
 * The page asks for nothing but pictures beside it or inside it, runs no script and takes no style but its own.
 * `file:` is named because 'self' means nothing to a page opened from disk.
 */
const POLICY = [
  "default-src 'none'",
  "img-src 'self' data: file:",
  `script-src 'sha256-${CLIENT_SCRIPT_SHA256}'`,
  `style-src 'sha256-${CLIENT_STYLE_SHA256}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * One HTML file to be written beside the album folders, UTF-8. Works from `file://`; asks no network.
 *
 * Cost: about 170 bytes an image, plus previews and atlas sheets as given. All text is data: it comes to the screen
 * by `textContent` only, so names and captions may hold anything.
 */
export function renderGallery(data: GalleryData): string {
  const wire = encodeGallery(data);
  const sheets = (data.atlas?.sheets ?? []).map((uri) => jsonBlock('class="gallery-sheet"', uri));
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(wire.title)}</title>`,
    `<style>${CLIENT_STYLE}</style>`,
    "</head>",
    "<body>",
    `<div id="app">${withoutScript(data, wire)}</div>`,
    jsonBlock('id="gallery-data"', wire),
    `<script>${CLIENT_SCRIPT}</script>`,
    // Last, because they are large and only the map cannot do without them.
    ...sheets,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/**
 * Indexes of the images whose previews are worth a place in the page, most worth first: the first cover of every
 * album, then the second of every album, and so on.
 */
export function previewOrder(data: Pick<GalleryData, "images">): number[] {
  return data.images
    .map((image, index) => ({ index, rank: image.representativeRank, album: image.album }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.album - b.album || a.index - b.index)
    .map(({ index }) => index);
}

function jsonBlock(attribute: string, value: unknown): string {
  return `<script type="application/json" ${attribute}>${jsonForScript(value)}</script>`;
}

/** What is left where scripts do not run: the albums by name, each with its pictures' folder. */
function withoutScript(data: GalleryData, wire: GalleryWire): string {
  const folders = wire.albums.map((_, album) => {
    const first = wire.images.album.indexOf(album);
    return first < 0 ? null : wire.images.folders[wire.images.folder[first]!]!;
  });
  const counts = wire.albums.map(() => 0);
  for (const album of wire.images.album) counts[album]!++;
  const items = wire.albums.map(({ name }, i) => {
    const folder = folders[i];
    if (folder === null || folder === undefined) return "";
    return `<li><a href="${escapeHtml(relativeUrl(folder))}">${escapeHtml(name)}</a>, ${countOf(counts[i]!, "picture")}</li>`;
  });
  return `<noscript><main><h1>${escapeHtml(wire.title)}</h1><p>${countOf(data.images.length, "picture")}. The gallery needs JavaScript; these are the folders.</p><ul>${items.join("")}</ul></main></noscript>`;
}
