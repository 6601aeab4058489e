/** Paints the map: tiles from the atlas, thumbnails when near, album names over them. */
import type { Picture } from "../wire.ts";
import type { Box, Camera } from "./camera.ts";
import type { AlbumView, Library } from "./library.ts";
import type { Spots } from "./spots.ts";
import type { Thumbnails } from "./thumbnails.ts";

export interface Label extends Box {
  readonly album: AlbumView;
}

export interface MapPainter {
  /** Paints all for a camera into `context`, whose canvas measures `width` × `height` CSS pixels. */
  paint(context: CanvasRenderingContext2D, camera: Camera, width: number, height: number): void;
  /** Paints the names and returns where they stand, in CSS pixels. */
  paintLabels(context: CanvasRenderingContext2D, camera: Camera, width: number, height: number): Label[];
  /** Only these stay bright; null: all */
  highlight(pictures: ReadonlySet<Picture> | null): void;
  /** a picture's longer side on the map, in map units */
  readonly tileSize: number;
}

/** Side of a tile in units of the mean distance between pictures; the layout spaces them about half a cell apart. */
const TILE_OF_CELL = 0.62;
/** From this many pixels a tile is worth a thumbnail. */
const THUMBNAIL_FROM_PX = 44;
const THUMBNAILS_KEPT = 400;
const LOADING_AT_ONCE = 12;

export function createMapPainter(
  library: Library,
  thumbnails: Thumbnails,
  spots: Spots,
  onImage: () => void,
): MapPainter {
  const { atlas } = library.wire;
  const tileSize = TILE_OF_CELL / Math.sqrt(Math.max(16, library.pictures.length));
  const sheets: CanvasImageSource[] = [];
  const large = new Map<Picture, HTMLImageElement>();
  let loading = 0;
  let bright: ReadonlySet<Picture> | null = null;
  const anchors = library.albums.map((album) => anchorOf(album));

  // A bitmap is decoded once; an <img> may be decoded again whenever the browser needs memory.
  thumbnails.sheets()?.forEach((uri, i) => {
    const image = new Image();
    image.addEventListener("load", async () => {
      sheets[i] = await createImageBitmap(image);
      onImage();
    });
    image.src = uri;
  });

  /** The thumbnail when it has come; asks for it when it has not. */
  const thumbnailOf = (picture: Picture): HTMLImageElement | null => {
    const known = large.get(picture);
    if (known) {
      large.delete(picture);
      large.set(picture, known); // last used, last dropped
      return known.complete && known.naturalWidth > 0 ? known : null;
    }
    const source = thumbnails.sourceOf(picture);
    if (source === null || loading >= LOADING_AT_ONCE) return null;
    const image = new Image();
    loading++;
    const settle = () => {
      loading--;
      onImage();
    };
    image.addEventListener("load", settle);
    image.addEventListener("error", settle);
    image.src = source;
    large.set(picture, image);
    if (large.size > THUMBNAILS_KEPT) large.delete(large.keys().next().value!);
    return null;
  };

  return {
    tileSize,
    highlight(pictures) {
      bright = pictures;
    },

    paint(context, camera, width, height) {
      context.clearRect(0, 0, width, height);
      const side = tileSize * camera.scale;
      const frame = side < 14 ? 0.75 : side < 60 ? 1.5 : 3;
      const visible: Picture[] = [];
      spots.within(
        {
          left: camera.x - tileSize,
          top: camera.y - tileSize,
          right: camera.x + width / camera.scale + tileSize,
          bottom: camera.y + height / camera.scale + tileSize,
        },
        (picture) => visible.push(picture),
      );
      // In the page's order tiles of one sheet follow each other, which spares the browser switching.
      visible.sort((a, b) => a.index - b.index);
      for (const picture of visible) {
        const { w, h } = sized(picture, side);
        const left = (picture.x - camera.x) * camera.scale - w / 2;
        const top = (picture.y - camera.y) * camera.scale - h / 2;
        context.globalAlpha = bright === null || bright.has(picture) ? 1 : 0.1;
        context.fillStyle = library.albums[picture.album]!.color;
        context.fillRect(left - frame, top - frame, w + 2 * frame, h + 2 * frame);
        const thumbnail = side >= THUMBNAIL_FROM_PX ? thumbnailOf(picture) : null;
        if (thumbnail) context.drawImage(thumbnail, left, top, w, h);
        else if (atlas) {
          const perSheet = atlas.columns * atlas.rowsPerSheet;
          const sheet = sheets[Math.floor(picture.index / perSheet)];
          const tile = picture.index % perSheet;
          const px = atlas.tilePx;
          if (sheet)
            context.drawImage(
              sheet,
              (tile % atlas.columns) * px,
              Math.floor(tile / atlas.columns) * px,
              px,
              px,
              left,
              top,
              w,
              h,
            );
        }
      }
      context.globalAlpha = 1;
    },

    paintLabels(context, camera, width, height) {
      const style = getComputedStyle(document.documentElement);
      const [ink, card] = [style.getPropertyValue("--ink"), style.getPropertyValue("--card")];
      const font = style.getPropertyValue("--sans");
      const placed: Label[] = [];
      const bySize = [...library.albums].sort((a, b) => b.pictures.length - a.pictures.length);
      context.textBaseline = "middle";
      for (const album of bySize) {
        const anchor = anchors[album.index];
        if (!anchor || album.isUnsorted) continue;
        const size =
          (album.pictures.length * 40 > library.pictures.length ? 14 : 12.5) - (width < 600 ? 2 : 0);
        context.font = `600 ${size}px ${font}`;
        const text = album.name.length > 32 ? `${album.name.slice(0, 31)}…` : album.name;
        const [w, h] = [context.measureText(text).width + 30, size + 13];
        const center = (anchor.x - camera.x) * camera.scale;
        const y = (anchor.y - camera.y) * camera.scale;
        if (center < 0 || center > width || y + h / 2 < 0 || y - h / 2 > height) continue;
        // A name whose place is in sight is in sight whole.
        const x = Math.min(width - w / 2 - 4, Math.max(w / 2 + 4, center));
        const label = { album, left: x - w / 2, top: y - h / 2, right: x + w / 2, bottom: y + h / 2 };
        if (placed.some((other) => overlaps(other, label))) continue;
        placed.push(label);
        context.globalAlpha = 0.9;
        context.fillStyle = card;
        context.beginPath();
        context.roundRect(label.left, label.top, w, h, h / 2);
        context.fill();
        context.globalAlpha = 1;
        context.fillStyle = album.color;
        context.beginPath();
        context.arc(label.left + 12, y, 4, 0, 2 * Math.PI);
        context.fill();
        context.fillStyle = ink;
        context.fillText(text, label.left + 21, y + 0.5);
      }
      return placed;
    },
  };
}

/** The proportions of the picture, its longer side `side`. */
function sized({ width, height }: Picture, side: number): { w: number; h: number } {
  if (width < 1 || height < 1) return { w: side, h: side };
  return width > height ? { w: side, h: (side * height) / width } : { w: (side * width) / height, h: side };
}

/** Where the album's name stands: the median on each axis, which strays do not move. */
function anchorOf({ pictures }: AlbumView): { x: number; y: number } | null {
  if (pictures.length === 0) return null;
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  return { x: middle(pictures.map((picture) => picture.x)), y: middle(pictures.map((picture) => picture.y)) };
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom + 3 && b.top < a.bottom + 3;
}
