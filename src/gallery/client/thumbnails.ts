/** Shows pictures small: the thumbnail's file, over a preview from the page, over the atlas tile. */
import { relativeUrl } from "../text.ts";
import type { GalleryWire, Picture } from "../wire.ts";
import { h } from "./dom.ts";

export interface Thumbnails {
  /** A box that holds the picture; `shape` "filled" fills and crops, "whole" shows all of it. */
  box(picture: Picture, shape: "filled" | "whole", alt: string): HTMLElement;
  /** where the thumbnail, or the best that the page itself has, is; null when there is nothing */
  sourceOf(picture: Picture): string | null;
  /** Paints the tile behind an element. */
  placeBehind(element: HTMLElement, picture: Picture): void;
  /** Called once the sheets, which stand last in the page, have arrived. */
  useSheets(sheets: readonly string[]): void;
  /** null until they have, or without an atlas */
  sheets(): readonly string[] | null;
}

export function createThumbnails(wire: GalleryWire): Thumbnails {
  const previews = new Map(wire.previews);
  const { atlas } = wire;
  let sheets: readonly string[] | null = null;

  const thumbnails: Thumbnails = {
    sourceOf: (picture) =>
      picture.thumb === null ? (previews.get(picture.index) ?? null) : relativeUrl(picture.thumb),

    placeBehind(element, picture) {
      if (!atlas) return;
      const perSheet = atlas.columns * atlas.rowsPerSheet;
      const sheet = Math.floor(picture.index / perSheet);
      const tile = picture.index % perSheet;
      const onSheet = Math.min(perSheet, wire.images.sha.length - sheet * perSheet);
      const rows = Math.ceil(onSheet / atlas.columns);
      const column = tile % atlas.columns;
      const row = Math.floor(tile / atlas.columns);
      element.classList.add("tile", `sheet-${sheet}`);
      element.style.backgroundSize = `${atlas.columns * 100}% ${rows * 100}%`;
      element.style.backgroundPosition = `${percent(column, atlas.columns)} ${percent(row, rows)}`;
    },

    box(picture, shape, alt) {
      const box = h("span", { class: `thumb ${shape}` });
      thumbnails.placeBehind(box, picture);
      const preview = previews.get(picture.index);
      const file = picture.thumb === null ? null : relativeUrl(picture.thumb);
      // A preview is there at once; the sharper file replaces it when it has come. Without either the tile remains.
      if (preview !== undefined) box.append(imageOf(preview, alt, false));
      else if (file !== null) box.append(imageOf(file, alt, true));
      else box.append(h("span", { class: "visually-hidden" }, alt));
      return box;
    },

    useSheets(arrived) {
      sheets = arrived;
      const style = new CSSStyleSheet();
      arrived.forEach((uri, i) => style.insertRule(`.sheet-${i}{background-image:url("${uri}")}`));
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];
    },
    sheets: () => sheets,
  };
  return thumbnails;
}

function imageOf(source: string, alt: string, isLazy: boolean): HTMLImageElement {
  const image = h("img", { alt, decoding: "async", draggable: "false", loading: isLazy && "lazy" });
  image.addEventListener("load", () => image.classList.add("loaded"));
  // The alternative text stays for readers of the screen; the broken-image mark does not cover the tile.
  image.addEventListener("error", () => image.classList.add("missing"));
  image.src = source;
  return image;
}

function percent(index: number, count: number): string {
  return count < 2 ? "0%" : `${(index / (count - 1)) * 100}%`;
}
