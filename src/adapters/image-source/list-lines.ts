/** From the bytes of a list to its lines, whatever its encoding. */
import { AlbumenError, throwIfAborted } from "../../errors.ts";

/** A line longer than this is no line of a list: a binary file that was taken for one. Characters. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** UTF-8, or UTF-16 by its mark or by the zero bytes of its first letters. */
export function encodingOf(head: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  const [a = 1, b = 1, c = 1, d = 1] = head;
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return "utf-16le";
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return "utf-16be";
  return "utf-8";
}

/** Text in pieces, without a byte-order mark. */
async function* textOf(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  let head: Uint8Array | null = new Uint8Array(0);
  let decoder = new TextDecoder("utf-8");
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    let bytes = chunk;
    if (head !== null) {
      bytes = Buffer.concat([head, chunk]);
      head = bytes.length < 4 ? bytes : null;
      if (head !== null) continue;
      decoder = new TextDecoder(encodingOf(bytes));
    }
    yield decoder.decode(bytes, { stream: true });
  }
  if (head !== null) decoder = new TextDecoder(encodingOf(head));
  yield decoder.decode(head ?? new Uint8Array(0));
}

/**
 * The lines in blocks, each as long as a piece of the input, without "\n" (a "\r" before it stays). `separator` "\0"
 * is `find -print0`'s. What follows the last separator is a line unless it is empty. Errors: `LIST_ROW_INVALID` for a
 * line without an end.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  separator: "\n" | "\0",
  list: string,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  let rest = "";
  for await (const text of textOf(chunks, signal)) {
    const lines = (rest + text).split(separator);
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE)
      throw new AlbumenError(
        "LIST_ROW_INVALID",
        `${list} has a line of more than ${LONGEST_LINE} characters.`,
        {
          hint: "It is probably no list; a folder, a picture or an archive is named as it is.",
        },
      );
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}
