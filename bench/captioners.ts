/**
 * Seconds a caption of BLIP-base in its real size, weights random: `npm run bench:captioners`. Writes
 * results/captioners.md.
 *
 * Every sentence is made to have 20 tokens. "without": every step computes the whole sentence anew, and the keys and
 * values of the picture too, once a beam: that is what transformers does with `use_cache=False`. "picture kept": only
 * the sentence is computed anew. The ways take turns, so that whatever else the machine does slows all of them.
 */
import { writeFileSync } from "node:fs";
import { blipStep, rememberPictures, type PictureMemory } from "../src/adapters/captioner/blip-step.ts";
import { PLAIN_RULES, searchSentences, type DecoderStep, type SearchRules } from "../src/core/beam-search.ts";
import { createRandom } from "../src/core/random.ts";
import { parseBlipConfig, type BlipConfig } from "../src/models/architectures/blip-config.ts";
import { buildBlipText } from "../src/models/architectures/blip-text.ts";
import { buildBlipVision } from "../src/models/architectures/blip-vision.ts";
import { untieBlip } from "../src/models/architectures/blip.ts";
import { WEIGHT_DTYPES, type WeightDtype } from "../src/models/convert.ts";
import { openGraph, type Graph } from "../src/models/graph.ts";
import { GraphBuilder } from "../src/models/onnx/graph-builder.ts";
import { TransformerLayers } from "../src/models/onnx/transformer.ts";
import type { Tensors } from "../src/models/onnx/weights.ts";
import { Tensor } from "../src/models/onnxruntime.ts";
import { blipShapes, randomTensors } from "../test/fixtures/random-blip.ts";
import { machine, median, table } from "./report.ts";

const ROUNDS = 3;
const NEW_TOKENS = 20;
const BASE = parseBlipConfig({
  model_type: "blip",
  text_config: { num_attention_heads: 12 },
  vision_config: {},
});
const signal = new AbortController().signal;

/** The part of the vision graph that a decoder without a cache has to run again for every token. */
function crossGraph(
  tensors: Tensors,
  { text_config: text, vision_config }: BlipConfig,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("cross");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const { hidden_size: seen } = vision_config;
  const { hidden_size: width, num_attention_heads: heads } = text;
  const states = graph.input("image_states", "f32", ["n", "s", seen]);
  for (let i = 0; i < text.num_hidden_layers; i++)
    for (const part of ["key", "value"]) {
      const prefix = `text_decoder.bert.encoder.layer.${i}.crossattention.self.${part}`;
      const perHead = layers.splitHeads(layers.linear(states, prefix, seen, width), width, heads);
      graph.output(`cross.${i}.${part}`, perHead, "f32", ["n", heads, "s", width / heads]);
    }
  return graph.toModel();
}

/** Whole sentences in every step. `crossOf`: what the decoder sees of the picture of each sentence, or of each picture. */
function wholeSentences(
  decoder: Graph,
  { num_hidden_layers: layers, num_attention_heads: heads, hidden_size }: BlipConfig["text_config"],
  crossOf: (pictures: readonly number[]) => Promise<Readonly<Record<string, Tensor>>>,
): DecoderStep {
  const shape = { layers, heads, headDims: hidden_size / heads };
  return async (prefixes) => {
    const cross = await crossOf(prefixes.map(({ item }) => item));
    const step = blipStep(decoder, { of: () => cross }, shape, signal);
    return step(prefixes.map((prefix) => ({ ...prefix, parent: null })));
  };
}

function rulesFor(beams: number): SearchRules {
  const { bos_token_id, sep_token_id } = BASE.text_config;
  const maxLength = 1 + NEW_TOKENS;
  return {
    ...PLAIN_RULES,
    prompt: [bos_token_id],
    end: sep_token_id,
    beams,
    maxLength,
    minLength: maxLength,
  };
}

async function seconds(task: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task();
  return (performance.now() - start) / 1000;
}

interface Row {
  readonly dtype: WeightDtype;
  readonly beams: number;
  readonly pictures: number;
  /** seconds a picture */
  readonly vision: number;
  readonly withCache: number;
  readonly pictureKept: number;
  readonly without: number;
}

