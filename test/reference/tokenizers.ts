/** The original tokenizers against ours, as they lie in a model folder after conversion. */
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { readTokenizer, TOKENIZER_FILES } from "../../src/models/architectures/tokenizer.ts";
import { publishedFolder } from "../support/published.ts";
import { compareEqual, readJson, type Comparison } from "./comparison.ts";

export async function* tokenizers(reference: string): AsyncIterable<Comparison> {
  const expected = readJson<Record<string, { text: string; input_ids: number[] }[]>>(
    join(reference, "tokenizers", "expected.json"),
  );
  for (const [name, texts] of Object.entries(expected)) {
    const folder = join(reference, "models", name);
    const published = publishedFolder(folder);
    const { files } = await readTokenizer(published, { lowercase: false });
    const [json, config] = TOKENIZER_FILES.map(
      (file) => JSON.parse(new TextDecoder().decode(files.get(file))) as object,
    );
    const tokenizer = new Tokenizer(json!, config!);
    for (const { text, input_ids } of texts) {
      yield compareEqual(`tokenizer of ${name}: ids`, text, tokenizer.encode(text).ids, input_ids);
    }
  }
}
