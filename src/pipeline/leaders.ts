/** Which image stands for its burst or its copies, for those who choose and show pictures. */
import { findLeaders } from "../core/duplicates/leaders.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import { dot, rowOf } from "../core/vectors.ts";
import type { ImageRow } from "../ports/store.ts";

/** For each row of `vectors` the row of the image that stands for it. `rows`: what is known of the images. */
export function leadersOf(
  { images, vectors }: ImageVectors,
  rows: ReadonlyMap<string, ImageRow>,
): Int32Array {
  const known = images.flatMap((image, row) => {
    const found = rows.get(image);
    return found === undefined ? [] : [{ row, shot: { ...found.facts, sizeBytes: found.sizeBytes } }];
  });
  const found = findLeaders(
    known.map(({ shot }) => shot),
    (a, b) => dot(rowOf(vectors, known[a]!.row), rowOf(vectors, known[b]!.row)),
  );
  const leaders = Int32Array.from(images.keys());
  known.forEach(({ row }, i) => (leaders[row] = known[found[i]!]!.row));
  return leaders;
}
