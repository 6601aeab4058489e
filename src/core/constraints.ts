/** What the user has said about which images belong together, made true of an assignment. Pure. */
import { AlbumenError } from "../errors.ts";

/** What the user has said about images. An image is given by its row. */
export interface Constraints {
  /** row → the group it must be in: rows of equal group stay together and apart from rows of other groups */
  readonly pins: ReadonlyMap<number, string>;
  /** group → further rows that were with it: they have a say in where it goes, and may leave it */
  readonly company?: ReadonlyMap<string, readonly number[]>;
  readonly mustLink: readonly (readonly [number, number])[];
  readonly cannotLink: readonly (readonly [number, number])[];
}

/**
 * Changes an assignment as little as needed so that every constraint holds exactly. Rows that must be together form
 * a block; a block goes to the cluster where most of its rows and their company are, unless a block that it must not
 * join was there first (larger blocks first, then lower rows): then to the nearest one free of such, else to a new cluster.
 * Rows under no constraint stay.
 *
 * @param nearness nearness of a block (its rows) to a cluster, larger is nearer; used only to break out
 * @throws `CLUSTERING_INVALID` when constraints contradict each other, naming two rows
 */
export function applyConstraints(
  assignment: Int32Array,
  k: number,
  constraints: Constraints,
  nearness: (rows: readonly number[], cluster: number) => number,
): {
  readonly assignment: Int32Array;
  readonly k: number;
  readonly groupCluster: ReadonlyMap<string, number>;
} {
  const blockRoot = new Map<number, number>();
  const find = (row: number): number => {
    const parent = blockRoot.get(row) ?? row;
    if (parent === row) return row;
    const root = find(parent);
    blockRoot.set(row, root);
    return root;
  };
  const touch = (row: number) => {
    if (!(row >= 0 && row < assignment.length))
      throw new AlbumenError("CLUSTERING_INVALID", `A constraint names row ${row} of ${assignment.length}.`);
    if (!blockRoot.has(row)) blockRoot.set(row, row);
  };
  const link = (a: number, b: number) => {
    touch(a);
    touch(b);
    const [low, high] = [find(a), find(b)].sort((x, y) => x - y);
    blockRoot.set(high, low);
  };
  for (const [a, b] of constraints.mustLink) link(a, b);
  const firstOfGroup = new Map<string, number>();
  for (const [row, group] of constraints.pins) {
    const first = firstOfGroup.get(group);
    if (first === undefined) {
      touch(row);
      firstOfGroup.set(group, row);
    } else link(first, row);
  }
  for (const [a, b] of constraints.cannotLink) {
    touch(a);
    touch(b);
  }

  const apart = new Map<number, Set<number>>();
  const keepApart = (a: number, b: number) => {
    const [x, y] = [find(a), find(b)];
    if (x === y)
      throw new AlbumenError(
        "CLUSTERING_INVALID",
        `Rows ${a} and ${b} were told both to stay together and to stay apart.`,
      );
    apart.set(x, (apart.get(x) ?? new Set()).add(y));
    apart.set(y, (apart.get(y) ?? new Set()).add(x));
  };
  for (const [a, b] of constraints.cannotLink) keepApart(a, b);
  const firsts = [...firstOfGroup.values()];
  firsts.forEach((a, i) => firsts.slice(i + 1).forEach((b) => keepApart(a, b)));

  const blocks = new Map<number, number[]>();
  for (const row of [...blockRoot.keys()].sort((a, b) => a - b)) {
    const root = find(row);
    blocks.set(root, [...(blocks.get(root) ?? []), row]);
  }
  const groupOfBlock = new Map([...firstOfGroup].map(([group, row]) => [find(row), group]));
  const result = Int32Array.from(assignment);
  let clusters = k;
  const clusterOfBlock = new Map<number, number>();
  const inOrder = [...blocks].sort(([a, rowsA], [b, rowsB]) => rowsB.length - rowsA.length || a - b);
  for (const [root, rows] of inOrder) {
    const taken = new Set([...(apart.get(root) ?? [])].map((other) => clusterOfBlock.get(other)));
    // A lone outlier under no pressure may stay one.
    if (rows.length === 1 && assignment[rows[0]] < 0 && !isPinned(rows[0])) continue;
    const votes = new Map<number, number>();
    for (const row of [...rows, ...companyOf(rows[0])])
      if (assignment[row] >= 0) votes.set(assignment[row], (votes.get(assignment[row]) ?? 0) + 1);
    const wanted = [...votes]
      .filter(([c]) => !taken.has(c))
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
    const target = wanted ?? nearestFree(rows, taken) ?? clusters++;
    clusterOfBlock.set(root, target);
    for (const row of rows) result[row] = target;
  }
  const groupCluster = new Map([...firstOfGroup].map(([group, row]) => [group, result[row]]));
  return { assignment: result, k: clusters, groupCluster };

  function companyOf(row: number): readonly number[] {
    const group = groupOfBlock.get(find(row));
    return (group === undefined ? undefined : constraints.company?.get(group)) ?? [];
  }

  function isPinned(row: number): boolean {
    return constraints.pins.has(row);
  }

  function nearestFree(rows: readonly number[], taken: ReadonlySet<number | undefined>): number | undefined {
    let best: number | undefined;
    let most = -Infinity;
    for (let c = 0; c < k; c++) {
      if (taken.has(c)) continue;
      const value = nearness(rows, c);
      if (value > most) {
        most = value;
        best = c;
      }
    }
    return best;
  }
}
