/**
 * Reads safetensors: a JSON header that says where each tensor lies, then the raw little-endian bytes.
 * Format: https://github.com/huggingface/safetensors#format
 */
import { z } from "zod";
import { ByteReader } from "./byte-reader.ts";
import { invalid, quoted } from "./faults.ts";
import { elementBytes, elementCount, elementsOf, makeTensor, type Dtype, type Tensor } from "./tensor.ts";

const MAX_HEADER_BYTES = 100_000_000; // the limit of the reference implementation
const METADATA_KEY = "__metadata__";

const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ["F64", "f64"],
  ["F32", "f32"],
  ["F16", "f16"],
  ["BF16", "bf16"],
  ["I64", "i64"],
  ["I32", "i32"],
  ["I16", "i16"],
  ["I8", "i8"],
  ["U8", "u8"],
  ["BOOL", "bool"],
]);

const size = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** byte range within the data that follows the header */
  readonly begin: number;
  readonly end: number;
}

export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b /* { */) return false;
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return headerBytes <= BigInt(MAX_HEADER_BYTES);
}

/**
 * Tensors by name, in the order in which they lie in the file. Their data are views of `bytes`.
 * Strict as the format demands: tensors cover the data without hole or overlap, so a name given twice, a
 * truncated file and bytes hidden at the end are all noticed. Errors: `CHECKPOINT_INVALID`.
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  const reader = new ByteReader(bytes, "the safetensors file");
  const headerBytes = reader.u64();
  if (headerBytes > MAX_HEADER_BYTES) throw invalid(`its header claims ${headerBytes} bytes`);
  const header = parseHeader(reader.text(headerBytes));
  const data = reader.take(reader.remaining);

  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]: [string, unknown]) => parseEntry(name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  const tensors = new Map<string, Tensor>();
  let covered = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin < covered) throw invalid(`tensor ${quoted(name)} overlaps the one before it`);
    if (begin > covered)
      throw invalid(`${begin - covered} bytes before tensor ${quoted(name)} belong to none`);
    if (end > data.length) throw invalid(`tensor ${quoted(name)} ends outside the file`);
    tensors.set(name, makeTensor(dtype, shape, elementsOf(dtype, data.subarray(begin, end))));
    covered = end;
  }
  if (covered < data.length) throw invalid(`the last ${data.length - covered} bytes belong to no tensor`);
  return tensors;
}

/** Not by a zod record, which would lose a tensor named `__proto__`. */
function parseHeader(json: string): object {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch (cause) {
    throw invalid("its safetensors header is not JSON", cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw invalid("its safetensors header is not an object");
  return header;
}

function parseEntry(name: string, value: unknown): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success)
    throw invalid(`tensor ${quoted(name)} is not described by dtype, shape and data_offsets`);
  const { shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  const dtype = DTYPES.get(parsed.data.dtype);
  if (dtype === undefined)
    throw invalid(`tensor ${quoted(name)} has the dtype ${quoted(parsed.data.dtype)}, which is not read`);
  const needed = elementCount(shape) * elementBytes(dtype);
  if (end - begin !== needed)
    throw invalid(`tensor ${quoted(name)} needs ${needed} bytes for its shape but has ${end - begin}`);
  return { name, dtype, shape, begin, end };
}
