/** Which new cluster is which old album: matching by shared members. Pure. */
/**
 * The assignment of rows to columns with the highest total value, each row and column used at most once:
 * the Hungarian method with potentials, O(rows² columns); R. Jonker and A. Volgenant, Computing 38 (1987).
 *
 * @param value row-major, rows × columns
 * @returns column of each row; -1 for a row that stays without (only when there are more rows than columns)
 */
export function maximumAssignment(value: ArrayLike<number>, rows: number, columns: number): Int32Array {
  if (rows > columns) {
    const transposed = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) transposed[j * rows + i] = value[i * columns + j];
    const rowOfColumn = maximumAssignment(transposed, columns, rows);
    const column = new Int32Array(rows).fill(-1);
    rowOfColumn.forEach((i, j) => (column[i] = j));
    return column;
  }
  // Columns are numbered from 1; column 0 holds the row that looks for a place.
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowAt = new Int32Array(columns + 1);
  const cameFrom = new Int32Array(columns + 1);
  for (let i = 1; i <= rows; i++) {
    rowAt[0] = i;
    let at = 0;
    const slack = new Float64Array(columns + 1).fill(Infinity);
    const isUsed = new Uint8Array(columns + 1);
    do {
      isUsed[at] = 1;
      const row = rowAt[at];
      let least = Infinity;
      let next = 0;
      for (let j = 1; j <= columns; j++) {
        if (isUsed[j]) continue;
        const reduced = -value[(row - 1) * columns + j - 1] - rowPotential[row] - columnPotential[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          cameFrom[j] = at;
        }
        if (slack[j] < least) {
          least = slack[j];
          next = j;
        }
      }
      for (let j = 0; j <= columns; j++) {
        if (isUsed[j]) {
          rowPotential[rowAt[j]] += least;
          columnPotential[j] -= least;
        } else slack[j] -= least;
      }
      at = next;
    } while (rowAt[at] !== 0);
    while (at !== 0) {
      rowAt[at] = rowAt[cameFrom[at]];
      at = cameFrom[at];
    }
  }
  const column = new Int32Array(rows).fill(-1);
  for (let j = 1; j <= columns; j++) if (rowAt[j] > 0) column[rowAt[j] - 1] = j - 1;
  return column;
}

/** What became of the albums between two groupings. Album ids are the caller's; clusters are numbers. */
export interface AlbumMatch {
  /** album id of each cluster; null: a new album is to be opened for it */
  readonly idOf: readonly (string | null)[];
  readonly kept: readonly { readonly id: string; readonly cluster: number; readonly shared: number }[];
  /** clusters without an old album */
  readonly born: readonly number[];
  /** albums without a cluster, members that are still there counted */
  readonly died: readonly { readonly id: string; readonly members: number }[];
  /** `from` ended and at least half of its members still present now are in the cluster of `into` */
  readonly merged: readonly { readonly from: string; readonly into: string; readonly members: number }[];
  /** at least half of the new cluster's known members come from `from`, which lives on elsewhere */
  readonly split: readonly { readonly from: string; readonly cluster: number; readonly members: number }[];
}

/**
 * Gives each cluster the id of the old album it shares most members with, so that the shared members of all pairs
 * together are most. A pair counts only when half of the album's members that are still there, or half of the
 * cluster's that were there before, are shared: below that an id would tell a lie.
 *
 * @param albums old albums: id → its images
 * @param clusters new clusters: images of each
 */
export function matchAlbums(
  albums: ReadonlyMap<string, ReadonlySet<string>>,
  clusters: readonly ReadonlySet<string>[],
): AlbumMatch {
  const ids = [...albums.keys()];
  const albumOf = new Map<string, number>();
  ids.forEach((id, a) => albums.get(id)!.forEach((image) => albumOf.set(image, a)));
  const shared = new Int32Array(ids.length * clusters.length);
  const remaining = new Int32Array(ids.length);
  const known = new Int32Array(clusters.length);
  clusters.forEach((images, c) =>
    images.forEach((image) => {
      const a = albumOf.get(image);
      if (a === undefined) return;
      shared[a * clusters.length + c]++;
      remaining[a]++;
      known[c]++;
    }),
  );
  const isHalf = (a: number, c: number) => {
    const both = shared[a * clusters.length + c];
    return both > 0 && (2 * both >= remaining[a] || 2 * both >= known[c]);
  };
  const worth = shared.map((both, at) =>
    isHalf(Math.floor(at / clusters.length), at % clusters.length) ? both : 0,
  );
  const clusterOf = maximumAssignment(worth, ids.length, clusters.length).map((c, a) =>
    c >= 0 && worth[a * clusters.length + c] > 0 ? c : -1,
  );

  const idOf: (string | null)[] = clusters.map(() => null);
  clusterOf.forEach((c, a) => {
    if (c >= 0) idOf[c] = ids[a];
  });
  const gone = ids.flatMap((id, a) => (clusterOf[a] < 0 ? [{ id, a }] : []));
  const born = clusters.flatMap((_, c) => (idOf[c] === null ? [c] : []));
  return {
    idOf,
    kept: ids.flatMap((id, a) =>
      clusterOf[a] < 0
        ? []
        : [{ id, cluster: clusterOf[a], shared: shared[a * clusters.length + clusterOf[a]] }],
    ),
    born,
    died: gone.map(({ id, a }) => ({ id, members: remaining[a] })),
    merged: gone.flatMap(({ id, a }) =>
      clusters.flatMap((_, c) => {
        const members = shared[a * clusters.length + c];
        const into = idOf[c];
        return into !== null && members > 0 && 2 * members >= remaining[a]
          ? [{ from: id, into, members }]
          : [];
      }),
    ),
    split: born.flatMap((cluster) =>
      ids.flatMap((from, a) => {
        const members = shared[a * clusters.length + cluster];
        return clusterOf[a] >= 0 && members > 0 && 2 * members >= known[cluster]
          ? [{ from, cluster, members }]
          : [];
      }),
    ),
  };
}
