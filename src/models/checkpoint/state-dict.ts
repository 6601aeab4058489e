/** What PyTorch pickles of a tensor dictionary: views of typed storages, and how they become tensors. */
import type { ByteReader } from "./byte-reader.ts";
import { invalid, quoted } from "./faults.ts";
import { unpickle } from "./pickle.ts";
import { elementCount, elementsOf, makeTensor, type Dtype, type Tensor } from "./tensor.ts";

/** One run of elements in the file, shared by any number of tensors. */
export class Storage {
  readonly key: string;
  readonly dtype: Dtype;
  /** elements */
  readonly length: number;

  constructor(key: string, dtype: Dtype, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }
}

/** A pickled checkpoint whose numbers are not read yet. */
export interface PickledCheckpoint {
  readonly root: unknown;
  /** by key: every storage that the pickle mentions */
  readonly storages: ReadonlyMap<string, Storage>;
}

class StorageType {
  readonly dtype: Dtype;

  constructor(dtype: Dtype) {
    this.dtype = dtype;
  }
}

/** Element (i, j, …) lies at `offset + i * strides[0] + j * strides[1] + …` of its storage. */
class TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

const MAX_RANK = 8; // weights have up to 5 (3-D convolutions); bounds the work a tensor and an element can cost

// Copies of strided views may take this many times the file's size together. Real files hold a few transposed
// views, each at most as large as its storage; contiguous ones are not copied.
const MAX_COPY_RATIO = 4;

const GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["collections.OrderedDict", makeOrderedDict],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch.DoubleStorage", new StorageType("f64")],
  ["torch.FloatStorage", new StorageType("f32")],
  ["torch.HalfStorage", new StorageType("f16")],
  ["torch.BFloat16Storage", new StorageType("bf16")],
  ["torch.LongStorage", new StorageType("i64")],
  ["torch.IntStorage", new StorageType("i32")],
  ["torch.ShortStorage", new StorageType("i16")],
  ["torch.CharStorage", new StorageType("i8")],
  ["torch.ByteStorage", new StorageType("u8")],
  ["torch.BoolStorage", new StorageType("bool")],
]);

/** Errors: `CHECKPOINT_REFUSED`, `CHECKPOINT_INVALID`. */
export function unpickleCheckpoint(reader: ByteReader): PickledCheckpoint {
  const storages = new Map<string, Storage>();
  const loadPersistent = (id: unknown): Storage => {
    const storage = parseStorage(id);
    const known = storages.get(storage.key);
    if (known === undefined) {
      storages.set(storage.key, storage);
      return storage;
    }
    if (known.dtype !== storage.dtype || known.length !== storage.length)
      throw invalid(`storage ${quoted(storage.key)} is described in two ways`);
    return known;
  };
  return { root: unpickle(reader, { globals: GLOBALS, loadPersistent }), storages };
}

/** `("storage", type, key, device, length)`; the old format adds None, or a view of another storage. */
function parseStorage(id: unknown): Storage {
  if (!Array.isArray(id) || id[0] !== "storage" || id.length < 5)
    throw invalid("it refers to something that is no storage");
  const [, type, key, device, length, view = null] = id as unknown[];
  if (
    !(type instanceof StorageType) ||
    typeof key !== "string" ||
    typeof device !== "string" ||
    !isSize(length)
  )
    throw invalid("it describes a storage wrongly");
  if (view !== null) throw invalid(`storage ${quoted(key)} is a view of another, which is not read`);
  return new Storage(key, type.dtype, length);
}

function makeOrderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length > 0) throw invalid("it makes an OrderedDict from arguments");
  return new Map();
}

/** `(storage, offset, shape, strides, requires_grad, hooks)`, elements throughout. */
function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): TensorView {
  if (!(storage instanceof Storage) || !isSize(offset) || !isSizes(shape) || !isSizes(strides))
    throw invalid("it rebuilds a tensor from wrong arguments");
  if (shape.length !== strides.length)
    throw invalid(`it rebuilds a tensor of ${shape.length} dimensions with ${strides.length} strides`);
  const count = elementCount(shape);
  const last = shape.reduce((at, size, axis) => at + (size - 1) * strides[axis], offset);
  if (count > 0 && last >= storage.length)
    throw invalid(`a tensor of shape [${shape.join(", ")}] leaves its storage ${quoted(storage.key)}`);
  // Strides of 0 would let a few bytes unfold into any amount of memory.
  if (count > storage.length)
    throw invalid(`a tensor of shape [${shape.join(", ")}] repeats its storage ${quoted(storage.key)}`);
  return new TensorView(storage, offset, shape, strides);
}

