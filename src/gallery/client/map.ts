/** The map of all pictures: drag, wheel, pinch and keys move it; a picture or a name opens. */
import { countOf } from "../text.ts";
import type { Picture } from "../wire.ts";
import { between, fit, panBy, zoomAbout, type Camera } from "./camera.ts";
import { h, icon, ICONS, isolated } from "./dom.ts";
import type { Library } from "./library.ts";
import { createMapPainter, type Label } from "./map-painter.ts";
import { createSpots } from "./spots.ts";
import type { Thumbnails } from "./thumbnails.ts";

export interface MapView {
  readonly element: HTMLElement;
  highlight(pictures: ReadonlySet<Picture> | null): void;
  /** Redraws, e.g. after a change of colours. */
  refresh(): void;
  dispose(): void;
}

export interface MapOptions {
  readonly library: Library;
  readonly thumbnails: Thumbnails;
  albumHref(index: number): string;
  onOpen(picture: Picture): void;
}

/** Painted beyond the screen on each side, as a share of it, so that a pan has something to show at once. */
const MARGIN = 0.25;
/** A paint slower than this is done when the hand rests; until then the last one is moved and scaled. */
const QUICK_MS = 9;
const REST_MS = 90;

export function createMap({ library, thumbnails, albumHref, onOpen }: MapOptions): MapView {
  const canvas = h("canvas", {
    class: "map-canvas",
    tabindex: 0,
    role: "application",
    "aria-label": `Map of ${countOf(library.pictures.length, "picture")}. Arrows move, plus and minus zoom, 0 shows all. The list of albums follows.`,
  });
  const card = h("div", { class: "map-card", hidden: true });
  const control = (label: string, path: string, act: () => void) =>
    h(
      "button",
      { type: "button", class: "round", "aria-label": label, title: label, on: { click: act } },
      icon(path),
    );
  const element = h(
    "div",
    { class: "map" },
    canvas,
    card,
    h(
      "div",
      { class: "map-controls" },
      control("Zoom in", ICONS.plus, () => glide(zoomed(1.8))),
      control("Zoom out", ICONS.minus, () => glide(zoomed(1 / 1.8))),
      control("Show all", ICONS.fit, () => glide(fitted())),
    ),
    legendOf(library, albumHref),
  );

  const spots = createSpots(library.pictures);
  const painter = createMapPainter(library, thumbnails, spots, () => stale());
  const screen = canvas.getContext("2d")!;
  const scene = document.createElement("canvas");
  const sceneContext = scene.getContext("2d")!;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let [width, height, density] = [0, 0, 1];
  let camera: Camera = { x: 0, y: 0, scale: 1 };
  /** what `scene` was painted for; null when it must be painted anew */
  let painted: Camera | null = null;
  let paintMs = 0;
  let labels: Label[] = [];
  let frame = 0;
  let rest = 0;
  let hasOwnView = false;

  const limits = (): [number, number] => [
    Math.min(width, height) * 0.5,
    Math.max(400, 240 / painter.tileSize),
  ];
  const fitted = () => {
    const box = { left: 1, top: 1, right: 0, bottom: 0 };
    for (const { x, y } of library.pictures) {
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y);
    }
    return fit(box, width, height, Math.min(width, height) * 0.07);
  };
  const zoomed = (factor: number) => zoomAbout(camera, width / 2, height / 2, factor, limits());

  const request = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  /** Something in the scene changed; paint again as soon as is reasonable. */
  const stale = () => {
    clearTimeout(rest);
    rest = window.setTimeout(repaint, paintMs > QUICK_MS ? REST_MS : 0);
  };
  const repaint = () => {
    painted = null;
    request();
  };

  const paintScene = () => {
    const started = performance.now();
    const view: Camera = {
      ...camera,
      x: camera.x - (MARGIN * width) / camera.scale,
      y: camera.y - (MARGIN * height) / camera.scale,
    };
    painter.paint(sceneContext, view, width * (1 + 2 * MARGIN), height * (1 + 2 * MARGIN));
    painted = view;
    paintMs = performance.now() - started;
  };

  const draw = () => {
    frame = 0;
    if (width === 0) return;
    if (painted === null || (paintMs <= QUICK_MS && painted.scale !== camera.scale)) paintScene();
    const from = painted!;
    const ratio = camera.scale / from.scale;
    screen.setTransform(density, 0, 0, density, 0, 0);
    screen.clearRect(0, 0, width, height);
    screen.drawImage(
      scene,
      (from.x - camera.x) * camera.scale,
      (from.y - camera.y) * camera.scale,
      width * (1 + 2 * MARGIN) * ratio,
      height * (1 + 2 * MARGIN) * ratio,
    );
    labels = painter.paintLabels(screen, camera, width, height);
  };

  const moveTo = (next: Camera) => {
    camera = next;
    hasOwnView = true;
    card.hidden = true;
    request();
    if (painted) {
      const dx = Math.abs((painted.x - camera.x) * camera.scale + MARGIN * width);
      const dy = Math.abs((painted.y - camera.y) * camera.scale + MARGIN * height);
      const isOutside = dx > MARGIN * width * 0.9 || dy > MARGIN * height * 0.9;
      if (isOutside && paintMs <= QUICK_MS * 3) repaint();
      else if (isOutside || painted.scale !== camera.scale) stale();
    }
  };

  let gliding = 0;
  const glide = (target: Camera) => {
    cancelAnimationFrame(gliding);
    if (isCalm) return moveTo(target);
    const [from, started] = [camera, performance.now()];
    const step = (now: number) => {
      const t = Math.min(1, (now - started) / 260);
      moveTo(between(from, target, 1 - (1 - t) ** 3));
      if (t < 1) gliding = requestAnimationFrame(step);
    };
    gliding = requestAnimationFrame(step);
  };

  const labelAt = (x: number, y: number) =>
    labels.find((label) => x >= label.left && x <= label.right && y >= label.top && y <= label.bottom);
  const pictureAt = (x: number, y: number) =>
    spots.nearest(
      camera.x + x / camera.scale,
      camera.y + y / camera.scale,
      Math.max(painter.tileSize * 0.55, 8 / camera.scale),
    );

  const hover = (x: number, y: number) => {
    const label = labelAt(x, y);
    const picture = label ? null : pictureAt(x, y);
    canvas.classList.toggle("on-something", label !== undefined || picture !== null);
    if (!picture) {
      card.hidden = true;
      return;
    }
    if (card.dataset["sha"] !== picture.sha) {
      card.dataset["sha"] = picture.sha;
      const album = library.albumOf(picture);
      card.replaceChildren(
        thumbnails.box(picture, "whole", ""),
        h("p", { class: "map-card-name" }, dotOf(album.color), isolated(album.name)),
        picture.caption === "" ? "" : h("p", { class: "soft" }, isolated(picture.caption)),
      );
    }
    card.hidden = false;
    card.style.transform = `translate(${Math.max(8, Math.min(width - 218, x + 18))}px, ${Math.max(8, Math.min(height - card.offsetHeight - 8, y + 18))}px)`;
  };
  const openAt = (x: number, y: number) => {
    const label = labelAt(x, y);
    if (label) {
      location.hash = albumHref(label.album.index);
      return;
    }
    const picture = pictureAt(x, y);
    if (picture) onOpen(picture);
  };

  attachGestures(canvas, {
    pan: (dx, dy) => moveTo(panBy(camera, dx, dy)),
    zoom: (x, y, factor) => moveTo(zoomAbout(camera, x, y, factor, limits())),
    hover,
    leave: () => (card.hidden = true),
    tap: openAt,
  });
  canvas.addEventListener("dblclick", (event) =>
    glide(zoomAbout(camera, event.offsetX, event.offsetY, 2.2, limits())),
  );
  canvas.addEventListener("keydown", (event) => {
    const step = 90;
    const keys: Record<string, () => Camera> = {
      ArrowLeft: () => panBy(camera, step, 0),
      ArrowRight: () => panBy(camera, -step, 0),
      ArrowUp: () => panBy(camera, 0, step),
      ArrowDown: () => panBy(camera, 0, -step),
      "+": () => zoomed(1.6),
      "=": () => zoomed(1.6),
      "-": () => zoomed(1 / 1.6),
      "0": fitted,
    };
    if (event.key === "Enter") openAt(width / 2, height / 2);
    const target = keys[event.key];
    if (!target || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    glide(target());
  });

  const observer = new ResizeObserver(() => {
    [width, height] = [element.clientWidth, element.clientHeight];
    if (width === 0 || height === 0) return;
    density = Math.min(2, devicePixelRatio || 1);
    [canvas.width, canvas.height] = [Math.round(width * density), Math.round(height * density)];
    [scene.width, scene.height] = [canvas.width * (1 + 2 * MARGIN), canvas.height * (1 + 2 * MARGIN)].map(
      Math.round,
    ) as [number, number];
    sceneContext.setTransform(density, 0, 0, density, 0, 0);
    sceneContext.imageSmoothingQuality = "low";
    if (!hasOwnView) camera = fitted();
    repaint();
  });
  observer.observe(element);

  return {
    element,
    highlight(pictures) {
      painter.highlight(pictures);
      repaint();
    },
    refresh: repaint,
    dispose() {
      observer.disconnect();
      cancelAnimationFrame(frame);
      cancelAnimationFrame(gliding);
      clearTimeout(rest);
    },
  };
}

