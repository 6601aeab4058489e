/** The pages of the gallery: all albums, one album, what a search found, and the record of the run. */
import { trustOfAll } from "../../core/albums.ts";
import { countOf } from "../text.ts";
import { byLikeness, type Picture } from "../wire.ts";
import { h, icon, ICONS, isolated } from "./dom.ts";
import { createGrid } from "./grid.ts";
import type { AlbumView, Library } from "./library.ts";
import { formatDate } from "./lightbox.ts";
import { formatRoute, HOME } from "./route.ts";
import type { Thumbnails } from "./thumbnails.ts";

export interface View {
  readonly element: HTMLElement;
  /** what the arrows of the lightbox walk through from `picture` */
  around(picture: Picture): readonly Picture[];
  dispose(): void;
}

export interface ViewContext {
  readonly library: Library;
  readonly thumbnails: Thumbnails;
  onOpen(picture: Picture): void;
}

export function albumHref(album: AlbumView): string {
  return formatRoute({ ...HOME, view: "album", album: album.id });
}

type AlbumOrder = "given" | "size" | "name";

export function createAlbumsView(context: ViewContext): View {
  const { library } = context;
  const list = h("div", { class: "shelves" });
  const fill = (order: AlbumOrder) => {
    const top = sorted(
      library.albums.filter((album) => album.parent < 0 && album.total > 0),
      order,
    );
    const singles = top.filter((album) => album.children.length === 0);
    const parents = top.filter((album) => album.children.length > 0);
    list.replaceChildren(
      h("div", { class: "shelf-rows" }, ...parents.map((parent) => shelfOf(parent, order, context))),
      h("div", { class: "cards" }, ...singles.map((album) => cardOf(album, context))),
    );
  };
  fill("given");
  const order = h(
    "select",
    { id: "order", on: { change: () => fill(order.value as AlbumOrder) } },
    h("option", { value: "given" }, "as organised"),
    h("option", { value: "size" }, "largest first"),
    h("option", { value: "name" }, "A to Z"),
  );
  const failed = failedCount(library);
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "page-head" },
      h(
        "div",
        {},
        h("h1", {}, isolated(library.wire.title)),
        h("p", { class: "soft lead" }, summaryOf(library)),
      ),
      h("label", { class: "order soft" }, "Order ", order),
    ),
    failed > 0 &&
      h(
        "a",
        { class: "notice", href: formatRoute({ ...HOME, view: "run" }) },
        `${countOf(failed, "file")} could not be read`,
        h("span", { class: "soft" }, "See which, and why"),
      ),
    list,
  );
  return { element, around: (picture) => library.albumOf(picture).pictures, dispose: () => {} };
}

export function createAlbumView(context: ViewContext, album: AlbumView): View {
  const { library } = context;
  const parent = library.albums[album.parent];
  const head = h(
    "header",
    { class: "album-head" },
    h(
      "nav",
      { "aria-label": "Path", class: "path" },
      h("a", { href: formatRoute(HOME) }, icon(ICONS.back), "Albums"),
      parent ? h("a", { href: albumHref(parent) }, isolated(parent.name)) : null,
    ),
    h("h1", {}, isolated(album.name)),
    h("p", { class: "soft lead" }, factsOf(album)),
  );
  const main = h("div", { class: "album-page" }, head);
  if (album.children.length > 0)
    main.append(
      h("div", { class: "cards" }, ...album.children.map((i) => cardOf(library.albums[i]!, context))),
    );
  if (album.pictures.length > 0) main.append(introductionOf(album, context));

  const grid = orderedWall(context, album);
  if (album.pictures.length > 0) main.append(grid.element);
  main.append(neighboursOf(album, library));
  return { element: main, around: () => grid.pictures(), dispose: () => grid.dispose() };
}

