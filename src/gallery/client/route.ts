/** Where in the page one is, kept in the address, so that Back works and a place can be sent to someone. */

export interface Route {
  readonly view: "albums" | "album" | "map" | "search" | "run";
  /** album id for "album", else "" */
  readonly album: string;
  /** for "search", else "" */
  readonly query: string;
  /** the start of the sha of the picture that is open, or "" */
  readonly picture: string;
}

const VIEWS: readonly string[] = ["albums", "album", "map", "search", "run"] satisfies Route["view"][];

export const HOME: Route = { view: "albums", album: "", query: "", picture: "" };

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", album = ""] = path.split("/");
  const parameters = new URLSearchParams(query);
  return {
    view: VIEWS.includes(view) ? (view as Route["view"]) : "albums",
    album: decoded(album),
    query: parameters.get("q") ?? "",
    picture: parameters.get("picture") ?? "",
  };
}

export function formatRoute({ view, album, query, picture }: Route): string {
  const parameters = new URLSearchParams();
  if (query !== "") parameters.set("q", query);
  if (picture !== "") parameters.set("picture", picture);
  const tail = parameters.size > 0 ? `?${parameters}` : "";
  return `#/${view}${album === "" ? "" : `/${encodeURIComponent(album)}`}${tail}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a hand-typed address with a stray "%" simply names no album
  }
}
