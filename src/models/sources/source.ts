/** A place that model files come from. Opening says whether it can be reached; downloading brings the bytes. */

export interface ModelSource {
  /** for people: which server or which client, never a secret */
  readonly place: string;
  /**
   * Resolves once the source has answered that it holds the files. Never takes longer than a few seconds.
   * Rejects with the reason when it cannot be reached or does not have them.
   */
  open(signal: AbortSignal): Promise<OpenedSource>;
}

export interface OpenedSource {
  /** what will travel, bytes; null when the source did not say */
  readonly sizeBytes: number | null;
  /**
   * Role → bytes, with every size and hash that the manifest knows already checked.
   * Errors: `MODEL_CORRUPT`, `ABORTED`, `MODEL_FETCH_FAILED`. Call once.
   */
  download(onProgress: (done: number, total: number | null) => void): Promise<Map<string, Uint8Array>>;
  /** Stops whatever is under way and removes what it left. Safe to call at any time, more than once. */
  close(): Promise<void>;
}

/** A source that does not answer within this is passed over. */
export const OPEN_TIMEOUT_MS = 8_000;