interface Gestures {
  pan(dx: number, dy: number): void;
  zoom(x: number, y: number, factor: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  tap(x: number, y: number): void;
}

/** Further than this between down and up, it was a drag. */
const TAP_PX = 5;

function attachGestures(canvas: HTMLCanvasElement, { pan, zoom, hover, leave, tap }: Gestures): void {
  const fingers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (fingers.size === 1) travelled = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = [event.offsetX, event.offsetY];
    const finger = fingers.get(event.pointerId);
    if (!finger) {
      if (event.pointerType === "mouse") hover(x, y);
      return;
    }
    const [dx, dy] = [x - finger.x, y - finger.y];
    travelled += Math.abs(dx) + Math.abs(dy);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const before = Math.hypot(finger.x - other.x, finger.y - other.y);
      const after = Math.hypot(x - other.x, y - other.y);
      pan(dx / 2, dy / 2);
      if (before > 0) zoom((x + other.x) / 2, (y + other.y) / 2, after / before);
    } else if (travelled > TAP_PX) pan(dx, dy);
    fingers.set(event.pointerId, { x, y });
  });
  const lift = (event: PointerEvent) => {
    const wasTap = fingers.delete(event.pointerId) && fingers.size === 0 && travelled <= TAP_PX;
    if (wasTap && event.type === "pointerup") tap(event.offsetX, event.offsetY);
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      // Lines and pages count as so many pixels; a pinch on a touchpad comes as a wheel with ctrl and small steps.
      const pixels = event.deltaY * [1, 16, 400][event.deltaMode]!;
      zoom(event.offsetX, event.offsetY, Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0018)));
    },
    { passive: false },
  );
}

function legendOf(library: Library, albumHref: (index: number) => string): HTMLElement {
  return h(
    "details",
    { class: "map-legend" },
    h("summary", {}, "Albums"),
    h(
      "ul",
      {},
      ...library.albums
        .filter((album) => album.pictures.length > 0)
        .map((album) =>
          h(
            "li",
            {},
            h(
              "a",
              { href: albumHref(album.index) },
              dotOf(album.color),
              isolated(album.name),
              h("span", { class: "soft" }, String(album.pictures.length)),
            ),
          ),
        ),
    ),
  );
}

function dotOf(color: string): HTMLElement {
  const dot = h("span", { class: "dot" });
  dot.style.background = color;
  return dot;
}