/** All pictures of an album, with a choice of order. */
function orderedWall(context: ViewContext, album: AlbumView) {
  const orders: Record<string, (a: Picture, b: Picture) => number> = {
    "most alike first": byLikeness,
    "oldest first": (a, b) =>
      (a.takenAt || "9999").localeCompare(b.takenAt || "9999") || a.name.localeCompare(b.name),
    "file name": (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  };
  let pictures = [...album.pictures];
  const holder = h("div", {});
  let grid = wallOf(context, pictures, `All pictures of ${album.name}`);
  holder.append(grid.element);
  const order = h(
    "select",
    {
      on: {
        change: () => {
          pictures = [...album.pictures].sort(orders[order.value]!);
          grid.dispose();
          grid = wallOf(context, pictures, `All pictures of ${album.name}`);
          holder.replaceChildren(grid.element);
        },
      },
    },
    ...Object.keys(orders).map((name) => h("option", {}, name)),
  );
  const element = h(
    "section",
    { "aria-label": "All pictures" },
    h(
      "div",
      { class: "section-head" },
      h("h2", {}, "All pictures"),
      h("label", { class: "order soft" }, "Order ", order),
    ),
    holder,
  );
  return { element, pictures: () => pictures, dispose: () => grid.dispose() };
}

export function createSearchView(context: ViewContext, query: string): View {
  const { library } = context;
  const pictures = library.pictureSearch.search(query).map((i) => library.pictures[i]!);
  const albums = library.albumSearch
    .search(query)
    .map((i) => library.albums[i]!)
    .filter((album) => album.total > 0);
  const grid = wallOf(context, pictures, "Pictures found");
  const isEmpty = query.trim() === "";
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "page-head" },
      h(
        "div",
        {},
        h("h1", {}, isEmpty ? "Search" : isolated(`“${query.trim().slice(0, 80)}”`)),
        h(
          "p",
          { class: "soft lead", role: "status" },
          isEmpty
            ? "Type words of names, tags, captions or file names."
            : pictures.length + albums.length === 0
              ? "Nothing is named, tagged or captioned so. Fewer or other words may help."
              : `${countOf(pictures.length, "picture")} in ${countOf(new Set(pictures.map((p) => p.album)).size, "album")}`,
        ),
      ),
      pictures.length > 0 &&
        h("a", { class: "button", href: formatRoute({ ...HOME, view: "map", query }) }, "Show on the map"),
    ),
    albums.length > 0 &&
      h("div", { class: "cards small" }, ...albums.slice(0, 8).map((album) => cardOf(album, context))),
    pictures.length > 0 && grid.element,
  );
  return { element, around: () => pictures, dispose: () => grid.dispose() };
}

export function createRunView({ library }: ViewContext): View {
  const { receipt, failures } = library.wire;
  const total = receipt.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  const unsorted = library.albums.find((album) => album.isUnsorted)?.total ?? 0;
  const duplicates = receipt.locations - library.pictures.length;
  const trust = trustOfAll(library.albums.map((album) => ({ trust: album.trust, members: album.pictures })));
  const facts: [string, string][] = [
    ["Pictures", library.pictures.length.toLocaleString("en")],
    ["Duplicates", duplicates.toLocaleString("en")],
    ["Albums", `${namedAlbums(library).length.toLocaleString("en")}. ${receipt.albumCountReason}`],
    ["Unsorted", countOf(unsorted, "picture")],
    ...(trust === null ? [] : [["Trust", trust.toFixed(2)] as [string, string]]),
    ["Not read", countOf(failedCount(library), "file")],
    ["Model", `${receipt.model.id} @ ${receipt.model.revision}`],
    ["Seed", String(receipt.seed)],
    ["Finished", formatDate(receipt.finishedAt)],
    ["Albumen", receipt.version],
    ...receipt.notes.map((note): [string, string] => ["Note", note]),
  ];
  const longest = Math.max(1, ...receipt.stages.map((stage) => stage.durationMs));
  const stages = receipt.stages.map(({ name, durationMs }) => {
    const bar = h("span", { class: "bar" });
    bar.style.width = `${Math.max(0.5, (durationMs / longest) * 100)}%`;
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", {}, secondsOf(durationMs)),
      h("td", { class: "bar-cell" }, bar),
    );
  });
  const element = h(
    "div",
    { class: "run-page" },
    h("h1", {}, "How these albums were made"),
    h(
      "div",
      { class: "panel" },
      h(
        "dl",
        { class: "facts" },
        ...facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, isolated(value))]),
      ),
    ),
    stages.length > 0 &&
      h(
        "div",
        { class: "panel" },
        h("h2", {}, `Time: ${secondsOf(total)}`),
        h("table", { class: "stages" }, h("tbody", {}, ...stages)),
      ),
    h(
      "div",
      { class: "panel", id: "failures" },
      h(
        "h2",
        {},
        failures.length === 0
          ? "Every file could be read"
          : `${countOf(failedCount(library), "file")} could not be read`,
      ),
      ...failures.map(({ code, meaning, files }) =>
        h(
          "details",
          { open: files.length <= 20 },
          h("summary", {}, meaning, h("span", { class: "soft" }, `${files.length} · ${code}`)),
          h(
            "ul",
            { class: "failed-files" },
            ...files
              .slice(0, MOST_FAILURES_LISTED)
              .map(({ source, reason }) => h("li", {}, isolated(source, "file"), isolated(reason, "soft"))),
            files.length > MOST_FAILURES_LISTED &&
              h(
                "li",
                {},
                `and ${(files.length - MOST_FAILURES_LISTED).toLocaleString("en")} more: run “albumen failures”`,
              ),
          ),
        ),
      ),
    ),
  );
  return { element, around: (picture) => library.albumOf(picture).pictures, dispose: () => {} };
}