/** `(tensor, requires_grad, hooks)` */
function rebuildParameter([tensor]: readonly unknown[]): TensorView {
  if (!(tensor instanceof TensorView))
    throw invalid("it rebuilds a parameter from something that is no tensor");
  return tensor;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: unknown): value is readonly number[] {
  // The rank comes first: one long tuple, named again and again, must not be walked each time.
  return Array.isArray(value) && value.length <= MAX_RANK && value.every(isSize);
}

// Where training scripts keep the model beside optimizer state and counters, likeliest first.
const WRAPPER_KEYS = ["state_dict", "model_state_dict", "model", "module"];

/**
 * The tensors of the dictionary in a checkpoint: the checkpoint itself, or the one inside it. Entries of that
 * dictionary that are no tensors (counters, configuration) are left out. Tensors of one storage share memory.
 * `bytesOf` gives exactly `length` elements of a storage; `fileBytes` bounds the memory of copies.
 * Errors: `CHECKPOINT_INVALID`.
 */
export function readTensors(
  root: unknown,
  bytesOf: (storage: Storage) => Uint8Array,
  fileBytes: number,
): Map<string, Tensor> {
  const elements = new Map<Storage, Tensor["data"]>();
  const elementsIn = (storage: Storage): Tensor["data"] => {
    const known = elements.get(storage) ?? elementsOf(storage.dtype, bytesOf(storage));
    elements.set(storage, known);
    return known;
  };
  const tensors = new Map<string, Tensor>();
  let copyBudget = MAX_COPY_RATIO * fileBytes;
  for (const [name, view] of findTensorDictionary(root)) {
    if (!(view instanceof TensorView)) continue;
    if (typeof name !== "string") throw invalid("it holds a tensor whose name is no text");
    const { storage, offset, shape } = view;
    const all = elementsIn(storage);
    let data = all.subarray(offset, offset + elementCount(shape));
    if (!isContiguous(view)) {
      copyBudget -= data.byteLength;
      if (copyBudget < 0)
        throw invalid(`tensor ${quoted(name)} and others unfold to far more than the file holds`);
      data = gather(all, view, data.slice());
    }
    tensors.set(name, makeTensor(storage.dtype, shape, data));
  }
  return tensors;
}

function findTensorDictionary(root: unknown): Map<unknown, unknown> {
  if (!(root instanceof Map)) throw invalid("it holds no dictionary");
  for (const key of WRAPPER_KEYS) {
    const wrapped: unknown = root.get(key);
    if (isTensorDictionary(wrapped)) return wrapped;
  }
  if (isTensorDictionary(root)) return root;
  // A set, because a hostile file can name one large dictionary any number of times.
  const inside = [...new Set(root.values())].filter(isTensorDictionary);
  if (inside.length === 0) throw invalid("it holds no tensors");
  if (inside.length > 1)
    throw invalid(
      `it holds ${inside.length} tensor dictionaries, none under a key of ${WRAPPER_KEYS.join(", ")}`,
    );
  return inside[0];
}

function isTensorDictionary(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map && [...value.values()].some((entry) => entry instanceof TensorView);
}

/** Whether the elements lie one after the other in row-major order. Dimensions of 1 may have any stride. */
function isContiguous({ shape, strides }: TensorView): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return elementCount(shape) === 0;
    expected *= shape[axis];
  }
  return true;
}

/** Fills `target` with the view's elements in row-major order. */
function gather<T extends Tensor["data"]>(source: T, { offset, shape, strides }: TensorView, target: T): T {
  const position = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < target.length; i++) {
    target[i] = source[at];
    // Steps like an odometer: the last axis fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++position[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      position[axis] = 0;
    }
  }
  return target;
}
