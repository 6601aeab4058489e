/** The pages that people read, and the fenced blocks in them. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

export interface Block {
  /** what follows the opening fence */
  readonly language: string;
  readonly text: string;
  /** 1-based line of the opening fence */
  readonly line: number;
  /** from `<!-- not run: reason -->` above the fence; null: it is run */
  readonly notRun: string | null;
}

export interface Page {
  /** from the repository's root, with forward slashes */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** README.md, and every page under docs/, sorted by path. */
export async function readPages(): Promise<Page[]> {
  const docs = await readdir(join(REPOSITORY, "docs"), { recursive: true });
  const paths = [
    "README.md",
    ...docs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
  ];
  return Promise.all(
    paths.sort().map(async (path) => {
      const text = await readFile(join(REPOSITORY, path), "utf8");
      return {
        path: relative(".", path).split(sep).join("/"),
        text,
        blocks: blocksOf(text),
      };
    }),
  );
}

/** Fenced blocks in order. A fence that is never closed is an error, since all after it would go untested. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let notRun: string | null = null;
  for (let i = 0; i < lines.length; i++) {
    const reason = /^<!-- not run: (.+) -->$/.exec(lines[i]!);
    if (reason) notRun = reason[1]!;
    const fence = /^```(\w*)$/.exec(lines[i]!);
    if (fence) {
      const end = lines.indexOf("```", i + 1);
      if (end < 0) throw new Error(`The fence in line ${i + 1} is never closed.`);
      blocks.push({
        language: fence[1]!,
        text: lines.slice(i + 1, end).join("\n"),
        line: i + 1,
        notRun,
      });
      notRun = null;
      i = end;
    } else if (!reason && lines[i] !== "") notRun = null;
  }
  return blocks;
}

/** Text of a page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}
