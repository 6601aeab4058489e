/** Makes elements. Text only ever goes in as text, so no name can become markup. */

type Child = Node | string | null | false;

interface Attributes {
  readonly class?: string;
  readonly on?: { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
  readonly [attribute: string]: unknown;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") listen(element, value as Attributes["on"]);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return element;
}

function listen(element: HTMLElement, listeners: Attributes["on"]): void {
  for (const [type, listener] of Object.entries(listeners ?? {}))
    element.addEventListener(type, listener as EventListener);
}

/** Text from strangers: kept apart from its surroundings, whatever direction it runs in. */
export function isolated(text: string, className = ""): HTMLElement {
  return h("bdi", className === "" ? {} : { class: className }, text);
}

const SVG = "http://www.w3.org/2000/svg";

/** A line drawing on a 24 × 24 grid. */
export function icon(path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const ICONS = {
  search: "M11 4a7 7 0 1 1 0 14a7 7 0 1 1 0-14M20 20l-4-4",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7l7 7",
  forward: "M9 5l7 7l-7 7",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  light:
    "M12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
  dark: "M20 14a8 8 0 1 1-10-10a6.5 6.5 0 0 0 10 10z",
  system: "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16M12 4v16",
  open: "M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5",
} as const;
