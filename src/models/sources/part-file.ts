/**
 * Downloads that are not finished: files that outlive an interruption, in a folder that any number of processes share.
 * Whoever renames a part owns it, so that two processes never write into one; what a killed process was writing is taken
 * up by the next.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { throwIfAborted } from "../../errors.ts";
import { throwIfStorage } from "../cache.ts";

export interface PartFile {
  /** while this process owns it */
  readonly path: string;
  /** what is there so far; 0 when nothing is */
  sizeBytes(): Promise<number>;
  /** Writes `body` at `offset`; whatever stood behind that is cut off. The size afterwards. Errors: of the disk, `ABORTED`. */
  write(
    body: AsyncIterable<unknown>,
    offset: number,
    onProgress: (doneBytes: number) => void,
    signal: AbortSignal,
  ): Promise<number>;
  /** Leaves it to whoever comes next. */
  rest(): Promise<void>;
  drop(): Promise<void>;
}

/**
 * `key`: the same for the same bytes only. `isResumable`: false starts from nothing, whatever is there.
 * Errors: `CACHE_UNWRITABLE`, `DISK_FULL`.
 */
export async function takePart(folder: string, key: string, isResumable: boolean): Promise<PartFile> {
  const name = `${key}.part`;
  const resting = join(folder, name);
  const path = `${resting}.${ownerHere(process.pid)}~${randomUUID()}.tmp`;
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throwIfStorage(error, folder);
    throw error;
  });
  if (isResumable) await takeUp(folder, name, path);
  return {
    path,
    sizeBytes: () =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    async write(body, offset, onProgress, signal) {
      const handle = await open(path, "a");
      try {
        await handle.truncate(offset);
        let done = offset;
        for await (const chunk of body) {
          throwIfAborted(signal);
          await handle.write(chunk as Uint8Array);
          done += (chunk as Uint8Array).length;
          onProgress(done);
        }
        return done;
      } finally {
        await handle.close();
      }
    },
    async rest() {
      // There may be nothing yet, when not a byte came.
      await rename(path, resting).catch(() => undefined);
    },
    drop: () => rm(path, { force: true }),
  };
}

/** Who writes into a part, `<host>~<pid>`: so that others can tell when nobody does any more. */
function ownerHere(pid: number): string {
  return `${hostname().replace(/[^A-Za-z0-9-]/g, "-")}~${pid}`;
}

async function takeUp(folder: string, name: string, path: string): Promise<void> {
  const orphans = (await readdir(folder).catch(() => [])).filter((other) => {
    if (!other.startsWith(`${name}.`) || !other.endsWith(".tmp")) return false;
    const owner = other.slice(name.length + 1);
    const pid = Number(owner.split("~")[1]);
    return owner.startsWith(`${ownerHere(pid)}~`) && !isAlive(pid);
  });
  for (const other of [name, ...orphans])
    try {
      return await rename(join(folder, other), path);
    } catch {
      // Not there, or another process was quicker.
    }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
