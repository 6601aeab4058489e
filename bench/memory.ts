/**
 * Peak memory of whole runs: `npm run bench:memory` (builds first). Writes results/memory.md.
 *
 * Stages hold one heavy model at a time, so a run with CLIP ViT-B/32, BLIP-base and a 7B language model may take what
 * the largest of the three takes in a run of its own, and a tenth more. The models have their real sizes and random
 * weights: CLIP and BLIP are pulled from folders in the hub's layout, as float32; the language model is a GGUF file as
 * large as Mistral-7B's at 4 bits (gguf-of-size.ts). Names and captions are nonsense, what they cost is not.
 *
 * Each run is a process of its own; its peak is what the operating system says of it when it ends.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { drawDemo } from "../src/adapters/demo/sharp.ts";
import { parseBlipConfig } from "../src/models/architectures/blip-config.ts";
import type { Tensor } from "../src/models/checkpoint/tensor.ts";
import { blipShapes, blipTexts, randomTensors } from "../test/fixtures/random-blip.ts";
import { safetensorsParts } from "../test/fixtures/safetensors-file.ts";
import { sharedOrSkip } from "../test/support/packs.ts";
import { writeGgufOfSize } from "./gguf-of-size.ts";
import { machine, table } from "./report.ts";

const BAR = 1.1;
/** Enough to fill the batches of both; few, and one album, because the language model computes on a CPU. */
const PHOTOS = 24;
const CLI = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
/** Says at the end of a process what it took, in kB. */
const TELL_PEAK =
  'process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}\\n`));\n';

const shared = sharedOrSkip("reference");
if (!shared.isAvailable) process.exit(0);
const reference = shared.value;
const base = await mkdtemp(join(tmpdir(), "albumen-memory-"));
const cache = join(base, "cache");

await writeFile(join(base, "peak.mjs"), TELL_PEAK);

/** Peak of one command, in MB. Started as a user starts it: the first line of the program says how it gets its memory. */
async function peakOf(args: readonly string[]): Promise<number> {
  const { stderr } = await promisify(execFile)(CLI, [...args], {
    cwd: base,
    env: {
      PATH: process.env["PATH"],
      HOME: base,
      ALBUMEN_CACHE: cache,
      ALBUMEN_OFFLINE: "1",
      NODE_OPTIONS: `--import ${pathToFileURL(join(base, "peak.mjs")).href}`,
    },
    maxBuffer: 1e8,
  });
  const peak = Number(/peak (\d+)/.exec(stderr)?.[1]) / 1e3;
  console.error(`${Math.round(peak)} MB: albumen ${args.join(" ").replaceAll(base, "")}`);
  return peak;
}

async function writeRepository(
  name: string,
  tensors: ReadonlyMap<string, Tensor>,
  texts: ReadonlyMap<string, string>,
): Promise<string> {
  const folder = join(base, name);
  await mkdir(folder);
  await writeFile(join(folder, "model.safetensors"), safetensorsParts(tensors));
  for (const [file, text] of texts) await writeFile(join(folder, file), text);
  return folder;
}

/** Pulls and gives the folder that the model is kept in. */
async function pull(folder: string): Promise<{ readonly kept: string; readonly peak: number }> {
  const before = new Set(await readdir(join(cache, "pulled")).catch(() => []));
  const peak = await peakOf(["models", "pull", folder, "--dtype", "fp32", "--yes"]);
  const fresh = (await readdir(join(cache, "pulled"))).find((name) => !before.has(name));
  return { kept: join(cache, "pulled", fresh!), peak };
}

