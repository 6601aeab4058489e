/** What happens while a model is made ready, for whoever shows it. No event holds a secret. */

export type ModelEvent =
  /** something is about to travel; the one place that says what, from where, how big, under which licence */
  | {
      readonly kind: "fetch";
      readonly title: string;
      readonly place: string;
      readonly sizeBytes: number | null;
      readonly licence: string;
    }
  | { readonly kind: "progress"; readonly doneBytes: number; readonly totalBytes: number | null }
  /** a source answered but then failed; the next one is tried */
  | {
      readonly kind: "source-failed";
      readonly title: string;
      readonly place: string;
      readonly reason: string;
    }
  /** the files are here and become graphs: seconds to a minute */
  | { readonly kind: "convert"; readonly title: string; readonly dtype: string }
  /** a text tower reads the words that albums are named with: seconds to minutes */
  | { readonly kind: "teach"; readonly title: string; readonly words: number }
  /** a cached part is not what was installed; it is fetched again */
  | { readonly kind: "damaged"; readonly title: string; readonly reason: string }
  /** a pulled model is not what it was; another one is taken */
  | { readonly kind: "passed-over"; readonly folder: string; readonly reason: string }
  | { readonly kind: "installed"; readonly title: string; readonly folder: string }
  /** a better model was wanted than could be had */
  | {
      readonly kind: "step-down";
      readonly from: string;
      readonly to: string;
      readonly reason: string;
      readonly hint: string;
    };

/** The line to show; null for what is not worth one. */
export function describeModelEvent(event: ModelEvent): string | null {
  switch (event.kind) {
    case "fetch": {
      const size = event.sizeBytes === null ? "size unknown" : megabytes(event.sizeBytes);
      return `Fetching once: ${event.title}, ${size}, ${event.licence}, from ${event.place}.`;
    }
    case "source-failed":
      return `${event.title}: ${event.place} failed (${event.reason}); trying the next source.`;
    case "convert":
      return `Converting ${event.title} (${event.dtype}).`;
    case "teach":
      return `Reading ${event.words} words with ${event.title}.`;
    case "damaged":
      return `${event.title} in the cache is damaged (${event.reason}) and is fetched again.`;
    case "passed-over":
      return `The model in ${event.folder} is damaged (${event.reason}) and is not used. Pull it again, or remove it.`;
    case "step-down":
      return `Using ${event.to} instead of ${event.from}: ${event.reason} ${event.hint}`;
    case "progress":
    case "installed":
      return null;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
