/** The keys that every blob store takes; what is not one of them could be a path. */
import { AlbumenError } from "../../errors.ts";

export function assertKey(key: string): void {
  if (!/^[a-z0-9]{4,64}$/.test(key))
    throw new AlbumenError("INTERNAL", `${JSON.stringify(key)} is not a blob key: 4 to 64 of a-z and 0-9.`);
}
