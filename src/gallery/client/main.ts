/** Starts the page: reads its data, puts up the frame, and shows what the address asks for. */
import type { GalleryWire, Picture } from "../wire.ts";
import { h, icon, ICONS, isolated } from "./dom.ts";
import { createLibrary } from "./library.ts";
import { createLightbox } from "./lightbox.ts";
import { createMap, type MapView } from "./map.ts";
import { formatRoute, HOME, parseRoute, type Route } from "./route.ts";
import { createThemeButton } from "./theme.ts";
import { createThumbnails } from "./thumbnails.ts";
import {
  albumHref,
  createAlbumsView,
  createAlbumView,
  createRunView,
  createSearchView,
  type View,
  type ViewContext,
} from "./views.ts";

/** How many characters of a picture's sha the address holds: enough for millions of pictures. */
const SHA_PREFIX = 16;

const wire = JSON.parse(document.getElementById("gallery-data")!.textContent) as GalleryWire;
const library = createLibrary(wire);
const thumbnails = createThumbnails(wire);
const context: ViewContext = { library, thumbnails, onOpen: (picture) => open(picture) };

const search = h("input", {
  type: "search",
  id: "search",
  placeholder: "Search",
  "aria-label": "Search names, tags, captions and file names",
  autocomplete: "off",
  spellcheck: "false",
  enterkeyhint: "search",
});
const tabs = (["albums", "map", "run"] as const).map((view) =>
  h(
    "a",
    { href: formatRoute({ ...HOME, view }), "data-view": view },
    { albums: "Albums", map: "Map", run: "Run" }[view],
  ),
);
const main = h("main", { id: "main", tabindex: -1 });
let view: View | null = null;
let map: MapView | null = null;
let route: Route = HOME;
/** where each page was scrolled to, so that Back returns there */
const scrolledTo = new Map<string, number>();
/** steps of this page that Back can undo; without any, closing a picture replaces the address instead */
let steps = 0;

const lightbox = createLightbox({
  library,
  thumbnails,
  albumHref: (index) => albumHref(library.albums[index]!),
  onMove: (picture) => replace({ ...route, picture: picture.sha.slice(0, SHA_PREFIX) }),
  onClose: () => (steps > 0 ? history.back() : replace({ ...route, picture: "" })),
});

function open(picture: Picture): void {
  steps++;
  location.hash = formatRoute({ ...route, picture: picture.sha.slice(0, SHA_PREFIX) });
}

function replace(next: Route): void {
  history.replaceState(null, "", formatRoute(next));
  show(next);
}

/** The part of a route that decides which page is shown. */
function pageOf({ view, album, query }: Route): string {
  return `${view}/${album}?${query}`;
}

function show(next: Route): void {
  const isNewPage = view === null || pageOf(next) !== pageOf(route);
  if (isNewPage) {
    scrolledTo.set(pageOf(route), scrollY);
    route = next;
    showPage();
    scrollTo(0, scrolledTo.get(pageOf(next)) ?? 0);
  }
  route = next;
  const picture = next.picture === "" ? undefined : library.pictureBySha(next.picture);
  if (picture) lightbox.show(picture, view!.around(picture));
  else {
    lightbox.hide();
    steps = 0;
  }
}

function showPage(): void {
  view?.dispose();
  view = viewOf(route);
  main.replaceChildren(view.element);
  document.body.dataset["view"] = route.view;
  for (const tab of tabs)
    if (tab.dataset["view"] === (route.view === "album" ? "albums" : route.view))
      tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  if (search !== document.activeElement) search.value = route.query;
  const place = route.view === "album" ? library.albumById(route.album)?.name : undefined;
  document.title = place === undefined ? wire.title : `${place} · ${wire.title}`;
}

function viewOf({ view, album, query }: Route): View {
  const found = view === "album" ? library.albumById(album) : undefined;
  if (found) return createAlbumView(context, found);
  if (view === "map") return mapView(query);
  if (view === "search") return createSearchView(context, query);
  if (view === "run") return createRunView(context);
  return createAlbumsView(context);
}

/** One map for the life of the page, so that it is found as it was left. */
function mapView(query: string): View {
  map ??= createMap({
    library,
    thumbnails,
    albumHref: (index) => albumHref(library.albums[index]!),
    onOpen: open,
  });
  map.highlight(
    query.trim() === ""
      ? null
      : new Set(library.pictureSearch.search(query).map((i) => library.pictures[i]!)),
  );
  return { element: map.element, around: (picture) => library.albumOf(picture).pictures, dispose: () => {} };
}

function onSearch(): void {
  const query = search.value;
  const isOnMap = route.view === "map";
  const isEmpty = query.trim() === "";
  const next: Route = {
    ...HOME,
    view: isOnMap ? "map" : isEmpty ? "albums" : "search",
    query: isEmpty ? "" : query,
  };
  // One step in the history for a search, however many letters it took.
  if (route.view === "search" || isOnMap) replace(next);
  else location.hash = formatRoute(next);
}

search.addEventListener("input", onSearch);
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && search.value !== "") {
    event.preventDefault();
    search.value = "";
    onSearch();
  } else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    main.querySelector<HTMLElement>(".wall-cell, a.card, .map-canvas")?.focus();
  }
});
addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey || route.picture !== "")
    return;
  event.preventDefault();
  search.focus();
  search.select();
});
addEventListener("hashchange", () => show(parseRoute(location.hash)));

document.getElementById("app")!.replaceChildren(
  h(
    "a",
    { class: "skip", href: "#main", on: { click: (event) => (event.preventDefault(), main.focus()) } },
    "Skip to the pictures",
  ),
  h(
    "header",
    { class: "top" },
    h("a", { class: "brand", href: formatRoute(HOME) }, isolated(wire.title)),
    h("nav", { "aria-label": "Pages" }, ...tabs),
    h(
      "div",
      { class: "search", role: "search" },
      icon(ICONS.search),
      search,
      h("kbd", { "aria-hidden": "true" }, "/"),
    ),
    createThemeButton(() => map?.refresh()),
  ),
  main,
);
history.scrollRestoration = "manual";

// The sheets stand after this script, so that the albums show while they still arrive. The map waits for them.
const useSheets = () => {
  const sheets = [...document.querySelectorAll(".gallery-sheet")];
  thumbnails.useSheets(sheets.map((sheet) => JSON.parse(sheet.textContent) as string));
};
const start = () => show(parseRoute(location.hash));
const needsSheets = parseRoute(location.hash).view === "map";
if (!needsSheets) start();
addEventListener("DOMContentLoaded", () => {
  useSheets();
  if (needsSheets) start();
});
