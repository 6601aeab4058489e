/** What a failed write to the catalog's own files is called. */
import { AlbumenError, messageOf } from "../errors.ts";

/** `DISK_FULL` when there is no room, else `OUTPUT_UNWRITABLE`; both name the path. */
export function asWriteError(error: unknown, path: string): AlbumenError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new AlbumenError("DISK_FULL", `The disk is full: ${path} could not be written.`, {
      hint: "Free some space and run the same command again.",
      isRetryable: true,
      cause: error,
    });
  return new AlbumenError("OUTPUT_UNWRITABLE", `${path} cannot be written: ${messageOf(error)}.`, {
    cause: error,
  });
}
