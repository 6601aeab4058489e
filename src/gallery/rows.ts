/** Fills rows of equal width with pictures of different proportions, as photo books do. Pure. */

export interface Row {
  /** index of its first picture */
  readonly first: number;
  readonly count: number;
  /** pixels from the top of the grid */
  readonly top: number;
  readonly height: number;
}

export interface RowOptions {
  /** pixels, > 0 */
  readonly width: number;
  /** what a row's height is near, pixels */
  readonly targetHeight: number;
  readonly gap: number;
}

/** Panoramas and strips are shown cut to these, so that one picture never takes a screen. */
const NARROWEST = 0.5;
const WIDEST = 2.4;

export function shownAspect(width: number, height: number): number {
  const aspect = width > 0 && height > 0 ? width / height : 1;
  return Math.min(WIDEST, Math.max(NARROWEST, aspect));
}

/** Greedy: a row is full once it would be no higher than the target. The last keeps the target's height. */
export function justify(aspects: readonly number[], { width, targetHeight, gap }: RowOptions): Row[] {
  const rows: Row[] = [];
  let [first, top, sum] = [0, 0, 0];
  const close = (end: number, height: number) => {
    rows.push({ first, count: end - first, top, height });
    top += height + gap;
    first = end;
    sum = 0;
  };
  for (let i = 0; i < aspects.length; i++) {
    sum += aspects[i]!;
    const height = (width - gap * (i - first)) / sum;
    if (height <= targetHeight) close(i + 1, Math.max(1, height));
  }
  if (first < aspects.length) close(aspects.length, targetHeight);
  return rows;
}

/** The rows that touch [from, to), as a half-open range of indexes; by bisection. */
export function rowsBetween(rows: readonly Row[], from: number, to: number): { start: number; end: number } {
  const start = bisect(rows, (row) => row.top + row.height > from);
  const end = bisect(rows, (row) => row.top >= to);
  return { start, end: Math.max(start, end) };
}

function bisect(rows: readonly Row[], isPast: (row: Row) => boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(rows[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
