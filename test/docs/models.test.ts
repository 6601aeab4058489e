/** docs/models.md tells of the models that the code knows, with the figures that it ranks them by. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { KNOWN_CAPTIONERS, KNOWN_ENCODERS, RECOMMENDED } from "../../src/models/known-models.ts";
import { parseModelId } from "../../src/models/model-id.ts";
import { REPOSITORY } from "./pages.ts";

const rows = readFileSync(join(REPOSITORY, "docs/models.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"));

describe("the models that Albumen knows", () => {
  it("are ids of a hub, each once", () => {
    const ids = [...KNOWN_ENCODERS, ...KNOWN_CAPTIONERS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(parseModelId(id)).toEqual({ kind: "hub", repo: id, revision: null });
    for (const id of RECOMMENDED.ids) expect(ids).toContain(id);
  });

  it("stand in the order of the accuracy that ranks them", () => {
    const accuracies = KNOWN_ENCODERS.map(({ zeroShot }) => zeroShot!);
    expect(accuracies).toEqual([...accuracies].sort((a, b) => b - a));
  });

  it.each(KNOWN_ENCODERS)("$id is told with its accuracy and licence", ({ id, zeroShot, licence }) => {
    const row = rows.find((line) => line.startsWith(`| \`${id}\``));
    expect(row).toContain(`${(zeroShot! * 100).toFixed(1)} %`);
    expect(row).toContain(licence);
  });

  it.each(KNOWN_CAPTIONERS)("$id is told with its licence", ({ id, licence }) => {
    expect(rows.find((line) => line.startsWith(`| \`${id}\``))).toContain(licence);
  });
});