const MOST_FAILURES_LISTED = 500;

function summaryOf(library: Library): string {
  return `${countOf(library.pictures.length, "picture")} in ${countOf(namedAlbums(library).length, "album")}`;
}

function namedAlbums(library: Library): AlbumView[] {
  return library.albums.filter((album) => !album.isUnsorted && album.pictures.length > 0);
}

function failedCount(library: Library): number {
  return library.wire.failures.reduce((sum, group) => sum + group.files.length, 0);
}

function sorted(albums: readonly AlbumView[], order: AlbumOrder): AlbumView[] {
  const by: Record<AlbumOrder, (a: AlbumView, b: AlbumView) => number> = {
    given: (a, b) => a.index - b.index,
    size: (a, b) => b.total - a.total,
    name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  };
  return [...albums].sort((a, b) => Number(a.isUnsorted) - Number(b.isUnsorted) || by[order](a, b));
}

/** A parent with its children: its own pictures, where it has any, stand first as a card of their own. */
function shelfOf(parent: AlbumView, order: AlbumOrder, context: ViewContext): HTMLElement {
  const children = sorted(
    parent.children.map((i) => context.library.albums[i]!),
    order,
  );
  const cards = parent.pictures.length > 0 ? [parent, ...children] : children;
  const shelf = h(
    "section",
    { class: "shelf" },
    h(
      "h2",
      {},
      h("a", { href: albumHref(parent) }, isolated(parent.name)),
      h(
        "span",
        { class: "soft" },
        `${countOf(parent.total, "picture")} in ${countOf(children.length, "album")}`,
      ),
    ),
    h("div", { class: "cards" }, ...cards.map((album) => cardOf(album, context))),
  );
  // Short shelves share a line, each with room for its cards.
  shelf.style.setProperty("--cards", String(cards.length));
  return shelf;
}

function cardOf(album: AlbumView, { thumbnails }: ViewContext): HTMLElement {
  const covers = album.representatives.slice(0, album.representatives.length >= 3 ? 3 : 1);
  const isCalmName = album.source === "neutral" || album.isUnsorted;
  return h(
    "a",
    { class: `card${album.isUnsorted ? " unsorted" : ""}`, href: albumHref(album) },
    h(
      "span",
      { class: `cover cover-${covers.length}` },
      ...covers.map((picture) => thumbnails.box(picture, "filled", "")),
    ),
    h("span", { class: `card-name${isCalmName ? " calm" : ""}` }, isolated(album.name)),
    h("span", { class: "soft" }, countOf(album.total, "picture")),
  );
}

function factsOf(album: AlbumView): string {
  const dates = album.pictures
    .map((picture) => picture.takenAt)
    .filter((date) => date !== "")
    .sort();
  const [first, last] = [dates[0]?.slice(0, 4), dates.at(-1)?.slice(0, 4)];
  return [
    countOf(album.total, "picture"),
    album.children.length > 0 && `${countOf(album.children.length, "album")} inside`,
    first && (first === last ? first : `${first} – ${last}`),
  ]
    .filter((fact) => fact)
    .join(" · ");
}

