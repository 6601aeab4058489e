/** What every call that takes long is given. */
export interface Call {
  readonly signal: AbortSignal;
  /** `done` of `total` units, whatever the callee counts in (images, rows, bytes). */
  onProgress?(done: number, total: number): void;
}
