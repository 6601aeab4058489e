/** One picture, large, with all that is known of it. */
import { countOf, relativeUrl } from "../text.ts";
import type { Picture } from "../wire.ts";
import { h, icon, ICONS, isolated } from "./dom.ts";
import type { Library } from "./library.ts";
import type { Thumbnails } from "./thumbnails.ts";

export interface Lightbox {
  /** Opens on `picture`; the arrows walk through `among`. */
  show(picture: Picture, among: readonly Picture[]): void;
  hide(): void;
}

export interface LightboxOptions {
  readonly library: Library;
  readonly thumbnails: Thumbnails;
  albumHref(index: number): string;
  onMove(picture: Picture): void;
  onClose(): void;
}

/** What browsers do not show; Safari shows HEIC and TIFF, but one rule for all is easier to trust. */
const NOT_SHOWN_BY_BROWSERS = /\.(heic|heif|tiff?)$/i;

export function createLightbox(options: LightboxOptions): Lightbox {
  const { library, thumbnails, albumHref } = options;
  let among: readonly Picture[] = [];
  let at = 0;

  const stage = h("div", { class: "stage" });
  const details = h("div", { class: "details" });
  const status = h("p", { class: "visually-hidden", "aria-live": "polite" });
  const go = (by: number) => {
    const next = among[at + by];
    if (next) options.onMove(next);
  };
  const previous = button("Previous picture", ICONS.back, "previous", () => go(-1));
  const next = button("Next picture", ICONS.forward, "next", () => go(1));
  const close = button("Close", ICONS.close, "close", () => options.onClose());
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": "Picture" },
    h("div", { class: "stage-frame" }, stage, previous, next),
    details,
    close,
    status,
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    options.onClose();
  });
  dialog.addEventListener("keydown", (event) => {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: -at,
      End: among.length - 1 - at,
    };
    const step = steps[event.key];
    if (step === undefined || step === 0) return;
    event.preventDefault();
    go(step);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target === stage) options.onClose();
  });
  swipe(stage, go);
  document.body.append(dialog);

  return {
    show(picture, pictures) {
      among = pictures;
      at = Math.max(0, pictures.indexOf(picture));
      stage.replaceChildren(full(picture, thumbnails));
      details.replaceChildren(...describe(picture));
      previous.disabled = at === 0;
      next.disabled = at >= among.length - 1;
      status.textContent = `${picture.name}, ${at + 1} of ${among.length}`;
      if (!dialog.open) {
        dialog.showModal();
        close.focus();
      }
      // The neighbours are wanted next.
      for (const other of [among[at + 1], among[at - 1]])
        if (other && !NOT_SHOWN_BY_BROWSERS.test(other.file)) new Image().src = relativeUrl(other.file);
    },
    hide() {
      if (dialog.open) dialog.close();
      stage.replaceChildren();
    },
  };

  function describe(picture: Picture): Node[] {
    const album = library.albumOf(picture);
    const facts: [string, Node | string][] = [
      ["Album", h("a", { href: albumHref(album.index), class: "album-link" }, isolated(album.name))],
    ];
    if (!album.isUnsorted)
      facts.push(["Likeness", `${picture.similarity.toFixed(2)} to the middle of its album (1 is the same)`]);
    if (picture.takenAt !== "") facts.push(["Taken", formatDate(picture.takenAt)]);
    if (picture.width > 0) facts.push(["Size", `${picture.width} × ${picture.height} pixels`]);
    facts.push(["File", isolated(picture.name)]);
    return [
      picture.caption === ""
        ? h("h2", {}, isolated(picture.name))
        : h("h2", { class: "caption" }, isolated(picture.caption)),
      picture.tags.length > 0 &&
        h(
          "ul",
          { class: "tags", "aria-label": "Tags" },
          ...picture.tags.map((tag) => h("li", {}, isolated(tag))),
        ),
      h("dl", {}, ...facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])),
      h(
        "p",
        { class: "actions" },
        h(
          "a",
          { href: relativeUrl(picture.file), target: "_blank", rel: "noopener", class: "button" },
          icon(ICONS.open),
          "Open the file",
        ),
      ),
      h("p", { class: "soft" }, `${(at + 1).toLocaleString("en")} of ${countOf(among.length, "picture")}`),
    ].filter((node) => node !== false);
  }
}

/** The file, or what stands for it where the browser cannot show it. */
function full(picture: Picture, thumbnails: Thumbnails): HTMLElement {
  const frame = h("figure", { class: "full" });
  // The figure takes the picture's own proportions, so the tile behind it is in place before the file has come.
  frame.style.aspectRatio = `${picture.width || 1} / ${picture.height || 1}`;
  frame.style.setProperty("--ratio", String((picture.width || 1) / (picture.height || 1)));
  frame.style.setProperty("--natural", `${picture.width || 256}px`);
  thumbnails.placeBehind(frame, picture);
  const sources = [
    ...(NOT_SHOWN_BY_BROWSERS.test(picture.file) ? [] : [relativeUrl(picture.file)]),
    ...(thumbnails.sourceOf(picture) === null ? [] : [thumbnails.sourceOf(picture)!]),
  ];
  const image = h("img", { alt: picture.caption === "" ? picture.name : picture.caption, decoding: "async" });
  const note = h("figcaption", { class: "note" });
  const tryNext = () => {
    const source = sources.shift();
    if (source === undefined) {
      image.remove();
      note.textContent = "The file is not beside this page.";
    } else image.src = source;
  };
  image.addEventListener("load", () => {
    image.classList.add("loaded");
    if (image.naturalWidth * 2 < picture.width)
      note.textContent = "A small copy: this browser cannot show the file.";
  });
  image.addEventListener("error", tryNext);
  frame.append(image, note);
  tryNext();
  return frame;
}

function swipe(element: HTMLElement, go: (by: number) => void): void {
  let from: { x: number; y: number } | null = null;
  element.addEventListener("touchstart", (event) => {
    const touch = event.touches.length === 1 ? event.touches[0]! : null;
    from = touch && { x: touch.clientX, y: touch.clientY };
  });
  element.addEventListener("touchend", (event) => {
    const touch = event.changedTouches[0];
    if (!from || !touch) return;
    const dx = touch.clientX - from.x;
    if (Math.abs(dx) > 48 && Math.abs(dx) > 2 * Math.abs(touch.clientY - from.y)) go(dx < 0 ? 1 : -1);
    from = null;
  });
}

function button(label: string, path: string, name: string, onClick: () => void): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: `round ${name}`, "aria-label": label, title: label, on: { click: onClick } },
    icon(path),
  );
}

export function formatDate(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
}
