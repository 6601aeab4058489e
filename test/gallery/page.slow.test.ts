import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAtlas, makePreviews } from "../../src/adapters/atlas/sharp.ts";
import { createMemoryBlobStore } from "../../src/adapters/blob-store/memory.ts";
import type { GalleryData, GalleryImage } from "../../src/gallery/data.ts";
import { previewOrder, renderGallery } from "../../src/gallery/render.ts";
import { chromiumOrSkip } from "../support/browser.ts";
import { titleOf, valueOf } from "../support/skip.ts";
import { sampleAlbum, sampleGallery, sampleImage } from "./sample.ts";

const browserPath = chromiumOrSkip();
const HOSTILE = "</script><img src=x onerror=alert(1)>\u202e";
const PER_ALBUM = 60;
const COLORS = ["#b03a2e", "#2471a3", "#239b56"];

describe.skipIf(!browserPath.isAvailable)(titleOf("the gallery page in a browser", browserPath), () => {
  let browser: Browser;
  let folder: string;
  let page: Page;
  /** what the page complained of, and what it asked the network for */
  let complaints: string[];
  let remote: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "albumen-gallery-"));
    await writeGallery(folder);
    browser = await chromium.launch({
      executablePath: valueOf(browserPath),
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(hash: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<void> {
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    complaints = [];
    remote = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) remote.push(request.url());
    });
    await page.goto(`${pathToFileURL(join(folder, "index.html")).href}${hash}`);
  }

  /** Every test ends so: no script error, no broken policy, no request but to files beside the page. */
  async function closeCleanly(): Promise<void> {
    expect(complaints).toEqual([]);
    expect(remote).toEqual([]);
    await page.close();
  }

  it("shows the albums, nested ones under their parent, Unsorted last, and what could not be read", async () => {
    await open("#/");
    expect(await page.locator("h1").innerText()).toBe("Holiday");
    expect(await page.locator(".lead").innerText()).toBe("180 pictures in 2 albums");
    expect(await page.locator(".shelf h2 a").allInnerTexts()).toEqual(["Places"]);
    expect(await page.locator(".shelf .card-name").allInnerTexts()).toEqual(["Sea"]);
    expect((await page.locator(".card-name").allInnerTexts()).at(-1)).toBe("Unsorted");
    await page.locator(".notice").click();
    expect(await page.locator("#failures h2").innerText()).toBe("1 file could not be read");
    expect(await page.locator(".failed-files .file").innerText()).toContain("broken.jpg");
    await closeCleanly();
  });

  it("paints covers from the page itself, and thumbnails from files beside it", async () => {
    await open("#/album/sea");
    await page.waitForFunction(() => document.querySelectorAll(".strip img.loaded").length === 3);
    await page.waitForFunction(() => document.querySelectorAll(".wall img.loaded").length > 10);
    const sources = await page
      .locator(".wall img")
      .evaluateAll((images) => images.map((image) => image.getAttribute("src")!));
    expect(sources.some((source) => source.startsWith("./.albumen/thumbs/"))).toBe(true);
    expect(await page.locator(".strip img").first().getAttribute("src")).toMatch(/^data:image\/webp/);
    await closeCleanly();
  });

  it("opens a picture with its facts; arrows, Escape, Back and Tab do what they should", async () => {
    await open("#/album/sea");
    await page.locator(".wall-cell").nth(1).click();
    const dialog = page.locator("dialog.lightbox");
    await page.waitForFunction(() => document.querySelector(".full img.loaded"));
    expect(await dialog.locator(".full img").getAttribute("src")).toMatch(/^\.\/Sea%20%231\/IMG_/);
    const first = await dialog.locator("h2").innerText();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(
      (before) => document.querySelector(".details h2")!.textContent !== before,
      first,
    );
    expect(await dialog.locator(".details > .soft").innerText()).toBe("3 of 60 pictures");
    expect(await dialog.locator("dl").innerText()).toMatch(/Album\s*Sea\s*Likeness[^]*Size\s*60 × 40/);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog")!.open);
    expect(new URL(page.url()).hash).toBe("#/album/sea");
    // Focus is back on a picture; arrows walk the wall, Enter opens.
    await page.keyboard.press("End");
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset["index"])).toBe("59");
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("dialog")!.open);
    await page.goBack();
    await page.waitForFunction(() => !document.querySelector("dialog")!.open);
    await closeCleanly();
  });

  it("shows a small copy of what browsers cannot show", async () => {
    await open("#/search?q=phone");
    await page.locator(".wall-cell").click();
    await page.waitForFunction(() => document.querySelector(".full img.loaded"));
    expect(await page.locator(".full img").getAttribute("src")).toMatch(/^\.\/\.albumen\/thumbs\//);
    expect(await page.locator(".note").innerText()).toContain("this browser cannot show the file");
    await closeCleanly();
  });

  it("searches as one types, from the slash key, whatever the accents", async () => {
    await open("#/");
    await page.keyboard.press("/");
    await page.keyboard.type("CAFE");
    await page.waitForFunction(() => location.hash === "#/search?q=CAFE");
    expect(await page.locator(".lead").innerText()).toBe("1 picture in 1 album");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => location.hash.startsWith("#/albums"));
    await closeCleanly();
  });

  it("lets hostile names be no more than text", async () => {
    await open("#/");
    const name = page.locator(".card-name", { hasText: "onerror" });
    expect(await name.innerText()).toBe("</script><img src=x onerror=alert(1)>\ufffd");
    await name.click();
    await page.waitForFunction(() => document.querySelector("h1")!.textContent!.includes("onerror"));
    await page.locator(".wall-cell").first().click();
    await page.waitForFunction(() => document.querySelector(".full img.loaded"));
    expect((await page.locator(".details h2").innerText()).length).toBeLessThan(700);
    expect(await page.locator("img[src='x']").count()).toBe(0);
    await closeCleanly();
  });

  it("draws the map, zooms with the wheel, and opens what is clicked", async () => {
    await open("#/map");
    // By screenshot: a page from disk may not read back a canvas that holds files.
    const inked = async () => {
      const png = await page.locator(".map-canvas").screenshot();
      const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      let count = 0;
      for (let at = 0; at < data.length; at += 3) count += Number(Math.abs(data[at]! - 250) > 20);
      return count / (info.width * info.height);
    };
    await expect.poll(inked).toBeGreaterThan(0.05);
    const before = await inked();
    await page.mouse.move(640, 420);
    for (let i = 0; i < 3; i++) await page.mouse.wheel(0, -300);
    await expect.poll(inked).not.toBe(before);
    await page.keyboard.press("Tab");
    await page.locator(".map-controls button").nth(2).click();
    // All pictures of the second album lie on one spot of the map: see writeGallery.
    await page.waitForTimeout(600);
    const box = (await page.locator(".map-canvas").boundingBox())!;
    const side = Math.min(box.width, box.height) * 0.86;
    await page.mouse.click(box.x + box.width / 2 + side / 2, box.y + box.height / 2 + side / 2);
    await page.waitForFunction(
      () => document.querySelector("dialog")!.open || location.hash.startsWith("#/album"),
    );
    await closeCleanly();
  });

  it("keeps few elements however many pictures there are", async () => {
    await open("#/search?q=jpg");
    expect(await page.locator(".lead").innerText()).toBe("179 pictures in 3 albums");
    expect(await page.locator(".wall-cell").count()).toBeLessThan(120);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction(() => document.querySelector("[data-index='178']"));
    expect(await page.locator("[data-index='0']").count()).toBe(0);
    await closeCleanly();
  });

  it("follows the system's colours until told otherwise", async () => {
    await open("#/", { colorScheme: "dark" });
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(await paper()).toBe("rgb(21, 20, 18)");
    await page.getByRole("button", { name: /Colours/ }).click(); // dark
    await page.getByRole("button", { name: /Colours/ }).click(); // light
    expect(await paper()).toBe("rgb(250, 248, 244)");
    await closeCleanly();
  });

  it("fits a phone: nothing sticks out sideways", async () => {
    for (const hash of ["#/", "#/album/sea", "#/map", "#/run"]) {
      await open(hash, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await closeCleanly();
    }
  });
});

