/**
 * The ONNX graphs that the Matrix port needs, written as protobuf by hand.
 * Field numbers are those of onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, ValueInfoProto).
 */

const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
const INT32 = 6;
const INT64 = 7;
const IR_VERSION = 8;
const OPSET = 13;

type Shape = readonly string[];

/** left [n, d], right [m, d] -> product [n, m] */
export function multiplyGraph(): Uint8Array {
  return model({
    nodes: [gemm()],
    inputs: [LEFT, RIGHT],
    outputs: [value("product", FLOAT, ["n", "m"])],
  });
}

/** left [n, d], right [m, d] -> index [n] (int32, lowest of equals), similarity [n] */
export function nearestGraph(): Uint8Array {
  return model({
    nodes: [
      gemm(),
      node("ArgMax", ["product"], ["index64"], [intAttribute("axis", 1), intAttribute("keepdims", 0)]),
      node("Cast", ["index64"], ["index"], [intAttribute("to", INT32)]),
      node(
        "ReduceMax",
        ["product"],
        ["similarity"],
        [intsAttribute("axes", [1]), intAttribute("keepdims", 0)],
      ),
    ],
    inputs: [LEFT, RIGHT],
    outputs: [value("index", INT32, ["n"]), value("similarity", FLOAT, ["n"])],
  });
}

/** left [n, d], right [m, d], k [1] (int64) -> index [n, k] (int32), similarity [n, k], best first */
export function topKGraph(): Uint8Array {
  return model({
    nodes: [
      gemm(),
      node("TopK", ["product", "k"], ["similarity", "index64"], [intAttribute("axis", 1)]),
      node("Cast", ["index64"], ["index"], [intAttribute("to", INT32)]),
    ],
    inputs: [LEFT, RIGHT, value("k", INT64, ["one"])],
    outputs: [value("index", INT32, ["n", "kept"]), value("similarity", FLOAT, ["n", "kept"])],
  });
}

/** left [n, d] (uint8, `middle` stands for 0), right [d, m] (int8), middle [] (uint8) -> product [n, m] (int32) */
export function byteProductGraph(): Uint8Array {
  return model({
    nodes: [node("MatMulInteger", ["left", "right", "middle"], ["product"], [])],
    inputs: [value("left", UINT8, ["n", "d"]), value("right", INT8, ["d", "m"]), value("middle", UINT8, [])],
    outputs: [value("product", INT32, ["n", "m"])],
  });
}

function gemm(): Uint8Array {
  return node("Gemm", ["left", "right"], ["product"], [intAttribute("transB", 1)]);
}

function model(graph: { nodes: Uint8Array[]; inputs: Uint8Array[]; outputs: Uint8Array[] }): Uint8Array {
  const graphBytes = join([
    ...graph.nodes.map((bytes) => field(1, bytes)),
    text(2, "matrix"),
    ...graph.inputs.map((bytes) => field(11, bytes)),
    ...graph.outputs.map((bytes) => field(12, bytes)),
  ]);
  return join([number(1, IR_VERSION), field(7, graphBytes), field(8, number(2, OPSET))]);
}

function node(op: string, inputs: string[], outputs: string[], attributes: Uint8Array[]): Uint8Array {
  return join([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...attributes.map((bytes) => field(5, bytes)),
  ]);
}

function intAttribute(name: string, i: number): Uint8Array {
  return join([text(1, name), number(3, i), number(20, 2)]);
}

function intsAttribute(name: string, ints: number[]): Uint8Array {
  return join([text(1, name), ...ints.map((i) => number(8, i)), number(20, 7)]);
}

function value(name: string, type: number, shape: Shape): Uint8Array {
  const dims = join(shape.map((dim) => field(1, text(2, dim))));
  return join([text(1, name), field(2, field(1, join([number(1, type), field(2, dims)])))]);
}

const LEFT = value("left", FLOAT, ["n", "d"]);
const RIGHT = value("right", FLOAT, ["m", "d"]);

function varint(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)];
}

function number(id: number, n: number): Uint8Array {
  return Uint8Array.from([...varint(id << 3), ...varint(n)]);
}

function field(id: number, bytes: Uint8Array): Uint8Array {
  return join([Uint8Array.from([...varint((id << 3) | 2), ...varint(bytes.length)]), bytes]);
}

function text(id: number, words: string): Uint8Array {
  return field(id, new TextEncoder().encode(words));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
