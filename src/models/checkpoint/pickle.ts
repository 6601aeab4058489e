/**
 * A pickle machine that runs nothing: it knows the opcodes of protocol 2 that a dictionary of tensors is made
 * of, and the only functions it ever calls are ours, given to it by name. Anything else ends the reading.
 *
 * Opcodes: CPython's Lib/pickletools.py. Each takes at least one byte and pushes at most one value, so time and
 * memory are linear in the file.
 */
import type { ByteReader } from "./byte-reader.ts";
import { invalid, quoted, refused } from "./faults.ts";

/** Stands for a Python function of the whitelist. Its arguments come from the file: trust none. */
export type PickleFunction = (args: readonly unknown[]) => unknown;

export interface PickleEnvironment {
  /** What a global means, by `module.name`: a `PickleFunction`, or a value that only stands for itself. */
  readonly globals: ReadonlyMap<string, unknown>;
  /** The object that a persistent id stands for. */
  readonly loadPersistent: (id: unknown) => unknown;
}

// A tensor takes about 40 opcodes, so this is room for 25,000. A byte can make a value of some hundred bytes;
// without a limit a hostile file of 20 MB would fill 4 GB.
const MAX_OPCODES = 1_000_000;

/** For pickles of plain numbers, texts, lists and dictionaries. */
export const PLAIN: PickleEnvironment = {
  globals: new Map(),
  loadPersistent: () => {
    throw refused("it refers to an object outside of a plain pickle");
  },
};

/**
 * Reads one pickle and leaves the reader behind its STOP. Python's None, bool, int, float and str become null,
 * boolean, number (bigint beyond 2^53), number and string; a list an array; a tuple a frozen array; a dict a
 * Map. Errors: `CHECKPOINT_REFUSED` naming the opcode or global, `CHECKPOINT_INVALID`.
 */
export function unpickle(reader: ByteReader, environment: PickleEnvironment): unknown {
  const machine = new PickleMachine(reader, environment);
  for (let count = 0; count < MAX_OPCODES; count++) {
    const opcode = reader.u8();
    if (opcode === STOP) return machine.result();
    const run = OPCODES.get(opcode);
    if (run === undefined) throw refused(`it uses the pickle opcode ${describeOpcode(opcode)}`);
    run(machine);
  }
  throw invalid(`its pickle has more than ${MAX_OPCODES} opcodes`);
}

class PickleMachine {
  readonly reader: ByteReader;
  readonly #environment: PickleEnvironment;
  readonly #stack: unknown[] = [];
  /** stack heights */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(reader: ByteReader, environment: PickleEnvironment) {
    this.reader = reader;
    this.#environment = environment;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    this.#requireAboveMark(1);
    return this.#stack.pop();
  }

