/** A folder in the file layout of a model hub, as converters see it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PublishedFiles } from "../../src/models/convert.ts";

/** Without the files for which `without` is true. */
export function publishedFolder(
  folder: string,
  without: (name: string) => boolean = () => false,
): PublishedFiles {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((name) => !without(name));
  const read = (name: string) => Promise.resolve(Uint8Array.from(readFileSync(join(folder, name))));
  return {
    names,
    read,
    json: async (name) =>
      names.includes(name) ? (JSON.parse(new TextDecoder().decode(await read(name))) as unknown) : null,
  };
}
