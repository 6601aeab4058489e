/** Whether a model will fit on the disk, asked before it travels. */
import { stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AlbumenError } from "../errors.ts";

/** Errors: `DISK_FULL`. `freeBytes`: what the file system says when omitted. */
export async function assertRoom(
  folder: string,
  wantedBytes: number,
  freeBytes: (folder: string) => Promise<number> = freeBytesAt,
): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= wantedBytes) return;
  throw new AlbumenError(
    "DISK_FULL",
    `The model needs ${sizeText(wantedBytes)} while it is made; ${folder} has ${sizeText(free)} left.`,
    { hint: "Free some space, or point ALBUMEN_CACHE to another disk. Nothing was fetched." },
  );
}

async function freeBytesAt(folder: string): Promise<number> {
  let there = resolve(folder);
  while (!(await stat(there).catch(() => null)) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return bavail * bsize;
}

/** `84.3 MB`, `1.7 GB` */
export function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
