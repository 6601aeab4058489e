/** Tests names on the pictures, with the texts' vectors from the encoder itself. */
import type { NameProof } from "../core/albums.ts";
import type { ConceptTable } from "../core/concepts.ts";
import {
  PROOF_SAMPLE,
  proveNames,
  sameMeaningFrom,
  spokenName,
  textOfName,
  UNRELATED_NAMES,
} from "../core/naming/proof.ts";
import { foldName } from "../core/naming/wording.ts";
import {
  concatVectors,
  dot,
  makeVectors,
  meanOf,
  normalize,
  rowOf,
  spreadOver,
  takeRows,
  type Vectors,
} from "../core/vectors.ts";
import { isAlbumenError } from "../errors.ts";
import type { Call } from "../ports/call.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { Matrix } from "../ports/matrix.ts";

/** An album whose name is tested, or stands beside those that are. */
export interface AlbumOnTrial {
  /** in English; null: none, or one that claims nothing of what is to be seen */
  readonly name: string | null;
  /** of its images */
  readonly rows: ArrayLike<number>;
}

/** Turns names into unit vectors of the images' space; null where it has none for a name. */
export type ReadNames = (names: readonly string[]) => Promise<(Float32Array | null)[]>;

export interface Prover {
  /** One verdict an album, see `proveNames`. All names in use belong in it: they are each other's rivals. */
  prove(albums: readonly AlbumOnTrial[]): Promise<NameProof[]>;
  /** The first of `others` that means the same as `name`; null when none does, or that cannot be told. */
  sameMeaning(name: string, others: readonly string[]): Promise<string | null>;
}

/** Albums tested against each other; of more, each such part by itself, for the products grow with the square. */
const TRIAL = 400;

export function createProver({
  readNames,
  vectors,
  matrix,
  call,
}: {
  readonly readNames: ReadNames;
  readonly vectors: Vectors;
  readonly matrix: () => Promise<Matrix>;
  readonly call: Call;
}): Prover {
  const known = new Map<string, Float32Array | null>();
  let sameFrom: number | null = null;

  /** "" has none. */
  async function vectorsOf(names: readonly string[]): Promise<(Float32Array | null)[]> {
    const fresh = [...new Set(names)].filter((name) => name !== "" && !known.has(name));
    if (fresh.length > 0) (await readNames(fresh)).forEach((row, i) => known.set(fresh[i]!, row));
    return names.map((name) => known.get(name) ?? null);
  }

  async function proveTogether(albums: readonly AlbumOnTrial[]): Promise<NameProof[]> {
    const texts = await vectorsOf(albums.map(({ name }) => name ?? ""));
    const readable = albums.flatMap(({ name }, i) => (name !== null && texts[i] ? i : []));
    const samples = albums.map(({ rows }) => spreadOver(rows.length, PROOF_SAMPLE).map((i) => rows[i]!));
    const pictures = takeRows(vectors, samples.flat());
    let fits: Float32Array = new Float32Array(0);
    if (readable.length > 0 && pictures.rows > 0) {
      const { dims } = pictures;
      const rows = readable.map((i) => makeVectors(texts[i]!, dims));
      fits = await (await matrix()).multiply(pictures, concatVectors(rows, dims), call);
    }
    const count = albums.length;
    let next = 0;
    const proofs = proveNames(
      albums.map(({ name }, i) => {
        const own = new Float32Array(samples[i]!.length * count);
        for (let picture = 0; picture < samples[i]!.length; picture++, next++)
          readable.forEach((column, at) => {
            own[picture * count + column] = fits[next * readable.length + at]!;
          });
        return { name: texts[i] ? name : null, pictures: samples[i]!.length, fits: own };
      }),
    );
    return proofs.map((proof, i) =>
      albums[i]!.name !== null && !texts[i]
        ? { kind: "untested", because: "The encoder has no text that stands for it." }
        : proof,
    );
  }

  return {
    async prove(albums) {
      const proofs: NameProof[] = [];
      for (let at = 0; at < albums.length; at += TRIAL)
        proofs.push(...(await proveTogether(albums.slice(at, at + TRIAL))));
      return proofs;
    },
    async sameMeaning(name, others) {
      if (sameFrom === null) {
        const rows = (await vectorsOf(UNRELATED_NAMES)).flatMap((row) => row ?? []);
        if (rows.length < UNRELATED_NAMES.length) return null;
        sameFrom = sameMeaningFrom(rows.flatMap((a, i) => rows.slice(0, i).map((b) => dot(a, b))));
      }
      const [own, ...rows] = await vectorsOf([name, ...others]);
      if (!own) return null;
      return others.find((_, i) => rows[i] && dot(own, rows[i]) >= sameFrom!) ?? null;
    },
  };
}

/**
 * Names read by the encoder's text side, loaded on the first one. `onMissing` hears once why there is none, when there
 * is none: an encoder without one, or a text model that cannot be had here.
 */
export function readBySentences(
  encoder: Pick<Embedder, "space" | "embedTexts">,
  onMissing: (because: string) => void,
  call: Call,
): ReadNames {
  let isMissing = false;
  return async (names) => {
    const none = names.map(() => null);
    if (isMissing) return none;
    const miss = (because: string): null[] => {
      isMissing = true;
      onMissing(because);
      return none;
    };
    try {
      if (!encoder.embedTexts) return miss(`The encoder ${encoder.space.model} reads no texts.`);
      const rows = await encoder.embedTexts(names.map(textOfName), call);
      return names.map((_, i) => rowOf(rows, i));
    } catch (error) {
      if (!isAlbumenError(error) || error.code === "ABORTED") throw error;
      return miss(error.message);
    }
  };
}

/** Names that are made of the encoder's own words, by the words' vectors: needs no text model. */
export function readByWords(concepts: ConceptTable): ReadNames {
  const wordOf = new Map(concepts.concepts.map(({ text }, i) => [foldName(text), i]));
  return (names) =>
    Promise.resolve(
      names.map((name) => {
        const words = spokenName(name)
          .split(" and ")
          .map((part) => wordOf.get(foldName(part)));
        if (words.some((word) => word === undefined)) return null;
        return normalize(meanOf(takeRows(concepts.vectors, words as number[])));
      }),
    );
}
