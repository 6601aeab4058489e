/** The two things that can be wrong with a checkpoint. */
import { AlbumenError } from "../../errors.ts";

/** The bytes contradict their own format. `what` is a clause: `tensor "w" ends outside the file`. */
export function invalid(what: string, cause?: unknown): AlbumenError {
  return new AlbumenError("CHECKPOINT_INVALID", `The checkpoint is malformed: ${what}.`, {
    hint: "Fetch or copy the file again; it may be truncated or altered.",
    cause,
  });
}

/** The checkpoint wants more than tensors. `what` names the opcode or global. */
export function refused(what: string): AlbumenError {
  return new AlbumenError(
    "CHECKPOINT_REFUSED",
    `The checkpoint was refused: ${what}, which no tensor dictionary needs. Nothing of it was run.`,
    { hint: "Use the weights in safetensors format, or save them again as a plain state_dict." },
  );
}

/** A name out of an untrusted file, fit for a message: quoted, without control characters, at most 100 long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