/** Representatives with their captions, and beside them why the album has its name. */
function introductionOf(album: AlbumView, { library, thumbnails, onOpen }: ViewContext): HTMLElement {
  const strip = h(
    "ul",
    { class: "strip", "aria-label": "Pictures that stand for this album" },
    ...album.representatives
      .slice(0, 8)
      .map((picture) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", on: { click: () => onOpen(picture) } },
            thumbnails.box(picture, "filled", picture.caption || picture.name),
          ),
          picture.caption !== ""
            ? h("p", {}, isolated(picture.caption))
            : h("p", { class: "soft" }, isolated(picture.tags.slice(0, 3).join(", "))),
        ),
      ),
  );
  const why = [...album.why];
  const rank = cohesionRank(album, library);
  const panel = h(
    "aside",
    { class: "panel why" },
    h("h2", {}, album.isUnsorted ? "Why these are unsorted" : "Why this name"),
    album.score !== null && meterOf("Confidence", album.score, `${Math.round(album.score * 100)} %`),
    ...why.map((sentence) => h("p", {}, isolated(sentence))),
    album.words.length > 0 && wordsOf(album),
    album.isUnsorted
      ? h("p", {}, "They are too unlike everything else to join an album.")
      : h("p", { class: "soft" }, [rank, trustSentence(album)].filter(Boolean).join(" ")),
  );
  return h("div", { class: "introduction" }, strip, panel);
}

function meterOf(label: string, value: number, text: string): HTMLElement {
  const bar = h("span", { class: "bar" });
  bar.style.width = `${Math.min(1, Math.max(0, value)) * 100}%`;
  return h(
    "p",
    { class: "meter" },
    h("span", {}, label),
    h("span", { class: "track" }, bar),
    h("span", { class: "value" }, text),
  );
}

/** How far each word leads in the album against its siblings. */
function wordsOf({ words }: AlbumView): HTMLElement {
  const longest = Math.max(1, ...words.map(([, lead]) => lead));
  return h(
    "ul",
    { class: "words", "aria-label": "Words that fit, and how far ahead of the other albums (in deviations)" },
    ...words.map(([text, lead]) => {
      const bar = h("span", { class: "bar" });
      bar.style.width = `${(Math.max(0, lead) / longest) * 100}%`;
      return h(
        "li",
        {},
        isolated(text),
        h("span", { class: "track" }, bar),
        h("span", { class: "value" }, lead.toFixed(1)),
      );
    }),
  );
}

/** A cosine says nothing to a person, its rank among the other albums does. */
function cohesionRank(album: AlbumView, library: Library): string | null {
  if (album.cohesion === null) return null;
  const all = library.albums.filter((other) => other.cohesion !== null && !other.isUnsorted);
  const looser = all.filter((other) => other.cohesion! < album.cohesion!).length;
  const share = all.length > 1 ? looser / (all.length - 1) : 1;
  const words =
    share >= 0.75
      ? "more alike than in most albums"
      : share <= 0.25
        ? "less alike than in most albums"
        : "about as alike as in most albums";
  return `Its pictures are ${words} (cohesion ${album.cohesion.toFixed(2)}).`;
}

/** Whether the pictures most like these are here too: where not, the album is worth a look. */
function trustSentence({ trust }: AlbumView): string | null {
  if (trust === null) return null;
  const words =
    trust >= 0.9
      ? "Nearly all pictures most like these are here, too"
      : trust >= 0.7
        ? "Most pictures most like these are here, too"
        : trust >= 0.5
          ? "Many pictures most like these are in other albums"
          : "Most pictures most like these are in other albums";
  return `${words} (trust ${trust.toFixed(2)}).`;
}

function neighboursOf(album: AlbumView, library: Library): HTMLElement {
  const shown = library.albums.filter((other) => other.total > 0);
  const at = shown.indexOf(album);
  const [previous, next] = [shown[at - 1], shown[at + 1]];
  return h(
    "nav",
    { class: "turn", "aria-label": "Other albums" },
    previous
      ? h("a", { href: albumHref(previous) }, icon(ICONS.back), isolated(previous.name))
      : h("span", {}),
    next ? h("a", { href: albumHref(next) }, isolated(next.name), icon(ICONS.forward)) : null,
  );
}

function wallOf({ library, thumbnails, onOpen }: ViewContext, pictures: readonly Picture[], label: string) {
  return createGrid({
    pictures,
    thumbnails,
    label,
    describe: (picture) =>
      picture.caption ||
      picture.tags.slice(0, 3).join(", ") ||
      `${picture.name}, ${library.albumOf(picture).name}`,
    onOpen,
  });
}

function secondsOf(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  return seconds < 90
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
