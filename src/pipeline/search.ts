/** Finds images by words or by likeness. */
import { AlbumenError, isAlbumenError } from "../errors.ts";
import type { ConceptTable } from "../core/concepts.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import { matchWords } from "../core/search-words.ts";
import { meanOf, normalize, rowOf, takeRows } from "../core/vectors.ts";
import type { Call } from "../ports/call.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { Matrix } from "../ports/matrix.ts";

/** How a search was read. */
export type Understood =
  /** the words are one of the encoder's own */
  | { readonly kind: "concept"; readonly text: string }
  /** the text model read them */
  | { readonly kind: "text"; readonly text: string }
  /** no text model here: read as known words in the search, or as those spelled most alike */
  | { readonly kind: "nearest"; readonly text: string; readonly words: readonly string[] };

export interface Query {
  /** unit row */
  readonly vector: Float32Array;
  readonly understood: Understood;
}

/**
 * The vector of some words. A word of the encoder's own needs no text model; other texts do, and where that is not
 * at hand the known words in the text stand for it, and failing those, the words spelled most alike.
 * Errors: `MODEL_INCOMPATIBLE` when the encoder knows no words at all.
 */
export async function readWords(
  words: string,
  embedder: Embedder,
  concepts: ConceptTable | null,
  call: Call,
): Promise<Query> {
  const text = words.replace(/\s+/g, " ").trim();
  if (text === "") throw new AlbumenError("USAGE", "There are no words to search for.");
  const match = concepts ? matchWords(text, concepts.concepts) : null;
  if (concepts && match && match.whole !== null)
    return {
      vector: rowOf(concepts.vectors, match.whole),
      understood: { kind: "concept", text: concepts.concepts[match.whole]!.text },
    };
  let missing: AlbumenError | null = null;
  if (embedder.embedTexts)
    try {
      const vectors = await embedder.embedTexts([text], call);
      return { vector: rowOf(vectors, 0), understood: { kind: "text", text } };
    } catch (error) {
      if (!isAlbumenError(error) || !TEXT_MODEL_MISSING.has(error.code)) throw error;
      missing = error;
    }
  if (!concepts || !match)
    throw (
      missing ??
      new AlbumenError("MODEL_INCOMPATIBLE", `The encoder ${embedder.space.model} knows no words.`, {
        hint: "Search by an image with albumen similar.",
      })
    );
  const rows = match.parts.length > 0 ? match.parts : match.nearest.slice(0, 1);
  const known = (indices: readonly number[]): string[] => indices.map((i) => concepts.concepts[i]!.text);
  const why = missing ? `The text model is not here (${missing.message})` : "This encoder has no text model";
  return {
    vector: normalize(meanOf(takeRows(concepts.vectors, rows))),
    understood: {
      kind: "nearest",
      words: known(match.parts.length > 0 ? match.parts : match.nearest),
      text:
        match.parts.length > 0
          ? `${why}: "${text}" was read as ${known(match.parts).join(", ")}.`
          : `${why}: nearest known words to "${text}" are ${known(match.nearest).join(", ")}; showing the first.`,
    },
  };
}

const TEXT_MODEL_MISSING = new Set(["MODEL_NOT_INSTALLED", "MODEL_FETCH_FAILED", "MODEL_CORRUPT"]);

/** The images nearest to a vector, best first. */
export async function nearestImages(
  vector: Float32Array,
  { images, vectors }: ImageVectors,
  limit: number,
  matrix: Matrix,
  call: Call,
): Promise<{ readonly image: string; readonly similarity: number }[]> {
  if (vectors.rows === 0) return [];
  const query = { data: vector, rows: 1, dims: vector.length };
  const { index, similarity } = await matrix.topK(query, vectors, Math.min(limit, vectors.rows), call);
  return Array.from(index, (row, i) => ({ image: images[row]!, similarity: similarity[i]! }));
}
