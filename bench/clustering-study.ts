/**
 * How well albums are found when nobody says how many: every labelled setting of one half, beside k-means told the
 * true number. `npm run study:clustering -- tune|report`; the table goes to bench/results/clustering-<half>.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { trustOfAll } from "../src/core/albums.ts";
import { trustOf } from "../src/core/cluster/trust.ts";
import { accuracy, adjustedMutualInformation, purity, spearman } from "../src/core/metrics.ts";
import { kernelsOf, type Matrix } from "../src/ports/matrix.ts";
import { readSettings, UNRELATED, type Half, type Setting } from "./clustering-settings.ts";
import { hasFeatures } from "./features.ts";
import { findAlbums, MIN_ALBUM_SIZE } from "./found-albums.ts";
import { machine, mean, table } from "./report.ts";
import { toldKMeans } from "./told-kmeans.ts";

const call = { signal: new AbortController().signal };

/** Kinds that could be an album. */
function kindsOf(setting: Setting): number {
  const size = new Int32Array(setting.kinds + 1);
  for (const kind of setting.truth) size[kind]++;
  return size.filter(
    (count, kind) => kind < setting.kinds && count >= Math.min(MIN_ALBUM_SIZE, setting.vectors.rows),
  ).length;
}

async function judge(setting: Setting, matrix: Matrix) {
  const { vectors, truth, encoder } = setting;
  const told = accuracy(
    truth,
    await toldKMeans(matrix, vectors, setting.kinds + (setting.strays > 0 ? 1 : 0)),
  );
  const start = performance.now();
  const found = await findAlbums(matrix, vectors, UNRELATED[encoder]);
  const ms = performance.now() - start;
  const kinds = kindsOf(setting);
  const acc = accuracy(truth, found.assignment);
  const isOut = (i: number) => found.assignment[i] < 0;
  const strays = [...truth.keys()].filter((i) => truth[i] === setting.kinds && setting.strays > 0);
  const others = [...truth.keys()].filter((i) => truth[i] < setting.kinds);
  const albums = Array.from({ length: found.k }, (_, c) =>
    [...truth.keys()].filter((i) => found.assignment[i] === c),
  );
  const purities = albums.map((rows) => {
    // A stray shares its kind with no other, whatever its label.
    const labels = rows.map((i) => (truth[i] === setting.kinds ? setting.kinds + 1 + i : truth[i]));
    return purity(labels, new Int32Array(rows.length));
  });
  const trust = await trustOf(vectors, found.assignment, found.k, kernelsOf(matrix, call));
  return {
    encoder,
    name: setting.name,
    rows: vectors.rows,
    kinds,
    found: found.k,
    told,
    acc,
    ratio: acc / told,
    kError: Math.abs(found.k - kinds) / kinds,
    ami: adjustedMutualInformation(truth, found.assignment),
    straysOut: strays.length > 0 ? mean(strays.map((i) => (isOut(i) ? 1 : 0))) : null,
    othersOut: mean(others.map((i) => (isOut(i) ? 1 : 0))),
    impure: albums.filter((rows, c) => rows.length >= 10 && purities[c] < 0.5).length,
    criterion: found.report.criterion,
    albums: albums.map((rows, c) => ({ size: rows.length, purity: purities[c], trust: trust[c] })),
    trust: trustOfAll(albums.map((members, c) => ({ trust: trust[c], members }))),
    ms,
  };
}

async function main(half: Half): Promise<void> {
  if (!hasFeatures()) {
    console.log("Skipped: ../shared/reference/features is not here.");
    return;
  }
  const matrix = await createOnnxMatrix();
  const results = [];
  for (const setting of readSettings(half)) results.push(await judge(setting, matrix));
  await matrix.dispose();

  const several = results.filter((r) => r.kinds > 1);
  const single = results.filter((r) => r.kinds === 1);
  const trusted = several.flatMap((r) =>
    r.albums.flatMap((a) => (a.trust === null ? [] : [{ ...a, trust: a.trust }])),
  );
  const summary = {
    half,
    settings: several.length,
    meanRatio: mean(several.map((r) => r.ratio)),
    meanAcc: mean(several.map((r) => r.acc)),
    meanTold: mean(several.map((r) => r.told)),
    meanKError: mean(several.map((r) => r.kError)),
    worstRatio: Math.min(...several.map((r) => r.ratio)),
    oneKindAsOne: `${single.filter((r) => r.found === 1).length} of ${single.length}`,
    straysOut: mean(several.flatMap((r) => (r.straysOut === null ? [] : [r.straysOut]))),
    othersOut: mean(several.map((r) => r.othersOut)),
    impureAlbums: several.reduce((sum, r) => sum + r.impure, 0),
    trustSpearman: spearman(
      trusted.map((a) => a.trust),
      trusted.map((a) => a.purity),
    ),
    trustSpearmanOfWhole: spearman(
      several.map((r) => r.trust ?? 0),
      several.map((r) => r.acc),
    ),
  };
  const text = table(
    [
      "encoder",
      "setting",
      "rows",
      "kinds",
      "found",
      "told k",
      "ACC",
      "ratio",
      "AMI",
      "strays out",
      "others out",
      "impure",
      "ms",
    ],
    results.map((r) => [
      r.encoder,
      r.name,
      r.rows,
      r.kinds,
      r.found,
      r.told.toFixed(3),
      r.acc.toFixed(3),
      r.ratio.toFixed(2),
      r.ami.toFixed(3),
      r.straysOut === null ? "" : r.straysOut.toFixed(2),
      r.othersOut.toFixed(3),
      r.impure,
      r.ms.toFixed(0),
    ]),
  );
  console.log(text);
  mkdirSync(new URL("results/", import.meta.url), { recursive: true });
  writeFileSync(
    new URL(`results/clustering-${half}.md`, import.meta.url),
    `# Clustering, ${half === "tune" ? "tuning" : "reporting"} half\n\n${text}\n\n\`\`\`json\n${JSON.stringify(summary, null, 2)}\n\`\`\`\n`,
  );
  console.log(JSON.stringify({ ...summary, machine: machine() }));
}

const half = process.argv[2];
if (half !== "tune" && half !== "report") throw new Error("Say which half: tune or report.");
await main(half);