/** Three albums of 60, one nested, one hostile, one unsorted; every file and thumbnail on disk but HEIC pixels. */
async function writeGallery(folder: string): Promise<void> {
  const folders = ["Sea #1", "hostile", "Unsorted"];
  const images = Array.from({ length: 3 * PER_ALBUM }, (_, i): GalleryImage => {
    const album = Math.floor(i / PER_ALBUM);
    const inAlbum = i % PER_ALBUM;
    const base = sampleImage(i);
    const name = i === 5 ? "phone.heic" : base.file.split("/")[1]!;
    return {
      ...base,
      file: `${folders[album]}/${name}`,
      album: [1, 2, 3][album]!,
      // The second album's pictures share the lower right corner, the others spread over the rest.
      x: album === 1 ? 1 : (i * 0.618) % 0.9,
      y: album === 1 ? 1 : (i * 0.414) % 0.9,
      representativeRank: inAlbum < 3 ? inAlbum : -1,
      caption: i === 7 ? "A café by the sea" : album === 1 ? HOSTILE.repeat(250) : null,
      width: i === 5 ? 4000 : 60,
      height: i === 5 ? 3000 : 40,
    };
  });
  const thumbnails = createMemoryBlobStore();
  for (const [i, image] of images.entries()) {
    const background = COLORS[Math.floor(i / PER_ALBUM)]!;
    const picture = sharp({ create: { width: 60, height: 40, channels: 3, background } });
    const webp = await picture.webp().toBuffer();
    await thumbnails.put(image.sha256, webp);
    await put(join(folder, image.thumb!), webp);
    await put(
      join(folder, image.file),
      i === 5 ? Buffer.from("not for browsers") : await picture.jpeg().toBuffer(),
    );
  }
  const call = { signal: new AbortController().signal };
  const wanted = previewOrder({ images }).map((i) => [i, images[i]!.sha256] as const);
  const data: GalleryData = sampleGallery({
    title: "Holiday",
    albums: [
      sampleAlbum({ id: "places", name: "Places", cohesion: null, trust: null }),
      sampleAlbum({ id: "sea", name: "Sea", parentId: "places" }),
      sampleAlbum({ id: HOSTILE, name: HOSTILE }),
      sampleAlbum({ id: "unsorted", name: "Unsorted", nameSource: "neutral", nameScore: null }),
    ],
    images,
    atlas: await makeAtlas(
      images.map((image) => image.sha256),
      thumbnails,
      { budgetBytes: 1e6 },
      call,
    ),
    previews: await makePreviews(wanted, thumbnails, { budgetBytes: 1e6 }, call),
    failures: [{ source: "/photos/broken.jpg", code: "IMAGE_TRUNCATED", reason: "ends early" }],
  });
  await writeFile(join(folder, "index.html"), renderGallery(data));
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
