/** An output in memory: the reference for every other one, and a file system for tests. */
import { createHash } from "node:crypto";
import { isWithin } from "../../core/plan/steps.ts";
import { AlbumenError } from "../../errors.ts";
import type { Entry, Listed, Output } from "../../ports/output.ts";

interface Inode {
  readonly number: number;
  bytes: Uint8Array;
  modified: number;
  links: number;
}

export interface MemoryOutputOptions {
  /** what the file system can do; all true unless said otherwise */
  readonly canLink?: boolean;
  readonly canClone?: boolean;
  /** sources lie on another device: no link, clone or rename between them and the output */
  readonly isSourceElsewhere?: boolean;
}

export interface MemoryOutput extends Output {
  /** Puts a file there as a user would, over whatever stands. */
  put(place: string, content: string): void;
  /** Takes a file or folder away as a user would. */
  take(place: string): void;
  /** Every file with its content, absolute ones too, sorted; folders end in "/". */
  tree(): Map<string, string>;
}

export function createMemoryOutput(options: MemoryOutputOptions = {}): MemoryOutput {
  const { canLink = true, canClone = true, isSourceElsewhere = false } = options;
  const files = new Map<string, Inode>();
  const folders = new Set<string>();
  let nextNumber = 1;

  const stands = (place: string) => files.has(place) || folders.has(place);
  const isApart = (from: string, to: string) => isSourceElsewhere && isAbsolute(from) !== isAbsolute(to);
  const inodeAt = (place: string): Inode => {
    const inode = files.get(checked(place));
    if (!inode) throw new AlbumenError("FILE_NOT_FOUND", `There is no file ${place}.`);
    return inode;
  };
  const claim = (place: string) => {
    checked(place);
    const parent = place.slice(0, Math.max(place.lastIndexOf("/"), 0));
    if (stands(place) || files.has(parent))
      throw new AlbumenError("OUTPUT_CONFLICT", `Something stands at ${place} already.`);
    if (!isAbsolute(place) && parent !== "" && !folders.has(parent))
      throw new AlbumenError("OUTPUT_UNWRITABLE", `There is no folder ${parent}.`);
  };
  const create = (place: string, bytes: Uint8Array, modified: number) => {
    claim(place);
    files.set(place, { number: nextNumber++, bytes, modified, links: 1 });
  };
  const unlink = (place: string) => {
    const inode = files.get(place);
    if (inode) inode.links--;
    files.delete(place);
  };

  return {
    inspect: async (place) => {
      checked(place);
      if (folders.has(place))
        return { kind: "folder", sizeBytes: 0, modifiedMs: 0, stamp: place, links: 1 } satisfies Entry;
      const inode = files.get(place);
      if (!inode) return null;
      const { bytes, modified, number, links } = inode;
      return {
        kind: "file",
        sizeBytes: bytes.length,
        modifiedMs: modified,
        stamp: `${bytes.length}:${modified}:${number}`,
        links,
      } satisfies Entry;
    },
    list: async () =>
      [
        ...[...folders].map((path): Listed => ({ path, kind: "folder" })),
        ...[...files.keys()].map((path): Listed => ({ path, kind: "file" })),
      ]
        .filter(({ path }) => !isAbsolute(path) && path !== ".albumen" && !path.startsWith(".albumen/"))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    sha256: async (place) => createHash("sha256").update(inodeAt(place).bytes).digest("hex"),
    async *read(place) {
      yield inodeAt(place).bytes;
    },
    makeFolder: async (place) => {
      checked(place);
      if (isAbsolute(place)) return; // folders of sources are not kept track of
      const names = place.split("/");
      for (let depth = 1; depth <= names.length; depth++) {
        const folder = names.slice(0, depth).join("/");
        if (files.has(folder)) throw new AlbumenError("OUTPUT_CONFLICT", `${folder} is a file.`);
        folders.add(folder);
      }
    },
    removeFolder: async (place) => {
      const below = `${checked(place)}/`;
      if ([...files.keys(), ...folders].some((path) => path.startsWith(below))) return "not-empty";
      folders.delete(place);
      return "done";
    },
    link: async (from, to) => {
      const inode = inodeAt(from);
      checked(to);
      if (!canLink || isApart(from, to)) return "unsupported";
      claim(to);
      files.set(to, inode);
      inode.links++;
      return "done";
    },
    clone: async (from, to) => {
      const { bytes, modified } = inodeAt(from);
      checked(to);
      if (!canClone || isApart(from, to)) return "unsupported";
      create(to, bytes, modified);
      return "done";
    },
    copy: async (from, to) => {
      const { bytes, modified } = inodeAt(from);
      create(to, bytes, modified);
    },
    flush: async (place) => void inodeAt(place),
    rename: async (from, to) => {
      checked(to);
      if (isApart(from, to)) return "unsupported";
      if (folders.has(checked(from))) {
        claim(to);
        const renamed = (path: string) => to + path.slice(from.length);
        for (const folder of Array.from(folders).filter((path) => isWithin(path, from))) {
          folders.delete(folder);
          folders.add(renamed(folder));
        }
        for (const [path, inode] of Array.from(files).filter(([path]) => isWithin(path, from))) {
          files.delete(path);
          files.set(renamed(path), inode);
        }
        return "done";
      }
      const inode = inodeAt(from);
      claim(to);
      files.delete(from);
      files.set(to, inode);
      return "done";
    },
    write: async (place, chunks) => {
      claim(place);
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      create(place, Buffer.concat(parts), nextNumber);
    },
    remove: async (place) => unlink(checked(place)),
    replace: async (from, to) => {
      const inode = inodeAt(from);
      if (folders.has(checked(to))) throw new AlbumenError("OUTPUT_CONFLICT", `${to} is a folder.`);
      unlink(to);
      files.delete(from);
      files.set(to, inode);
    },

    put: (place, content) => {
      unlink(place);
      const bytes = new TextEncoder().encode(content);
      files.set(place, { number: nextNumber++, bytes, modified: nextNumber, links: 1 });
      if (isAbsolute(place)) return;
      const names = place.split("/").slice(0, -1);
      for (let depth = 1; depth <= names.length; depth++) folders.add(names.slice(0, depth).join("/"));
    },
    take: (place) => {
      Array.from(files.keys())
        .filter((path) => isWithin(path, place))
        .forEach(unlink);
      for (const path of Array.from(folders).filter((path) => isWithin(path, place))) folders.delete(path);
    },
    tree: () =>
      new Map(
        [
          ...[...folders].map((folder): [string, string] => [`${folder}/`, ""]),
          ...[...files].map(([path, { bytes }]): [string, string] => [path, new TextDecoder().decode(bytes)]),
        ].sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
  };
}

function isAbsolute(place: string): boolean {
  return place.startsWith("/");
}

function checked(place: string): string {
  if (!isAbsolute(place) && place.split("/").some((name) => name === ".." || name === "." || name === ""))
    throw new AlbumenError("OUTPUT_CONFLICT", `${place} leaves the output folder.`);
  return place;
}
