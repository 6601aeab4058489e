/** Files that a person has put into a folder: wheels or checkpoints, under the names they have at their source. */
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { AlbumenError } from "../../errors.ts";
import { assertIntact } from "../cache.ts";
import type { SourceSpec } from "../manifest.ts";
import { membersOf } from "./pypi.ts";
import type { ModelSource, OpenedSource } from "./source.ts";

/** `spec` says what to look for: a hub's files by their names, or the wheel of a package. */
export function folderSource(folder: string, spec: SourceSpec): ModelSource {
  return {
    place: `the folder ${folder}`,
    async open() {
      const wanted =
        spec.kind === "hub"
          ? Object.entries(spec.files).map(([role, file]) => ({ role, file, name: basename(file.path) }))
          : [];
      const wheel =
        spec.kind === "pypi" ? await wheelIn(folder, spec.package, spec.version, spec.wheel.bytes) : null;
      let sizeBytes = spec.kind === "pypi" ? spec.wheel.bytes : 0;
      for (const { name } of wanted) {
        const size = await sizeOf(join(folder, name));
        if (size === null) throw new AlbumenError("MODEL_FETCH_FAILED", `there is no ${name} in it`);
        sizeBytes += size;
      }
      return {
        sizeBytes,
        close: () => Promise.resolve(),
        async download(onProgress) {
          const files = new Map<string, Uint8Array>();
          if (spec.kind === "pypi") {
            for (const [role, bytes] of membersOf(spec, await readFile(wheel!))) files.set(role, bytes);
          } else {
            for (const { role, file, name } of wanted) {
              const bytes = await readFile(join(folder, name));
              assertIntact(name, bytes, file);
              files.set(role, bytes);
            }
          }
          onProgress(sizeBytes, sizeBytes);
          return files;
        },
      } satisfies OpenedSource;
    },
  };
}

async function wheelIn(folder: string, name: string, version: string, bytes: number): Promise<string> {
  // Both spellings of the platform tag are in use for pure wheels.
  const stem = `${name.replaceAll("-", "_")}-${version}`;
  for (const tag of ["py3-none-any", "py2.py3-none-any"]) {
    const path = join(folder, `${stem}-${tag}.whl`);
    if ((await sizeOf(path)) === bytes) return path;
  }
  throw new AlbumenError("MODEL_FETCH_FAILED", `there is no wheel ${stem} of ${bytes} bytes in it`);
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
