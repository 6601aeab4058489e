/** The output on a disk. What each system call must not do is said where it is kept from doing it. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import {
  access,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
} from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import type { Entry, Listed, Output } from "../../ports/output.ts";

/** Windows syncs only what is open for writing; elsewhere a read-only photo could not be opened for it. */
const SYNC_FLAGS = process.platform === "win32" ? "r+" : "r";

/** What a file system answers when it cannot link, clone or rename between two places. */
const UNSUPPORTED = new Set(["EXDEV", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL", "ENOTTY"]);

/** `root` is the output folder, absolute; it need not exist yet. */
export function createDiskOutput(root: string): Output {
  const pathOf = (place: string): string => {
    if (isAbsolute(place)) return place;
    const names = place.split("/");
    if (names.some((name) => name === "" || name === "." || name === ".." || /[\\\0]/.test(name)))
      throw new AlbumenError("OUTPUT_CONFLICT", `"${place}" is not a place inside ${root}.`);
    return join(root, ...names);
  };

  const makeOne = async (path: string): Promise<void> => {
    try {
      await mkdir(path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw writeError(error, path);
      // Not stat: a folder that a symbolic link replaced would lead out of the root.
      if (!(await lstat(path)).isDirectory())
        throw new AlbumenError("OUTPUT_CONFLICT", `${path} should be a folder and is none.`, {
          cause: error,
        });
    }
  };

  const inspect = async (place: string): Promise<Entry | null> => {
    const path = pathOf(place);
    try {
      let found = await lstat(path, { bigint: true });
      const isLink = found.isSymbolicLink() && isAbsolute(place);
      if (isLink) found = await stat(path, { bigint: true });
      return {
        kind: found.isFile() ? (isLink ? "link" : "file") : found.isDirectory() ? "folder" : "other",
        sizeBytes: Number(found.size),
        modifiedMs: Number(found.mtimeMs),
        stamp: `${found.size}:${found.mtimeNs}:${found.ino}`,
        links: Number(found.nlink),
      };
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
      throw readError(error, path);
    }
  };

  /** Two names of one file or folder, as "dogs" and "Dogs" are where case does not count. */
  const isSame = async (a: string, b: string): Promise<boolean> => {
    const [left, right] = await Promise.all([lstat(a, { bigint: true }), lstat(b, { bigint: true })]);
    return left.ino === right.ino && left.dev === right.dev;
  };

  return {
    inspect,

    async list(signal) {
      const found: Listed[] = [];
      const walk = async (folder: string): Promise<void> => {
        throwIfAborted(signal);
        for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
          const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
          if (path === ".albumen") continue;
          const kind = entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "other";
          found.push({ path, kind });
          if (kind === "folder") await walk(path);
        }
      };
      try {
        await walk("");
      } catch (error) {
        if (codeOf(error) === "ENOENT" && !(await inspect(root))) return [];
        throw error instanceof AlbumenError ? error : readError(error, root);
      }
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    },

    async sha256(place, signal) {
      const hash = createHash("sha256");
      for await (const chunk of readChunks(pathOf(place), signal)) hash.update(chunk);
      return hash.digest("hex");
    },

    read: (place, signal) => readChunks(pathOf(place), signal),

    async makeFolder(place) {
      try {
        await mkdir(isAbsolute(place) ? place : root, { recursive: true });
      } catch (error) {
        throw writeError(error, place);
      }
      if (isAbsolute(place)) return;
      pathOf(place); // refuses before the first of its folders is made
      const names = place.split("/");
      for (let depth = 1; depth <= names.length; depth++) await makeOne(join(root, ...names.slice(0, depth)));
    },

    async removeFolder(place) {
      const path = pathOf(place);
      try {
        await rmdir(path);
        return "done";
      } catch (error) {
        if (codeOf(error) === "ENOENT") return "done";
        if (["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(codeOf(error))) return "not-empty";
        throw writeError(error, path);
      }
    },

    async link(from, to) {
      const [source, path] = [pathOf(from), pathOf(to)];
      try {
        // link(2) would make another name of the symbolic link, which may not lead anywhere from there.
        const isLink = isAbsolute(from) && (await lstat(source)).isSymbolicLink();
        await link(isLink ? await realpath(source) : source, path);
        return "done";
      } catch (error) {
        const code = codeOf(error);
        // EPERM: FAT has no links, and Linux links no file of another user's (fs.protected_hardlinks).
        if (UNSUPPORTED.has(code) || code === "EPERM") return "unsupported";
        throw await pairError(error, source, path);
      }
    },

    async clone(from, to) {
      const [source, path] = [pathOf(from), pathOf(to)];
      const { mtime, atime } = await statOf(source);
      try {
        await copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
      } catch (error) {
        if (UNSUPPORTED.has(codeOf(error)) || codeOf(error) === "EPERM") return "unsupported";
        throw await pairError(error, source, path);
      }
      await utimes(path, atime, mtime);
      return "done";
    },

    async copy(from, to, signal) {
      throwIfAborted(signal);
      const [source, path] = [pathOf(from), pathOf(to)];
      const { mtime, atime } = await statOf(source);
      try {
        await copyFile(source, path, constants.COPYFILE_EXCL);
        await utimes(path, atime, mtime);
      } catch (error) {
        throw await pairError(error, source, path);
      }
    },

    async flush(place) {
      const path = pathOf(place);
      try {
        await sync(path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw writeError(error, path);
      }
    },

    async rename(from, to) {
      const [source, path] = [pathOf(from), pathOf(to)];
      // rename(2) overwrites, and Node has no renameat2(RENAME_NOREPLACE): look first. Between the look and
      // the call lies the one instant in which another program's file could be lost, and only on file systems
      // without hard links, or for an empty folder.
      if ((await inspect(to)) && !(await isSame(source, path)))
        throw new AlbumenError("OUTPUT_CONFLICT", `${path} stands there already.`);
      try {
        await rename(source, path);
        return "done";
      } catch (error) {
        if (codeOf(error) === "EXDEV") return "unsupported";
        throw await pairError(error, source, path);
      }
    },

    async write(place, bytes, signal) {
      const path = pathOf(place);
      let file;
      try {
        file = await open(path, "wx");
      } catch (error) {
        throw writeError(error, path);
      }
      try {
        for await (const chunk of bytes) {
          throwIfAborted(signal);
          await file.writeFile(chunk);
        }
        await file.sync();
      } catch (error) {
        // What comes from the bytes' own source keeps its own code.
        throw error instanceof AlbumenError || codeOf(error) === "" ? error : writeError(error, path);
      } finally {
        await file.close();
      }
    },

    async remove(place) {
      const path = pathOf(place);
      try {
        await unlink(path);
      } catch (error) {
        const code = codeOf(error);
        if (code === "ENOENT") return;
        if (isAbsolute(place) && ["EACCES", "EPERM", "EROFS"].includes(code))
          throw new AlbumenError("FILE_UNMOVABLE", `${path} may not be taken from its folder (${code}).`, {
            cause: error,
          });
        throw writeError(error, path);
      }
    },

    async replace(from, to) {
      const path = pathOf(to);
      try {
        await rename(pathOf(from), path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw writeError(error, path);
      }
    },
  };
}

async function* readChunks(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18, signal }))
      yield chunk as Buffer;
  } catch (error) {
    throwIfAborted(signal);
    throw codeOf(error) === "" ? error : readError(error, path);
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw readError(error, path);
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, SYNC_FLAGS);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** So that the name is on the disk too, not the content alone. Windows opens no folders, and needs it not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform !== "win32") await sync(path);
}

/** The system's code, "" for anything that is no system error. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function readError(error: unknown, path: string): AlbumenError {
  const code = ["ENOENT", "ENOTDIR"].includes(codeOf(error)) ? "FILE_NOT_FOUND" : "FILE_UNREADABLE";
  return new AlbumenError(code, `Cannot read ${path}: ${messageOf(error)}.`, { cause: error });
}

function writeError(error: unknown, path: string): AlbumenError {
  switch (codeOf(error)) {
    case "EEXIST":
    case "ENOTEMPTY":
    case "EISDIR":
      return new AlbumenError("OUTPUT_CONFLICT", `${path} stands there already.`, { cause: error });
    case "ENOSPC":
    case "EDQUOT":
      return new AlbumenError("DISK_FULL", `There is no room for ${path}.`, {
        hint: "Free some space and run the same command again; it goes on where it stopped.",
        isRetryable: true,
        cause: error,
      });
    default:
      return new AlbumenError("OUTPUT_UNWRITABLE", `Cannot write ${path}: ${messageOf(error)}.`, {
        hint: "Check the folder's permissions, or choose another output with --out.",
        cause: error,
      });
  }
}

/** A system call on two places does not say which of them it failed on: the first is looked at. */
async function pairError(error: unknown, source: string, path: string): Promise<AlbumenError> {
  if (["EEXIST", "ENOTEMPTY", "ENOSPC", "EDQUOT"].includes(codeOf(error))) return writeError(error, path);
  try {
    if (!(await lstat(source)).isDirectory()) await access(source, constants.R_OK);
  } catch (sourceError) {
    return readError(sourceError, source);
  }
  return writeError(error, path);
}