  top(): unknown {
    this.#requireAboveMark(1);
    return this.#stack.at(-1);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Everything above the last mark, which goes too. */
  popToMark(): unknown[] {
    const height = this.#marks.pop();
    if (height === undefined) throw invalid("its pickle closes what it never opened");
    return this.#stack.splice(height);
  }

  pushTuple(length: number): void {
    this.#requireAboveMark(length);
    this.push(Object.freeze(this.#stack.splice(this.#stack.length - length)));
  }

  remember(slot: number): void {
    this.#memo.set(slot, this.top());
  }

  recall(slot: number): void {
    if (!this.#memo.has(slot)) throw invalid(`its pickle recalls slot ${slot}, which is empty`);
    this.push(this.#memo.get(slot));
  }

  pushGlobal(module: string, name: string): void {
    const path = `${module}.${name}`;
    if (!this.#environment.globals.has(path)) throw refused(`it asks for the global ${quoted(path)}`);
    this.push(this.#environment.globals.get(path));
  }

  /** Functions get onto the stack from the environment's globals only. */
  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (typeof callee !== "function") throw refused("it calls a value that is not a function");
    if (!isTuple(args)) throw invalid("its pickle calls a function without an argument tuple");
    this.push((callee as PickleFunction)(args));
  }

  /** An OrderedDict's attributes, such as the `_metadata` of a state_dict: not needed, so not kept. */
  skipAttributes(): void {
    const attributes = this.pop();
    if (!(this.top() instanceof Map && attributes instanceof Map))
      throw refused("it sets the state of an object that is not a dictionary");
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!isList(list)) throw invalid("its pickle appends to something that is no list");
    for (const item of items) list.push(item);
  }

  setItems(flat: readonly unknown[]): void {
    const dictionary = this.top();
    if (!(dictionary instanceof Map))
      throw invalid("its pickle sets an item of something that is no dictionary");
    if (flat.length % 2 !== 0) throw invalid("its pickle has a key without a value");
    for (let i = 0; i < flat.length; i += 2) dictionary.set(flat[i], flat[i + 1]);
  }

  pushPersistent(): void {
    this.push(this.#environment.loadPersistent(this.pop()));
  }

  result(): unknown {
    if (this.#stack.length !== 1 || this.#marks.length > 0) throw invalid("its pickle stops half-way");
    return this.pop();
  }

  #requireAboveMark(count: number): void {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count)
      throw invalid("its pickle takes more from its stack than it put there");
  }
}

function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && Object.isFrozen(value);
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !Object.isFrozen(value);
}

/** LONG1: two's complement, little-endian. */
function readLong(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function requireProtocol2(version: number): void {
  if (version !== 2) throw refused(`it uses pickle protocol ${version} instead of 2`);
}

const STOP = 0x2e;

const OPCODES: ReadonlyMap<number, (machine: PickleMachine) => void> = new Map<
  number,
  (machine: PickleMachine) => void
>([
  [0x80 /* PROTO */, (m) => requireProtocol2(m.reader.u8())],
  [0x28 /* MARK */, (m) => m.mark()],
  [0x4e /* NONE */, (m) => m.push(null)],
  [0x88 /* NEWTRUE */, (m) => m.push(true)],
  [0x89 /* NEWFALSE */, (m) => m.push(false)],
  [0x4a /* BININT */, (m) => m.push(m.reader.i32())],
  [0x4b /* BININT1 */, (m) => m.push(m.reader.u8())],
  [0x4d /* BININT2 */, (m) => m.push(m.reader.u16())],
  [0x8a /* LONG1 */, (m) => m.push(readLong(m.reader.take(m.reader.u8())))],
  [0x47 /* BINFLOAT */, (m) => m.push(m.reader.f64BigEndian())],
  [0x58 /* BINUNICODE */, (m) => m.push(m.reader.text(m.reader.u32()))],
  [0x5d /* EMPTY_LIST */, (m) => m.push([])],
  [0x61 /* APPEND */, (m) => m.append([m.pop()])],
  [0x65 /* APPENDS */, (m) => m.append(m.popToMark())],
  [0x29 /* EMPTY_TUPLE */, (m) => m.pushTuple(0)],
  [0x85 /* TUPLE1 */, (m) => m.pushTuple(1)],
  [0x86 /* TUPLE2 */, (m) => m.pushTuple(2)],
  [0x87 /* TUPLE3 */, (m) => m.pushTuple(3)],
  [0x74 /* TUPLE */, (m) => m.push(Object.freeze(m.popToMark()))],
  [0x7d /* EMPTY_DICT */, (m) => m.push(new Map())],
  [0x73 /* SETITEM */, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [0x75 /* SETITEMS */, (m) => m.setItems(m.popToMark())],
  [0x71 /* BINPUT */, (m) => m.remember(m.reader.u8())],
  [0x72 /* LONG_BINPUT */, (m) => m.remember(m.reader.u32())],
  [0x68 /* BINGET */, (m) => m.recall(m.reader.u8())],
  [0x6a /* LONG_BINGET */, (m) => m.recall(m.reader.u32())],
  [0x63 /* GLOBAL */, (m) => m.pushGlobal(m.reader.line(), m.reader.line())],
  [0x52 /* REDUCE */, (m) => m.call()],
  [0x62 /* BUILD */, (m) => m.skipAttributes()],
  [0x51 /* BINPERSID */, (m) => m.pushPersistent()],
]);

/** Those that a hostile pickle would most likely use, for the message. */
const REFUSED_OPCODES: ReadonlyMap<number, string> = new Map([
  [0x69, "INST"],
  [0x6f, "OBJ"],
  [0x81, "NEWOBJ"],
  [0x82, "EXT1"],
  [0x83, "EXT2"],
  [0x84, "EXT4"],
  [0x92, "NEWOBJ_EX"],
  [0x93, "STACK_GLOBAL"],
]);

function describeOpcode(opcode: number): string {
  const hex = `0x${opcode.toString(16).padStart(2, "0")}`;
  const name = REFUSED_OPCODES.get(opcode);
  return name === undefined ? hex : `${name} (${hex})`;
}
