/** The words that images are tagged and albums named with. */
import { BACKGROUND_SAMPLE, measureBackground, type ConceptTable } from "../core/concepts.ts";
import { spreadOver, takeRows, type Vectors } from "../core/vectors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { quietCall } from "./events.ts";

/**
 * The encoder's own words; null when it has none. Where nothing was measured about them, it is on the images at hand, of which
 * a sample is spread over all. Errors: as `Embedder.concepts`, `ABORTED`.
 */
export async function wordsOf(
  embedder: Embedder,
  vectors: Vectors,
  { matrix, watch }: Pick<CatalogParts, "matrix" | "watch">,
): Promise<ConceptTable | null> {
  const table = await embedder.concepts();
  if (!table?.isUnmeasured || vectors.rows === 0) return table;
  const sample = takeRows(vectors, spreadOver(vectors.rows, BACKGROUND_SAMPLE));
  const cosines = await (await matrix()).multiply(sample, table.vectors, quietCall(watch));
  return measureBackground(table, cosines, sample.rows);
}
