import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesIn } from "../../test/fixtures/fake-model-hub.ts";
import { sharedOrSkip } from "../../test/support/packs.ts";
import { titleOf, valueOf } from "../../test/support/skip.ts";
import { dot, rowOf } from "../core/vectors.ts";
import { architectureOf } from "./architectures/registry.ts";
import type { PublishedFiles, WeightDtype } from "./convert.ts";
import { createTextTower, type TextTower } from "./text-tower.ts";

const shared = sharedOrSkip("reference/models");
const signal = new AbortController().signal;

interface Expected {
  readonly texts: readonly {
    readonly text: string;
    readonly input_ids: readonly number[];
    readonly text_features?: readonly number[];
    readonly text_embeds?: readonly number[];
  }[];
}

describe.skipIf(!shared.isAvailable)(titleOf("text towers against the recorded outputs", shared), () => {
  async function open(name: string, dtype: WeightDtype): Promise<TextTower> {
    const stored = filesIn(join(valueOf(shared), name));
    const json = (file: string): unknown =>
      stored.has(file) ? JSON.parse(new TextDecoder().decode(stored.get(file))) : null;
    const files: PublishedFiles = {
      names: [...stored.keys()],
      read: (file) => Promise.resolve(stored.get(file)!),
      json: (file) => Promise.resolve(json(file)),
    };
    const config = json("config.json");
    const converted = await architectureOf(config).convert(config, files, { dtype, signal });
    if (converted.kind !== "encoder" || converted.manifest.text?.kind !== "tower")
      throw new Error(`${name} has no text tower`);
    const { text: spec, dims } = converted.manifest;
    return createTextTower({
      spec,
      dims,
      graph: converted.files.get(spec.graph)!,
      tokenizer: converted.files.get(spec.tokenizer)!,
      tokenizerConfig: converted.files.get(spec.tokenizerConfig)!,
    });
  }
  const expectedOf = (name: string) =>
    JSON.parse(readFileSync(join(valueOf(shared), name, "expected.json"), "utf8")) as Expected;

  it.each([
    ["tiny-clip", "fp32", 0.999999],
    ["tiny-siglip", "fp32", 0.999999],
    ["tiny-clip", "q8", 0.99],
  ] as const)("%s in %s reads twelve texts as the original does", async (name, dtype, least) => {
    const { texts } = expectedOf(name);
    const tower = await open(name, dtype);
    const rows = await tower.encode(
      texts.map(({ text }) => text),
      { signal },
    );
    await tower.dispose();
    texts.forEach(({ text_features, text_embeds }, i) => {
      const wanted = Float32Array.from((text_features ?? text_embeds)!);
      const length = Math.sqrt(dot(wanted, wanted));
      expect(dot(rowOf(rows, i), wanted) / length).toBeGreaterThanOrEqual(least);
    });
  });

  it("cuts a long text and keeps its closing token", async () => {
    const tower = await open("tiny-clip", "fp32");
    const ids = tower.tokenize("a photo of a dog ".repeat(60));
    await tower.dispose();
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([77, 822, 823]);
  });

  it("gives the same vector whatever else is in the batch", async () => {
    const tower = await open("tiny-clip", "fp32");
    const alone = await tower.encode(["a dog"], { signal });
    const among = await tower.encode(["a long sentence about a cat on a mat", "a dog", ""], { signal });
    await tower.dispose();
    expect(dot(rowOf(alone, 0), rowOf(among, 1))).toBeGreaterThan(0.999999);
  });

  it("stops when it is cancelled", async () => {
    const tower = await open("tiny-clip", "fp32");
    await expect(tower.encode(["a dog"], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await tower.dispose();
  });
});
