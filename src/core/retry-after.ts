/** How long a server asks to be left alone. */

/**
 * A `Retry-After` (RFC 9110 §10.2.3) in milliseconds from `nowMs` (Unix time), at least 0; null when there is none or it
 * cannot be read.
 */
export function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
