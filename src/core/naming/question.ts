/** A question to a language model. Pure data. */

export interface Question {
  readonly system: string;
  readonly user: string;
  /** what the answer must look like; held to where the backend can, so the answer is parsed in any case */
  readonly schema: { readonly name: string; readonly json: JsonSchema };
  /** the answer is cut off here */
  readonly maxTokens: number;
}

/** The part of JSON Schema that every backend understands: one object of strings, or of lists of strings. */
export interface JsonSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, JsonField>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

export type JsonField =
  { readonly type: "string" } | { readonly type: "array"; readonly items: { readonly type: "string" } };
