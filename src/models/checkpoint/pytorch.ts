/**
 * Reads what `torch.save` writes, in both of its formats, without PyTorch and without running anything.
 * Formats: torch/serialization.py, `_legacy_save` and `_save`.
 */
import { ByteReader } from "./byte-reader.ts";
import { invalid, quoted } from "./faults.ts";
import { PLAIN, unpickle } from "./pickle.ts";
import { readTensors, unpickleCheckpoint, type Storage } from "./state-dict.ts";
import { readStoredZip } from "./stored-zip.ts";
import { elementBytes, type Tensor } from "./tensor.ts";

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;
// PROTO 2, LONG1 of ten bytes, and the magic number, as every file of the old format begins.
const LEGACY_START = [
  0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
];

export function looksLikeLegacyPytorch(bytes: Uint8Array): boolean {
  return LEGACY_START.every((byte, i) => bytes[i] === byte);
}

/**
 * The format before PyTorch 1.6: five pickles (magic number, version, machine, objects, storage keys), then per
 * key its element count as 64 bits and its elements. Errors: `CHECKPOINT_REFUSED`, `CHECKPOINT_INVALID`.
 */
export function readLegacyPytorch(bytes: Uint8Array): Map<string, Tensor> {
  const reader = new ByteReader(bytes, "the PyTorch file");
  if (unpickle(reader, PLAIN) !== MAGIC_NUMBER) throw invalid("it has not PyTorch's magic number");
  if (unpickle(reader, PLAIN) !== PROTOCOL_VERSION) throw invalid("its PyTorch format version is unknown");
  const machine = unpickle(reader, PLAIN);
  if (!(machine instanceof Map) || machine.get("little_endian") !== true)
    throw invalid("it was written on a big-endian machine, which is not read");

  const { root, storages } = unpickleCheckpoint(reader);
  const keys = unpickle(reader, PLAIN);
  if (!Array.isArray(keys)) throw invalid("its list of storages is missing");
  const contents = new Map<string, Uint8Array>();
  for (const key of keys as unknown[]) {
    if (typeof key !== "string") throw invalid("its list of storages holds something that is no name");
    const storage = storages.get(key);
    if (storage === undefined) throw invalid(`storage ${quoted(key)} belongs to no tensor`);
    const length = reader.u64();
    if (length !== storage.length)
      throw invalid(`storage ${quoted(storage.key)} has ${length} elements instead of ${storage.length}`);
    contents.set(storage.key, reader.take(length * elementBytes(storage.dtype)));
  }
  if (reader.remaining > 0) throw invalid(`${reader.remaining} bytes follow its last storage`);
  return readTensors(root, (storage) => contentOf(storage, contents.get(storage.key)), bytes.length);
}

/**
 * The format since PyTorch 1.6: a zip archive with `NAME/data.pkl` and one `NAME/data/KEY` a storage.
 * Errors: `CHECKPOINT_REFUSED`, `CHECKPOINT_INVALID`.
 */
export function readZipPytorch(bytes: Uint8Array): Map<string, Tensor> {
  const members = readStoredZip(bytes);
  const pickles = [...members.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw invalid("its zip file holds no data.pkl, so it is no PyTorch checkpoint");
  const folder = pickles[0].slice(0, -"data.pkl".length);

  const byteOrder = members.get(`${folder}byteorder`);
  if (byteOrder !== undefined && new TextDecoder().decode(byteOrder).trim() !== "little")
    throw invalid("it was written on a big-endian machine, which is not read");

  const reader = new ByteReader(members.get(pickles[0])!, "its data.pkl");
  const { root } = unpickleCheckpoint(reader);
  if (reader.remaining > 0) throw invalid(`${reader.remaining} bytes follow its pickle`);
  const bytesOf = (storage: Storage) => contentOf(storage, members.get(`${folder}data/${storage.key}`));
  return readTensors(root, bytesOf, bytes.length);
}

function contentOf(storage: Storage, content: Uint8Array | undefined): Uint8Array {
  if (content === undefined) throw invalid(`storage ${quoted(storage.key)} is missing`);
  const needed = storage.length * elementBytes(storage.dtype);
  if (content.length !== needed)
    throw invalid(`storage ${quoted(storage.key)} has ${content.length} bytes instead of ${needed}`);
  return content;
}
