/** A cursor over little-endian bytes that never leaves them. */
import { invalid } from "./faults.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Every method moves `offset` past what it read, or throws `CHECKPOINT_INVALID` where the bytes end first. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** `what` names the bytes in messages: `the zip directory` */
  readonly #what: string;
  offset: number;

  constructor(bytes: Uint8Array, what: string, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.offset = offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** A count or size of 64 bits; beyond 2^53 it could not lie in any file. */
  u64(): number {
    const value = Number(this.#view.getBigUint64(this.#advance(8), true));
    if (!Number.isSafeInteger(value)) throw invalid(`${this.#what} holds a size of ${value}`);
    return value;
  }

  /** Pickle writes its floats big-endian. */
  f64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const bytes = this.take(length);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw invalid(`${this.#what} holds text that is not UTF-8`, cause);
    }
  }

  /** Text up to a line feed, which is passed over. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.offset);
    if (end < 0) throw invalid(`${this.#what} ends within a line`);
    const text = this.text(end - this.offset);
    this.offset += 1;
    return text;
  }

  #advance(length: number): number {
    const start = this.offset;
    if (length > this.#bytes.length - start) throw invalid(`${this.#what} ends too early`);
    this.offset = start + length;
    return start;
  }
}