async function measure(tensors: Tensors, dtype: WeightDtype): Promise<Row[]> {
  const { vision_config, text_config: text } = BASE;
  const vision = await openGraph(buildBlipVision(tensors, BASE, dtype), "vision");
  const decoder = await openGraph(buildBlipText(tensors, text, dtype), "decoder");
  const cross = await openGraph(crossGraph(tensors, BASE, dtype), "cross");
  const shape = {
    layers: text.num_hidden_layers,
    heads: text.num_attention_heads,
    headDims: text.hidden_size / text.num_attention_heads,
  };
  const { image_size: side } = vision_config;
  const random = createRandom(1);
  const drawn = Array.from({ length: 4 }, () => {
    const data = Float32Array.from({ length: 3 * side * side }, () => 2 * random.next() - 1);
    return new Tensor("float32", data, [1, 3, side, side]);
  });

  const rows: Row[] = [];
  for (const [beams, pictures] of [
    [1, 1],
    [3, 1],
    [3, 4],
  ] as const) {
    const pixels = drawn.slice(0, pictures);
    const rules = rulesFor(beams);
    const states = await Promise.all(
      pixels.map(async (pixel) => (await vision.run({ pixel_values: pixel }))["image_states"]!),
    );
    const recomputed = async (items: readonly number[]) => {
      const [, tokens, width] = states[0]!.dims;
      const size = tokens! * width!;
      const joined = new Float32Array(items.length * size);
      items.forEach((item, row) => joined.set(states[item]!.data as Float32Array, row * size));
      return cross.run({ image_states: new Tensor("float32", joined, [items.length, tokens!, width!]) });
    };
    const search = (step: DecoderStep) => searchSentences(pictures, rules, step);
    const times = {
      vision: [] as number[],
      cached: [] as number[],
      kept: [] as number[],
      without: [] as number[],
    };
    for (let round = 0; round <= ROUNDS; round++) {
      let memory: PictureMemory | null = null;
      const took = {
        vision: await seconds(async () => (memory = await rememberPictures(vision, pixels, signal))),
        cached: await seconds(() => search(blipStep(decoder, memory!, shape, signal))),
        kept: await seconds(() =>
          search(wholeSentences(decoder, text, async (items) => memory!.of([...new Set(items)]))),
        ),
        without: await seconds(() => search(wholeSentences(decoder, text, recomputed))),
      };
      if (round > 0)
        for (const way of Object.keys(times) as (keyof typeof times)[]) times[way].push(took[way]);
    }
    const each = (way: keyof typeof times) => median(times[way]) / pictures;
    rows.push({
      dtype,
      beams,
      pictures,
      vision: each("vision"),
      withCache: each("vision") + each("cached"),
      pictureKept: each("vision") + each("kept"),
      without: each("vision") + each("without"),
    });
    console.error(JSON.stringify(rows.at(-1)));
  }
  for (const graph of [vision, decoder, cross]) await graph.dispose();
  return rows;
}

const tensors = untieBlip(randomTensors(blipShapes(BASE), 1));
const rows: Row[] = [];
for (const dtype of WEIGHT_DTYPES) if (dtype !== "fp16") rows.push(...(await measure(tensors, dtype)));

const s = (value: number) => value.toFixed(2);
const report = table(
  [
    "weights",
    "beams",
    "pictures a call",
    "vision, s",
    "with cache, s",
    "picture kept, s",
    "without, s",
    "without / with",
    "the same, decoder alone",
  ],
  rows.map((row) => [
    row.dtype,
    row.beams,
    row.pictures,
    s(row.vision),
    s(row.withCache),
    s(row.pictureKept),
    s(row.without),
    s(row.without / row.withCache),
    s((row.without - row.vision) / (row.withCache - row.vision)),
  ]),
);
const { cpu, cores, node } = machine();
console.log(report);
writeFileSync(
  new URL("results/captioners.md", import.meta.url),
  `# BLIP-base, seconds a caption\n\nReal size, random weights, ${NEW_TOKENS} tokens a caption, vision counted in; median of ${ROUNDS} rounds in turns. ${cpu.trim()}, ${cores} cores, Node ${node}.\n\n${report}\n`,
);
console.log(JSON.stringify({ rows, machine: machine() }));
