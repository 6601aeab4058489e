/** Makes src/gallery/bundle.ts from src/gallery/client: `npx tsx scripts/bundle-gallery.ts`. A test checks it is fresh. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const CLIENT = fileURLToPath(new URL("../src/gallery/client/", import.meta.url));
export const BUNDLE = fileURLToPath(new URL("../src/gallery/bundle.ts", import.meta.url));
/** The oldest browsers the page is made for: those with `adoptedStyleSheets`, `dialog`, `color-mix`. */
const TARGET = ["chrome111", "firefox113", "safari16.4"];

/** The text of bundle.ts. The same sources give the same text. */
export async function bundleGallery(): Promise<string> {
  const script = await build({
    entryPoints: [`${CLIENT}main.ts`],
    bundle: true,
    minify: true,
    format: "iife",
    target: TARGET,
    charset: "ascii",
    legalComments: "none",
    write: false,
  });
  const style = await transform(await readFile(`${CLIENT}style.css`, "utf8"), {
    loader: "css",
    minify: true,
    target: TARGET,
    charset: "ascii",
  });
  const constants = { CLIENT_SCRIPT: script.outputFiles[0]!.text.trim(), CLIENT_STYLE: style.code.trim() };
  const lines = Object.entries(constants).flatMap(([name, text]) => {
    if (/<\/(script|style)/i.test(text)) throw new Error(`${name} would end its own element.`);
    const hash = createHash("sha256").update(text).digest("base64");
    return [`export const ${name} = ${JSON.stringify(text)};`, `export const ${name}_SHA256 = "${hash}";`];
  });
  return ["/** Generated from client/ by scripts/bundle-gallery.ts; do not edit. */", ...lines, ""].join(
    "\n",
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(BUNDLE, await bundleGallery());
