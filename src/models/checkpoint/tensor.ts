/** One array out of a checkpoint, as it was stored. */

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array, // raw bits
  bf16: Uint16Array, // raw bits
  i64: BigInt64Array,
  i32: Int32Array,
  i16: Int16Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array, // 0 or 1
} as const;

export type Dtype = keyof typeof ARRAYS;
type Elements<D extends Dtype> = InstanceType<(typeof ARRAYS)[D]>;

/**
 * Row-major; `shape` is empty for a scalar. `data` holds product(shape) raw elements: half and bfloat16 as
 * their 16 bits (`toFloat32` widens them). It may be a view of the checkpoint's bytes, shared with other
 * tensors: read, never write.
 */
export type Tensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: Elements<D> };
}[Dtype];

/** bytes of one element */
export function elementBytes(dtype: Dtype): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/**
 * Little-endian bytes as elements: a view where the alignment allows, else a copy.
 * `bytes.length` must be a multiple of the element's size. Like every typed array of Albumen's files this
 * presumes a little-endian machine, which every platform of ONNX Runtime is.
 */
export function elementsOf(dtype: Dtype, bytes: Uint8Array): Tensor["data"] {
  const size = elementBytes(dtype);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const Elements = ARRAYS[dtype] as new (
    buffer: ArrayBufferLike,
    at: number,
    length: number,
  ) => Tensor["data"];
  return new Elements(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** Pairs a dtype with elements made by `elementsOf` for that dtype. */
export function makeTensor(dtype: Dtype, shape: readonly number[], data: Tensor["data"]): Tensor {
  return { dtype, shape, data } as Tensor;
}

/** The product of the dimensions; 1 for a scalar. Not exact above 2^53, which no file can hold. */
export function elementCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0; // else an overflow to infinity, times 0, would be NaN
  return shape.reduce((product, size) => product * size, 1);
}

/** The elements as float32; the stored array itself when it is float32 already. Integers beyond 2^24 round. */
export function toFloat32(tensor: Tensor): Float32Array {
  switch (tensor.dtype) {
    case "f32":
      return tensor.data;
    case "f16":
      return Float32Array.from(tensor.data, widenHalf);
    case "bf16":
      // bfloat16 is the upper half of a float32.
      return new Float32Array(Uint32Array.from(tensor.data, (bits) => bits << 16).buffer);
    case "i64":
      return Float32Array.from(tensor.data, Number);
    default:
      return Float32Array.from(tensor.data);
  }
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
