/** The one error class of Albumen, and every code it can carry. */

/**
 * Every code, with what it means and what a person can do. `docs/reference/errors.md` is generated from it.
 * Codes of one image (`IMAGE_*`, `FETCH_*`, `FILE_*`) become failure rows; the others stop a run.
 */
export const ERROR_CODES = {
  // One image, recorded and reported, never a stop.
  FILE_NOT_FOUND: "A path named in the source does not exist.",
  FILE_UNREADABLE: "A file exists but cannot be read (permissions, I/O error).",
  FILE_CHANGED: "A file changed while it was read; it is tried again on the next run.",
  FILE_UNMOVABLE: "A file may not be taken away from where it lies (permissions); it was left there.",
  FILE_TOO_LARGE: "A file is larger than the byte limit.",
  IMAGE_EMPTY: "A file has no bytes.",
  IMAGE_UNKNOWN_FORMAT: "The bytes are not an image format that Albumen reads, whatever the name says.",
  IMAGE_TRUNCATED: "An image ends before its data does.",
  IMAGE_CORRUPT: "An image cannot be decoded.",
  IMAGE_TOO_MANY_PIXELS: "An image has more pixels than the limit; it was refused before decoding.",
  IMAGE_TOO_SLOW: "Decoding an image took longer than the time limit.",
  IMAGE_UNSUPPORTED: "The format is known but its decoder is missing here.",
  EMBED_FAILED: "The model failed on this one image.",
  CAPTION_FAILED: "The captioner failed on this one image; the album is named without its caption.",
  IMAGE_PLACEHOLDER:
    "The same picture lies behind many URLs of one host, as a page for dead links does; it was left out.",
  FETCH_BAD_URL: "A URL cannot be read, or has a scheme other than http and https.",
  FETCH_REFUSED: "A URL leads to a private, local or reserved address, or to a port that serves no images.",
  FETCH_OFFLINE: "A URL was not fetched, because fetching is switched off.",
  FETCH_UNREACHABLE: "A host has no address, accepts no connection or drops it.",
  FETCH_TLS: "A host's certificate is not valid.",
  FETCH_TIMEOUT: "A host did not answer, or not to the end, within the time limit.",
  FETCH_REDIRECTS: "A URL redirects in a circle, too often, or to nowhere.",
  FETCH_TOO_LARGE: "An answer is larger than the byte limit.",
  FETCH_NOT_IMAGE: "An answer is no image that Albumen reads, whatever its headers say; often a web page.",
  FETCH_401: "The server wants a sign-in.",
  FETCH_403: "The server refuses access; a signed URL may have expired.",
  FETCH_404: "The server has nothing at this address.",
  FETCH_410: "The image was taken down for good.",
  FETCH_429: "The server asked to come back later, for longer than a run waits.",
  FETCH_5XX: "The server failed, several times.",
  FETCH_HTTP: "The server answered with another status than those above; the reason names it.",
  // The command line and configuration.
  USAGE: "A command was called with wrong arguments.",
  CONFIG_INVALID: "A setting has a value that is not allowed.",
  SOURCE_NOT_FOUND: "A source does not exist.",
  SOURCE_EMPTY: "The sources hold no images.",
  SOURCE_UNREADABLE:
    "A source is there but cannot be listed: no permission, no credentials, or its server does not answer.",
  LIST_ROW_INVALID: "A line of a list could not be understood; the lines around it were taken.",
  LIST_COLUMN_UNKNOWN: "A list has no column that is surely the one with the images' places, or the users.",
  ARCHIVE_CORRUPT: "An archive, or one picture in it, is damaged.",
  ARCHIVE_ENCRYPTED: "A picture in an archive is encrypted, and Albumen asks for no passwords.",
  SOURCE_UNSUPPORTED: "A source is of a kind that Albumen does not read.",
  NOT_FOUND: "No album or image answers to the given id, name or path.",
  AMBIGUOUS: "More than one album or image answers to the given name.",
  // Models.
  MODEL_UNKNOWN: "No model has this id.",
  MODEL_NOT_INSTALLED: "The model is not on this machine and was not to be fetched.",
  MODEL_FETCH_FAILED: "The model could not be fetched from any of its sources.",
  MODEL_CORRUPT: "A model file is truncated, tampered with or not what its manifest says.",
  MODEL_INCOMPATIBLE: "A model's dimensions or names do not fit what was asked of it.",
  CHECKPOINT_INVALID: "A checkpoint is malformed.",
  CHECKPOINT_REFUSED:
    "A checkpoint asks for something that a tensor dictionary never needs; nothing of it was run.",
  DEVICE_UNAVAILABLE: "The device that the model should run on is not here, or its libraries are not.",
  OUT_OF_MEMORY: "A batch of one does not fit into memory.",
  // Language models.
  LLM_UNREACHABLE: "The language model's server is down, busy or too slow.",
  LLM_REFUSED: "The language model's server does not take the key, the model or the request.",
  LLM_ANSWER_INVALID: "The language model's answer is empty, endless, or not of the form it was asked for.",
  // Clustering and vectors.
  VECTORS_INVALID: "Vectors have a wrong shape, NaN or infinite components.",
  CLUSTERING_INVALID: "A clustering was asked for something impossible.",
  // The catalog and the output.
  CATALOG_NOT_FOUND: "There is no catalog here.",
  CATALOG_LOCKED: "Another process works on this catalog.",
  CATALOG_TOO_NEW: "The catalog was made by a newer version of Albumen.",
  CATALOG_CORRUPT: "The catalog's database cannot be read.",
  OUTPUT_CONFLICT: "A file or folder stands where Albumen would write, and it is not Albumen's.",
  OUTPUT_UNWRITABLE: "The output folder cannot be written.",
  OUTPUT_OVERLAP: "Source and output overlap in a way that would mix them.",
  CACHE_UNWRITABLE: "The folder for fetched models cannot be written.",
  DISK_FULL: "The disk is full. What was done is kept; run again once there is room.",
  UNDO_IMPOSSIBLE: "There is no apply left to undo, or its files were changed since.",
  // Control.
  ABORTED: "The run was cancelled; the next one resumes.",
  INTERNAL: "A bug in Albumen.",
} as const;

/** A key of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

export interface AlbumenErrorInit {
  /** What to do next, a full sentence. Printed on its own line. */
  readonly hint?: string;
  /** True when the same call may succeed later without a change. */
  readonly isRetryable?: boolean;
  readonly cause?: unknown;
}

/** `message` says what and which; `hint` says what next. Neither ever holds a secret. */
export class AlbumenError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, message: string, init: AlbumenErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "AlbumenError";
    this.code = code;
    this.hint = init.hint;
    this.isRetryable = init.isRetryable ?? false;
  }
}

/** Whether a caught value is an `AlbumenError`. */
export function isAlbumenError(value: unknown): value is AlbumenError {
  return value instanceof AlbumenError;
}

/** What a cancelled call fails with. */
export function cancelled(): AlbumenError {
  return new AlbumenError("ABORTED", "Cancelled.", { hint: "Run the same command again to resume." });
}

/** Throws `ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

/** The message of anything thrown, for a failure row or a cause line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