async function clipRepository(): Promise<string> {
  const { tensors } = JSON.parse(
    await readFile(join(reference, "layouts", "openai--clip-vit-base-patch32.json"), "utf8"),
  ) as { tensors: Record<string, { shape: number[] }> };
  const shapes = new Map(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  const tiny = join(reference, "models", "tiny-clip");
  const config = JSON.parse(await readFile(join(tiny, "config.json"), "utf8")) as {
    text_config: { eos_token_id: number };
  };
  const { eos_token_id } = config.text_config;
  const texts = new Map([
    ["config.json", JSON.stringify({ model_type: "clip", text_config: { eos_token_id }, vision_config: {} })],
    ["preprocessor_config.json", JSON.stringify({ image_processor_type: "CLIPImageProcessor" })],
  ]);
  const tokenizer = JSON.parse(await readFile(join(tiny, "tokenizer.json"), "utf8")) as {
    model: { vocab: Record<string, number> };
  };
  // Filled up to as many words as the network has.
  const known = new Set(Object.values(tokenizer.model.vocab));
  const words = shapes.get("text_model.embeddings.token_embedding.weight")![0]!;
  for (let id = 0; id < words; id++) if (!known.has(id)) tokenizer.model.vocab[`\ue000${id}`] = id;
  texts.set("tokenizer.json", JSON.stringify(tokenizer));
  texts.set("tokenizer_config.json", await readFile(join(tiny, "tokenizer_config.json"), "utf8"));
  return writeRepository("clip", randomTensors(shapes, 1), texts);
}

async function blipRepository(): Promise<string> {
  const config = parseBlipConfig({
    model_type: "blip",
    text_config: { num_attention_heads: 12 },
    vision_config: {},
  });
  return writeRepository("blip", randomTensors(blipShapes(config), 1), blipTexts(config));
}

try {
  const photos = join(base, "photos");
  await mkdir(photos);
  let drawn = 0;
  for await (const { name, bytes, kind } of drawDemo())
    if (kind !== null && drawn++ < PHOTOS) await writeFile(join(photos, name), bytes);
  const gguf = join(base, "mistral-7b.gguf");
  const ggufBytes = await writeGgufOfSize(gguf, join(reference, "gguf", "tiny-mistral.gguf"));
  const [clip, blip] = [await pull(await clipRepository()), await pull(await blipRepository())];

  const organize = (out: string, ...more: readonly string[]) =>
    peakOf(["organize", photos, "--out", join(base, out), "--albums", "1", ...more]);
  const encoder = ["--model", clip.kept];
  const captioner = ["--captioner", blip.kept];
  const language = ["--namer", "mistral", "--gguf", gguf];
  const small = ["--model", "mini"];
  const silent = ["--captioner", "none"];
  const alone = {
    clip: await organize("a", ...encoder, ...silent),
    blip: await organize("b", ...small, ...captioner),
    language: await organize("c", ...small, ...silent, ...language),
  };
  const two = await organize("d", ...encoder, ...captioner);
  const three = await organize("e", ...encoder, ...captioner, ...language);

  const together = [
    { run: "CLIP, BLIP", peak: two, largest: Math.max(alone.clip, alone.blip) },
    { run: "CLIP, BLIP, 7B", peak: three, largest: Math.max(alone.clip, alone.blip, alone.language) },
  ];
  const mb = (value: number) => Math.round(value);
  const report = [
    table(
      ["model", "peak of a run with it alone, MB"],
      [
        ["CLIP ViT-B/32, fp32", mb(alone.clip)],
        ["BLIP-base, fp32", mb(alone.blip)],
        [`7B GGUF of ${(ggufBytes / 1e9).toFixed(2)} GB`, mb(alone.language)],
      ],
    ),
    table(
      ["run", "peak, MB", "largest alone, MB", "ratio", `at most ${BAR}`],
      together.map(({ run, peak, largest }) => [
        run,
        mb(peak),
        mb(largest),
        (peak / largest).toFixed(3),
        peak <= BAR * largest ? "yes" : "no",
      ]),
    ),
    table(
      ["pull", "peak, MB"],
      [
        ["CLIP ViT-B/32", mb(clip.peak)],
        ["BLIP-base", mb(blip.peak)],
      ],
    ),
  ].join("\n\n");
  const { cpu, cores, node } = machine();
  console.log(report);
  writeFileSync(
    new URL("results/memory.md", import.meta.url),
    `# Peak memory of a run\n\nReal sizes, random weights; the GGUF is a dummy of Mistral-7B's size. ${cpu.trim()}, ${cores} cores, Node ${node}.\n\n${report}\n`,
  );
  console.log(
    JSON.stringify({ alone, together, pull: { clip: clip.peak, blip: blip.peak }, machine: machine() }),
  );
} finally {
  await rm(base, { recursive: true, force: true });
}
