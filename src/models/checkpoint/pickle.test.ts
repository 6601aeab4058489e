import { describe, expect, it } from "vitest";
import {
  call,
  dict,
  global,
  int,
  list,
  none,
  no,
  pickle,
  text,
  tuple,
  yes,
} from "../../../test/fixtures/pytorch-file.ts";
import { ByteReader } from "./byte-reader.ts";
import { PLAIN, unpickle } from "./pickle.ts";

const read = (bytes: Uint8Array) => unpickle(new ByteReader(bytes, "the pickle"), PLAIN);
const raw = (...bytes: readonly number[]) => Uint8Array.from(bytes);
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "CHECKPOINT_INVALID", message: expect.stringMatching(message) });
const refused = (message: RegExp) =>
  expect.objectContaining({ code: "CHECKPOINT_REFUSED", message: expect.stringMatching(message) });

describe("unpickle", () => {
  it("reads the plain values of Python", () => {
    const value = dict({ a: int(-5), b: list(text("é"), none), c: tuple(yes, no), d: dict({}) });
    const expected = new Map<string, unknown>([
      ["a", -5],
      ["b", ["é", null]],
      ["c", [true, false]],
      ["d", new Map()],
    ]);
    expect(read(pickle(value))).toEqual(expected);
  });

  it("reads whole numbers of any length, in two's complement, and big-endian floats", () => {
    expect(read(pickle([0x8a, 2, 0x00, 0xff]))).toBe(-256);
    expect(read(pickle([0x8a, 0]))).toBe(0);
    expect(read(pickle([0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]))).toBe(2n ** 64n);
    expect(read(pickle([0x47, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]))).toBe(0.5);
  });

  it("gives one object for two recalls of a slot", () => {
    const [a, b] = read(pickle([0x5d, 0x71, 3, 0x68, 3, 0x86])) as unknown[];
    expect(a).toBe(b);
  });

  it("leaves the reader behind the pickle", () => {
    const reader = new ByteReader(raw(...pickle(int(1)), ...pickle(int(2))), "the pickles");
    expect([unpickle(reader, PLAIN), unpickle(reader, PLAIN), reader.remaining]).toEqual([1, 2, 0]);
  });

  it("calls the functions it was given, and only those", () => {
    const environment = {
      ...PLAIN,
      globals: new Map([["math.add", ([a, b]: readonly unknown[]) => Number(a) + Number(b)]]),
    };
    const run = (bytes: Uint8Array) => unpickle(new ByteReader(bytes, "the pickle"), environment);
    expect(run(pickle(call(global("math", "add"), int(2), int(3))))).toBe(5);
    expect(() => run(pickle(call(global("os", "system"), text("true"))))).toThrow(
      refused(/global "os.system"/),
    );
    expect(() => run(pickle(call(text("eval"), int(1))))).toThrow(refused(/not a function/));
  });

  it("knows no opcode but those of plain dictionaries", () => {
    const known = Array.from({ length: 256 }, (_, opcode) => opcode).filter((opcode) => {
      try {
        read(raw(0x80, 2, opcode));
      } catch (error) {
        return !/uses the pickle opcode/.test(String(error));
      }
      return true;
    });
    const names = "( ) . G J K M N Q R X ] a b c e h j q r s t u }"
      .split(" ")
      .map((char) => char.charCodeAt(0));
    expect(known).toEqual([...names, 0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a]);
  });

  it.each([
    ["INST", 0x69],
    ["OBJ", 0x6f],
    ["NEWOBJ", 0x81],
    ["EXT1", 0x82],
    ["STACK_GLOBAL", 0x93],
  ])("refuses %s by name", (name, opcode) => {
    expect(() => read(raw(0x80, 2, opcode))).toThrow(refused(new RegExp(`opcode ${name} `)));
  });

  it("refuses another protocol", () => {
    expect(() => read(raw(0x80, 4, 0x4e, 0x2e))).toThrow(refused(/protocol 4/));
  });

  it("gives up on a pickle of more opcodes than any tensor dictionary has", () => {
    expect(() => read(new Uint8Array(1_500_000).fill(0x5d))).toThrow(invalid(/more than 1000000 opcodes/));
  });

  it("refuses an object's state and a persistent object", () => {
    expect(() => read(pickle([...list(), ...dict({}), 0x62]))).toThrow(refused(/state of an object/));
    expect(() => read(pickle([...int(1), 0x51]))).toThrow(refused(/outside of a plain pickle/));
  });

  it.each([
    ["ends early", raw(0x80, 2, 0x4e), /ends too early/],
    ["ends within a text", raw(0x58, 0xff, 0xff, 0xff, 0x7f, 0x41), /ends too early/],
    ["ends within a global's name", raw(0x63, 0x6f, 0x73), /ends within a line/],
    ["holds text that is not UTF-8", raw(0x58, 1, 0, 0, 0, 0xff, 0x2e), /not UTF-8/],
    ["pops an empty stack", raw(0x61), /takes more/],
    ["reaches below a mark", raw(0x4e, 0x28, 0x85), /takes more/],
    ["closes what it never opened", raw(0x4e, 0x74), /never opened/],
    ["recalls an empty slot", raw(0x68, 1), /slot 1/],
    ["appends to a tuple", raw(0x29, 0x4e, 0x61), /no list/],
    ["sets an item of a list", raw(0x5d, 0x4e, 0x4e, 0x73), /no dictionary/],
    ["has a key without a value", raw(0x7d, 0x28, 0x4e, 0x75), /key without a value/],
    ["stops with nothing", raw(0x2e), /stops half-way/],
    ["stops with two values", raw(0x4e, 0x4e, 0x2e), /stops half-way/],
  ])("refuses a pickle that %s", (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(invalid(message));
  });
});
