/**
 * Writes ONNX models: opset 17, IR version 8, weights inside the file (so below 2 GB).
 * Field numbers and enums: onnx/onnx.proto. Operators: https://onnx.ai/onnx/operators/
 *
 *     const graph = new GraphBuilder("double");
 *     const x = graph.input("x", "f32", ["n", 3]);
 *     graph.output("y", graph.node("Add", [x, x]), "f32", ["n", 3]);
 *     const bytes = graph.toModel();
 */
import { AlbumenError } from "../../errors.ts";
import { Message } from "./protobuf.ts";

const IR_VERSION = 8;
const OPSET = 17;
const MAX_MODEL_BYTES = 2 ** 31 - 1; // of any protobuf message

const ELEMENT_TYPES = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10 } as const;

export type OnnxDtype = keyof typeof ELEMENT_TYPES;

/** A fixed size, or the name of one that is known only when the model runs. */
export type Dimension = number | string;

/** Something that flows through one graph: an input, a constant or a node's result. */
export interface Value {
  readonly name: string;
}

/** Row-major. Its kind of array decides the ONNX type; a Uint16Array holds the bits of halves. */
export type ConstantData = Float32Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** A number or numbers are ints; ONNX tells floats from ints, so floats are marked: `float(1)`. */
export type Attribute = number | readonly number[] | string | Float | Floats;
type Float = { readonly float: number };
type Floats = { readonly floats: readonly number[] };

export function float(value: number): Float {
  return { float: value };
}

export function floats(values: readonly number[]): Floats {
  return { floats: values };
}

/**
 * Builds one graph, in the order of the calls; equal scalars and int vectors are kept once. Wrong use (a name
 * taken twice, data that do not fill their shape) is a bug: `INTERNAL`.
 */
export class GraphBuilder {
  readonly #nodes: Message[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  readonly #initializers: Message[] = [];
  readonly #names = new Set<string>();
  readonly #literals = new Map<string, Value>();
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, dtype: OnnxDtype, shape: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, dtype, shape));
    return this.#declare(name);
  }

  /** Weights. `data` must stay unchanged until `toModel`. */
  constant(name: string, data: ConstantData, shape: readonly number[]): Value {
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length)
      throw bug(`constant ${name} has ${data.length} elements for the shape [${shape.join(", ")}]`);
    const tensor = new Message();
    for (const size of shape) tensor.int(1, size);
    tensor.int(2, ELEMENT_TYPES[dtypeOf(data)]).text(8, name);
    tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#initializers.push(tensor);
    return this.#declare(name);
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.#literal(`scalar ${value}`, Float32Array.of(value), []);
  }

  /** An int64 vector, as operators take for shapes, axes and the like. */
  ints(values: readonly number[]): Value {
    return this.#literal(`ints ${values.join(" ")}`, BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** A node with one result. `null` leaves an optional input out. */
  node(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.nodes(operator, inputs, 1, attributes)[0];
  }

  /** A node with several results. */
  nodes(
    operator: string,
    inputs: readonly (Value | null)[],
    resultCount: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    const name = `${operator}_${this.#nodes.length}`;
    const results = Array.from({ length: resultCount }, (_, i) =>
      this.#declare(resultCount === 1 ? name : `${name}_${i}`),
    );
    this.#appendNode(name, operator, inputs, results, attributes);
    return results;
  }

  cast(value: Value, dtype: OnnxDtype): Value {
    return this.node("Cast", [value], { to: ELEMENT_TYPES[dtype] });
  }

  /** Makes a value a result of the model, under a name of its own. */
  output(name: string, value: Value, dtype: OnnxDtype, shape: readonly Dimension[]): void {
    // A rename in the graph's terms; ONNX Runtime removes it when it loads the model.
    this.#appendNode(`output_${name}`, "Identity", [value], [this.#declare(name)], {});
    this.#outputs.push(valueInfo(name, dtype, shape));
  }

  /** The bytes of the `.onnx` file. Errors: `MODEL_INCOMPATIBLE` above 2 GB. */
  toModel(): Uint8Array {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, this.#name);
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);

    const model = new Message()
      .int(1, IR_VERSION)
      .text(2, "albumen")
      .message(7, graph)
      .message(8, new Message().int(2, OPSET));
    if (model.byteLength > MAX_MODEL_BYTES)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `The graph ${this.#name} would be larger than the 2 GB that an ONNX file can hold.`,
        { hint: "Take fewer bits for its weights: --dtype fp16 or q8." },
      );
    return model.toBytes();
  }

  #literal(key: string, data: ConstantData, shape: readonly number[]): Value {
    const known = this.#literals.get(key) ?? this.constant(key, data, shape);
    this.#literals.set(key, known);
    return known;
  }

  #declare(name: string): Value {
    if (this.#names.has(name)) throw bug(`graph ${this.#name} has two values named ${name}`);
    this.#names.add(name);
    return { name };
  }

  #appendNode(
    name: string,
    operator: string,
    inputs: readonly (Value | null)[],
    results: readonly Value[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void {
    const node = new Message();
    for (const input of inputs) node.text(1, input?.name ?? "");
    for (const result of results) node.text(2, result.name);
    node.text(3, name).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.#nodes.push(node);
  }
}

function valueInfo(name: string, dtype: OnnxDtype, shape: readonly Dimension[]): Message {
  const dimensions = new Message();
  for (const size of shape)
    dimensions.message(
      1,
      typeof size === "number" ? new Message().int(1, size) : new Message().text(2, size),
    );
  const tensor = new Message().int(1, ELEMENT_TYPES[dtype]).message(2, dimensions);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

function dtypeOf(data: ConstantData): OnnxDtype {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Uint16Array) return "f16";
  if (data instanceof BigInt64Array) return "i64";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Int8Array) return "i8";
  return "u8";
}

// AttributeProto.AttributeType
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const FLOATS = 6;
const INTS = 7;

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "string") return message.text(4, value).int(20, STRING);
  if (typeof value === "number") return message.int(3, value).int(20, INT);
  if ("float" in value) return message.float(2, value.float).int(20, FLOAT);
  if ("floats" in value) {
    for (const entry of value.floats) message.float(7, entry);
    return message.int(20, FLOATS);
  }
  for (const entry of value) message.int(8, entry);
  return message.int(20, INTS);
}

function bug(what: string): AlbumenError {
  return new AlbumenError("INTERNAL", `An ONNX graph was built wrongly: ${what}.`);
}
