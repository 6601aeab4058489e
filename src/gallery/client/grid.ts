/** A wall of pictures in justified rows. Only the rows near the screen exist, so 100,000 scroll like 100. */
import { justify, rowsBetween, shownAspect, type Row } from "../rows.ts";
import type { Picture } from "../wire.ts";
import { h } from "./dom.ts";
import type { Thumbnails } from "./thumbnails.ts";

export interface Grid {
  readonly element: HTMLElement;
  dispose(): void;
}

export interface GridOptions {
  readonly pictures: readonly Picture[];
  readonly thumbnails: Thumbnails;
  readonly label: string;
  describe(picture: Picture): string;
  onOpen(picture: Picture): void;
}

const GAP = 6;
/** Pixels above and below the screen that are kept ready. */
const MARGIN = 800;

export function createGrid({ pictures, thumbnails, label, describe, onOpen }: GridOptions): Grid {
  const element = h("div", { class: "wall", role: "grid", "aria-label": label });
  const aspects = pictures.map(({ width, height }) => shownAspect(width, height));
  const shown = new Map<number, HTMLElement>();
  let rows: Row[] = [];
  let width = 0;
  /** the one cell that Tab stops at; arrows move it */
  let current = 0;

  const layOut = () => {
    if (element.clientWidth === 0 || element.clientWidth === width) return;
    width = element.clientWidth;
    rows = justify(aspects, { width, targetHeight: width < 600 ? 132 : 190, gap: GAP });
    const last = rows.at(-1);
    element.style.height = `${last ? last.top + last.height : 0}px`;
    element.setAttribute("aria-rowcount", String(rows.length));
    for (const row of shown.values()) row.remove();
    shown.clear();
    refresh();
  };

  const refresh = () => {
    const offset = -element.getBoundingClientRect().top;
    const { start, end } = rowsBetween(rows, offset - MARGIN, offset + innerHeight + MARGIN);
    for (const [index, row] of shown)
      if ((index < start || index >= end) && !row.contains(document.activeElement)) {
        row.remove();
        shown.delete(index);
      }
    for (let index = start; index < end; index++) if (!shown.has(index)) showRow(index);
  };

  const showRow = (index: number) => {
    const row = rows[index]!;
    const line = h("div", { class: "wall-row", role: "row", "aria-rowindex": index + 1 });
    line.style.transform = `translateY(${row.top}px)`;
    line.style.height = `${row.height}px`;
    for (let i = row.first; i < row.first + row.count; i++) line.append(cell(i, row.height));
    shown.set(index, line);
    // Readers of the screen follow the order in the document, so rows are put where they belong.
    const next = [...shown.keys()].filter((other) => other > index);
    element.insertBefore(line, next.length > 0 ? shown.get(Math.min(...next))! : null);
  };

  const cell = (i: number, height: number) => {
    const picture = pictures[i]!;
    const button = h("button", {
      type: "button",
      class: "wall-cell",
      "data-index": i,
      tabindex: i === current ? 0 : -1,
      title: picture.name,
    });
    button.style.width = `${aspects[i]! * height}px`;
    button.append(thumbnails.box(picture, "filled", describe(picture)));
    const holder = h("div", { role: "gridcell", class: "wall-holder" }, button);
    return holder;
  };

  const focusOn = (i: number) => {
    const row = rows.findIndex(({ first, count }) => i >= first && i < first + count);
    if (row < 0) return;
    element.querySelector(`[data-index="${current}"]`)?.setAttribute("tabindex", "-1");
    current = i;
    const { top, height } = rows[row]!;
    const y = element.getBoundingClientRect().top + top;
    if (y < 90 || y + height > innerHeight - 20)
      scrollBy({ top: y - (y < 90 ? 100 : innerHeight - height - 40) });
    refresh();
    const button = element.querySelector<HTMLElement>(`[data-index="${i}"]`);
    button?.setAttribute("tabindex", "0");
    button?.focus({ preventScroll: true });
  };

  /** The picture above or below: the one whose middle is nearest. */
  const vertical = (by: 1 | -1) => {
    const row = rows.findIndex(({ first, count }) => current >= first && current < first + count);
    const target = rows[row + by];
    if (!target) return current;
    const middleOf = ({ first }: Row, i: number, height: number) => {
      let left = 0;
      for (let j = first; j < i; j++) left += aspects[j]! * height + GAP;
      return left + (aspects[i]! * height) / 2;
    };
    const middle = middleOf(rows[row]!, current, rows[row]!.height);
    let best = target.first;
    for (let i = target.first; i < target.first + target.count; i++)
      if (
        Math.abs(middleOf(target, i, target.height) - middle) <
        Math.abs(middleOf(target, best, target.height) - middle)
      )
        best = i;
    return best;
  };

  element.addEventListener("keydown", (event) => {
    const moves: Record<string, () => number> = {
      ArrowRight: () => current + 1,
      ArrowLeft: () => current - 1,
      ArrowDown: () => vertical(1),
      ArrowUp: () => vertical(-1),
      Home: () => 0,
      End: () => pictures.length - 1,
    };
    const move = moves[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    focusOn(Math.min(pictures.length - 1, Math.max(0, move())));
  });
  element.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>(".wall-cell") : null;
    if (!button) return;
    element.querySelector(`[data-index="${current}"]`)?.setAttribute("tabindex", "-1");
    current = Number(button.dataset["index"]);
    button.setAttribute("tabindex", "0");
    onOpen(pictures[current]!);
  });

  const observer = new ResizeObserver(layOut);
  observer.observe(element);
  addEventListener("scroll", refresh, { passive: true });
  return {
    element,
    dispose() {
      observer.disconnect();
      removeEventListener("scroll", refresh);
    },
  };
}
