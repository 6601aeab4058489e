/**
 * A GGUF file as large as Mistral-7B's at 4 bits a weight (Q4_0, 4.1 GB), with random weights: for what it takes of memory,
 * not for what it says. Tokenizer and chat template are taken over from a small file; its vocabulary is filled up with
 * words that never occur. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { open, readFile } from "node:fs/promises";
import { createRandom } from "../src/core/random.ts";

// Mistral-7B's config.json
const WIDTH = 4096;
const KEY_WIDTH = 1024;
const INNER = 14_336;
const LAYERS = 32;
const HEADS = 32;
const KEY_HEADS = 8;
const VOCABULARY = 32_000;

// gguf_metadata_value_type
const UINT32 = 4;
const STRING = 8;
const ARRAY = 9;
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
// ggml_type
const F32 = 0;
const Q4_0 = 2;
const ALIGNMENT = 32;
/** 32 weights in 18 bytes: a half as scale, then 4 bits each. */
const BLOCK_WEIGHTS = 32;
const BLOCK_BYTES = 18;
const SCALE_BITS = 0x1a00; // 0.00293 as a half: the layers neither die out nor blow up

/** One metadata value as it lies in the file, without its type; of an array also what one element is and how many. */
interface Entry {
  readonly key: string;
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly array: { readonly type: number; readonly length: number; readonly items: Uint8Array } | null;
}

function readEntries(file: Buffer): Entry[] {
  let at = 16;
  const u64 = (): number => Number(file.readBigUInt64LE((at += 8) - 8));
  const u32 = (): number => file.readUInt32LE((at += 4) - 4);
  const skip = (type: number): void => {
    const bytes = type === STRING ? u64() : SCALAR_BYTES[type]!;
    at += bytes;
  };
  return Array.from({ length: u64() }, () => {
    const keyBytes = u64();
    const key = file.toString("utf8", at, (at += keyBytes));
    const type = u32();
    const start = at;
    if (type !== ARRAY) {
      skip(type);
      return { key, type, bytes: file.subarray(start, at), array: null };
    }
    const itemType = u32();
    const length = u64();
    const first = at;
    for (let i = 0; i < length; i++) skip(itemType);
    const items = file.subarray(first, at);
    return { key, type, bytes: file.subarray(start, at), array: { type: itemType, length, items } };
  });
}

function u64Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function u32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u64Bytes(bytes.length), bytes]);
}

/** An array filled up to the vocabulary: words that never occur, scores and kinds that go with them. */
function filledUp({ key, array }: Entry): Buffer {
  const { type, length, items } = array!;
  const f32 = Buffer.alloc(4);
  f32.writeFloatLE(-1e6);
  const extra = Array.from({ length: VOCABULARY - length }, (_, i) =>
    key.endsWith("tokens") ? textBytes(`\u{e000}${i}`) : key.endsWith("scores") ? f32 : u32Bytes(1),
  );
  return Buffer.concat([u32Bytes(type), u64Bytes(VOCABULARY), items, ...extra]);
}

const SIZES: Readonly<Record<string, number>> = {
  "llama.context_length": 32_768,
  "llama.embedding_length": WIDTH,
  "llama.block_count": LAYERS,
  "llama.feed_forward_length": INNER,
  "llama.attention.head_count": HEADS,
  "llama.attention.head_count_kv": KEY_HEADS,
  "llama.rope.dimension_count": WIDTH / HEADS,
  "llama.vocab_size": VOCABULARY,
  "general.file_type": Q4_0,
};

/** In GGUF's order: the width of a row comes first. */
function tensorShapes(): [name: string, shape: readonly number[]][] {
  const shapes: [string, readonly number[]][] = [
    ["token_embd.weight", [WIDTH, VOCABULARY]],
    ["output_norm.weight", [WIDTH]],
    ["output.weight", [WIDTH, VOCABULARY]],
  ];
  for (let i = 0; i < LAYERS; i++)
    shapes.push(
      [`blk.${i}.attn_norm.weight`, [WIDTH]],
      [`blk.${i}.attn_q.weight`, [WIDTH, WIDTH]],
      [`blk.${i}.attn_k.weight`, [WIDTH, KEY_WIDTH]],
      [`blk.${i}.attn_v.weight`, [WIDTH, KEY_WIDTH]],
      [`blk.${i}.attn_output.weight`, [WIDTH, WIDTH]],
      [`blk.${i}.ffn_norm.weight`, [WIDTH]],
      [`blk.${i}.ffn_gate.weight`, [WIDTH, INNER]],
      [`blk.${i}.ffn_up.weight`, [WIDTH, INNER]],
      [`blk.${i}.ffn_down.weight`, [INNER, WIDTH]],
    );
  return shapes;
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/** `small`: a GGUF of the llama architecture. Returns the size in bytes. */
export async function writeGgufOfSize(path: string, small: string): Promise<number> {
  const parts: Buffer[] = [];
  const entries = readEntries(await readFile(small));
  const tensors = tensorShapes();
  parts.push(Buffer.from("GGUF"), u32Bytes(3), u64Bytes(tensors.length), u64Bytes(entries.length));
  for (const entry of entries) {
    const size = SIZES[entry.key];
    parts.push(textBytes(entry.key), u32Bytes(size === undefined ? entry.type : UINT32));
    if (size !== undefined) parts.push(u32Bytes(size));
    else parts.push(entry.array ? filledUp(entry) : Buffer.from(entry.bytes));
  }
  let offset = 0;
  const sizes = tensors.map(([, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return shape.length === 1 ? 4 * count : (count / BLOCK_WEIGHTS) * BLOCK_BYTES;
  });
  tensors.forEach(([name, shape], i) => {
    parts.push(textBytes(name), u32Bytes(shape.length), ...shape.map(u64Bytes));
    parts.push(u32Bytes(shape.length === 1 ? F32 : Q4_0), u64Bytes(offset));
    offset += aligned(sizes[i]!);
  });
  const header = Buffer.concat(parts);

  const random = createRandom(1);
  const noise = Buffer.alloc(BLOCK_BYTES * 65_536);
  for (let at = 0; at < noise.length; at += BLOCK_BYTES) {
    noise.writeUInt16LE(SCALE_BITS, at);
    for (let i = 2; i < BLOCK_BYTES; i++) noise[at + i] = random.int(256);
  }
  const ones = Buffer.from(new Float32Array(WIDTH).fill(1).buffer);
  const file = await open(path, "wx");
  try {
    await file.write(header);
    await file.write(Buffer.alloc(aligned(header.length) - header.length));
    for (const [i, [, shape]] of tensors.entries()) {
      const source = shape.length === 1 ? ones : noise;
      for (let left = sizes[i]!; left > 0; left -= source.length)
        await file.write(source, 0, Math.min(left, source.length));
      await file.write(Buffer.alloc(aligned(sizes[i]!) - sizes[i]!));
    }
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
