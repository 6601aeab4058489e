/**
 * What new images do to a catalog of ten kinds: five of an eleventh kind should open one album together, a single one
 * unlike all should open its own, fifty of the old kinds should open none. `npm run study:new-albums -- tune|report`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { assignNew } from "../src/core/cluster/assign-new.ts";
import { spreadOf } from "../src/core/cluster/spread.ts";
import { createRandom, shuffled, type Random } from "../src/core/random.ts";
import { concatVectors, takeRows, type Vectors } from "../src/core/vectors.ts";
import { kernelsOf, type Matrix } from "../src/ports/matrix.ts";
import { ENCODERS, readKinds, UNRELATED, type Half, type Kind } from "./clustering-settings.ts";
import { hasFeatures, type Encoder } from "./features.ts";
import { findAlbums } from "./found-albums.ts";
import { machine, mean, table } from "./report.ts";

const DRAWS = 240;
const HELD_BACK = 5;
const PACKS = ["caltech_a", "grocery", "clothing", "scenes", "houses"];
const call = { signal: new AbortController().signal };

/** Every other draw takes Caltech's kinds only; the rest mix all packs, with kinds that are much alike. */
async function draw(kinds: readonly Kind[], encoder: Encoder, at: number, matrix: Matrix) {
  const random = createRandom(900 + at);
  const pool = kinds.filter((kind) => (at % 2 === 0 ? kind.pack === "caltech_a" : kind.vectors.rows >= 20));
  const chosen = shuffled(pool, random).slice(0, 12);
  const parts = chosen.slice(0, 10).map((kind) => {
    const rows = shuffled([...Array(kind.vectors.rows).keys()], random);
    return {
      held: takeRows(kind.vectors, rows.slice(0, HELD_BACK)),
      kept: takeRows(kind.vectors, rows.slice(HELD_BACK, HELD_BACK + 10 + random.int(40))),
    };
  });
  const { dims } = chosen[0].vectors;
  const catalog = concatVectors(
    parts.map((part) => part.kept),
    dims,
  );
  const five = some(chosen[10].vectors, 5, random);
  const one = some(chosen[11].vectors, 1, random);
  const old = concatVectors(
    parts.map((part) => part.held),
    dims,
  );

  const found = await findAlbums(matrix, catalog, UNRELATED[encoder]);
  const albums = { centroids: found.centroids, spread: spreadOf(catalog, found.assignment, found.k) };
  const add = (vectors: Vectors) => assignNew(albums, vectors, kernelsOf(matrix, call));
  const [fiveAdded, oneAdded, oldAdded] = [await add(five), await add(one), await add(old)];
  const isNew = (a: number) => a >= found.k;
  return {
    caltechOnly: at % 2 === 0,
    fiveTogether: fiveAdded.opened === 1 && fiveAdded.assignment.every(isNew),
    fourOfFive: fiveAdded.opened === 1 && fiveAdded.assignment.filter(isNew).length >= 4,
    oneAlone: oneAdded.opened === 1,
    oldOpened: oldAdded.opened,
    oldMoved: oldAdded.assignment.filter(isNew).length / old.rows,
  };
}

function some(vectors: Vectors, count: number, random: Random): Vectors {
  return takeRows(vectors, shuffled([...Array(vectors.rows).keys()], random).slice(0, count));
}

async function main(half: Half): Promise<void> {
  if (!hasFeatures()) {
    console.log("Skipped: ../shared/reference/features is not here.");
    return;
  }
  const matrix = await createOnnxMatrix();
  const summaries: Record<string, unknown>[] = [];
  for (const encoder of ENCODERS) {
    const kinds = readKinds(half, encoder, PACKS);
    const draws: Awaited<ReturnType<typeof draw>>[] = [];
    for (let at = 0; at < DRAWS; at++) draws.push(await draw(kinds, encoder, at, matrix));
    for (const [pool, some] of [
      ["Caltech", draws.filter((d) => d.caltechOnly)],
      ["mixed", draws.filter((d) => !d.caltechOnly)],
      ["all", draws],
    ] as const) {
      const share = (hit: (d: (typeof draws)[number]) => boolean) => mean(some.map((d) => (hit(d) ? 1 : 0)));
      summaries.push({
        encoder,
        pool,
        draws: some.length,
        fiveOpenOneAlbum: share((d) => d.fiveTogether),
        atLeastFourOfThem: share((d) => d.fourOfFive),
        oneOpensItsOwn: share((d) => d.oneAlone),
        oldImagesThatOpen: mean(some.map((d) => d.oldMoved)),
        albumsOpenedByFiftyOld: mean(some.map((d) => d.oldOpened)),
        fiftyOldOpenNone: share((d) => d.oldOpened === 0),
      });
    }
  }
  await matrix.dispose();
  const head = Object.keys(summaries[0]);
  const text = table(
    head,
    summaries.map((s) =>
      head.map((h) =>
        typeof s[h] === "number" && h !== "draws" ? (s[h] as number).toFixed(3) : String(s[h]),
      ),
    ),
  );
  console.log(text);
  mkdirSync(new URL("results/", import.meta.url), { recursive: true });
  writeFileSync(
    new URL(`results/new-albums-${half}.md`, import.meta.url),
    `# New images, ${half === "tune" ? "tuning" : "reporting"} half\n\n${text}\n`,
  );
  console.log(JSON.stringify({ half, summaries, machine: machine() }));
}

const half = process.argv[2];
if (half !== "tune" && half !== "report") throw new Error("Say which half: tune or report.");
await main(half);
