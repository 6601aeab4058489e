/** How often a heap of one kind is seen as one, and how often several kinds are mistaken for one. `npm run study:one-kind`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { evidenceOf, isOneKind, type Evidence } from "../src/core/cluster/kinds.ts";
import { createRandom, shuffled, type Random } from "../src/core/random.ts";
import { concatVectors, takeRows, type Vectors } from "../src/core/vectors.ts";
import { kernelsOf, type Matrix } from "../src/ports/matrix.ts";
import { ENCODERS, readKinds, UNRELATED, type Half, type Kind } from "./clustering-settings.ts";
import { hasFeatures } from "./features.ts";
import { machine, mean, table } from "./report.ts";

const PACKS = ["caltech_a", "grocery", "clothing", "scenes", "houses", "tinyval2000"];
const MIXTURES = 150;

async function study(half: Half, matrix: Matrix) {
  const kernels = kernelsOf(matrix, { signal: new AbortController().signal });
  const rows = [];
  for (const encoder of ENCODERS) {
    const kinds = readKinds(half, encoder, PACKS);
    const random = createRandom(5);
    const single: Evidence[] = [];
    for (const kind of kinds)
      if (kind.vectors.rows >= 20)
        single.push(
          await evidenceOf(some(kind.vectors, [25, 60, 150][random.int(3)], random), random, kernels),
        );
    const mixed: { of: number; evidence: Evidence }[] = [];
    for (let at = 0; at < MIXTURES; at++) {
      const parts = mixture(kinds, at, random);
      const evidence = await evidenceOf(concatVectors(parts, parts[0].dims), random, kernels);
      mixed.push({ of: parts.length, evidence });
    }
    for (const unrelated of [UNRELATED[encoder], null]) {
      const share = (all: readonly Evidence[]) => mean(all.map((e) => (isOneKind(e, unrelated) ? 1 : 0)));
      rows.push({
        half,
        encoder,
        unrelated: unrelated ?? "not known",
        singleKinds: single.length,
        seenAsOne: share(single),
        mixtures: mixed.length,
        mistakenForOne: share(mixed.map((m) => m.evidence)),
        mistakenOfFourOrMore: share(mixed.filter((m) => m.of >= 4).map((m) => m.evidence)),
      });
    }
  }
  return rows;
}

/** Two to six kinds of one pack, or, every fourth time, two to seven of all packs. */
function mixture(kinds: readonly Kind[], at: number, random: Random): Vectors[] {
  const pack = PACKS[at % PACKS.length];
  const pool = at % 4 === 0 ? kinds : kinds.filter((kind) => kind.pack === pack);
  const count = Math.min(pool.length, 2 + random.int(at % 4 === 0 ? 6 : 5));
  return shuffled(pool, random)
    .slice(0, count)
    .map((kind) => some(kind.vectors, [10, 20, 50][random.int(3)], random));
}

function some(vectors: Vectors, count: number, random: Random): Vectors {
  return takeRows(vectors, shuffled([...Array(vectors.rows).keys()], random).slice(0, count));
}

if (!hasFeatures()) console.log("Skipped: ../shared/reference/features is not here.");
else {
  const matrix = await createOnnxMatrix();
  const rows = [...(await study("tune", matrix)), ...(await study("report", matrix))];
  await matrix.dispose();
  const head = Object.keys(rows[0]) as (keyof (typeof rows)[number])[];
  const text = table(
    head,
    rows.map((row) =>
      head.map((h) =>
        typeof row[h] === "number" && !Number.isInteger(row[h])
          ? (row[h] as number).toFixed(3)
          : String(row[h]),
      ),
    ),
  );
  console.log(text);
  mkdirSync(new URL("results/", import.meta.url), { recursive: true });
  writeFileSync(new URL("results/one-kind.md", import.meta.url), `# One kind or several\n\n${text}\n`);
  console.log(JSON.stringify({ rows, machine: machine() }));
}
