/** Makes docs/images/gallery.png: the gallery of the drawn demo pictures. `tsx scripts/docs-picture.ts`. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { makeDemo, openCatalog } from "../src/compose.ts";
import { chromiumOrSkip } from "../test/support/browser.ts";
import { valueOf } from "../test/support/skip.ts";

const TARGET = fileURLToPath(new URL("../docs/images/gallery.png", import.meta.url));
const MAX_BYTES = 300_000;

const work = await mkdtemp(join(tmpdir(), "albumen-picture-"));
try {
  const { folder } = await makeDemo(join(work, "pictures"), new AbortController().signal);
  const catalog = await openCatalog({ out: join(work, "albums") });
  let gallery: string | null;
  try {
    ({ gallery } = await catalog.organize([folder]));
  } finally {
    await catalog.close();
  }
  const browser = await chromium.launch({
    executablePath: valueOf(chromiumOrSkip()),
    args: ["--no-sandbox"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1120, height: 700 }, colorScheme: "light" });
    if (gallery === null) throw new Error("The run made no gallery.");
    await page.goto(pathToFileURL(gallery).href);
    await page.waitForLoadState("networkidle");
    const shot = await page.screenshot();
    await sharp(shot).png({ palette: true, colours: 256, effort: 10 }).toFile(TARGET);
  } finally {
    await browser.close();
  }
  const { size } = await stat(TARGET);
  if (size > MAX_BYTES) throw new Error(`${TARGET} has ${size} bytes, more than ${MAX_BYTES}.`);
  process.stdout.write(`${TARGET}: ${size} bytes\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
