/** What one run did and how long it took: the receipt that is kept, shown and exported. */
import { trustOfAll, UNSORTED } from "../core/albums.ts";
import type { Clustering } from "../ports/clusterer.ts";
import type { Space } from "../ports/embedder.ts";
import type { ApplyResult } from "./apply.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Stage } from "./events.ts";
import type { IngestCounts } from "./ingest.ts";

/** What one run met, in numbers. */
export interface RunCounts {
  /** albums, Unsorted not counted */
  readonly albums: number;
  /** images in the catalog */
  readonly images: number;
  readonly locations: number;
  readonly unsorted: number;
  /** mean trust over the images in albums, in [0, 1]; null where none is known */
  readonly trust: number | null;
  /** images new to the catalog in this run */
  readonly added: number;
  /** places in this run whose image the catalog already had under another place */
  readonly duplicates: number;
  /** places that gave no image, in this run */
  readonly failed: number;
  /** files that are no images */
  readonly skipped: number;
  readonly seconds: number;
}

export interface RunReceipt {
  readonly command: string;
  readonly version: string;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly model: Space | null;
  readonly seed: number;
  readonly grouping: Clustering["report"] | null;
  readonly stages: readonly { readonly stage: Stage; readonly seconds: number }[];
  readonly files: ApplyResult["counts"] | null;
  readonly summary: RunCounts;
}

/** What a command that changes something gives back. */
export interface RunSummary extends RunCounts {
  /** files left alone because they were changed, each with the reason */
  readonly kept: readonly string[];
  /** path of the gallery page; null when there are no albums */
  readonly gallery: string | null;
  readonly zip: string | null;
  /** what there is to say beside the counts; null: nothing */
  readonly message: string | null;
}

/** A run in progress: stages add to it. */
export interface Receipt {
  readonly label: string;
  readonly startedAt: string;
  counts: IngestCounts | null;
  grouping: Clustering["report"] | null;
  message: string | null;
  /** nothing was new: no album, image or failure changed */
  isUnchanged: boolean;
  /** Runs a stage and adds its time. */
  time<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  receipt(applied: ApplyResult | null): Promise<RunReceipt>;
}

/** Where the store keeps how the number of albums was found. */
export const GROUPING_REPORT = "groupingReport";

export function createReceipt(
  {
    store,
    clock,
    now,
    version,
    settings,
  }: Pick<CatalogParts, "store" | "clock" | "now" | "version" | "settings">,
  label: string,
): Receipt {
  const startedAt = now();
  const startedMs = clock();
  const spent = new Map<Stage, number>();
  const run: Receipt = {
    label,
    startedAt,
    counts: null,
    grouping: null,
    message: null,
    isUnchanged: false,
    async time(stage, work) {
      const from = clock();
      try {
        return await work();
      } finally {
        spent.set(stage, (spent.get(stage) ?? 0) + clock() - from);
      }
    },
    async receipt(applied) {
      const [albums, rows, space, grouping] = await Promise.all([
        store.albums(),
        store.counts(),
        store.meta("space"),
        // An album count is explained by the run that made it, which may be an earlier one.
        store.meta(GROUPING_REPORT),
      ]);
      const { counts } = run;
      return {
        command: label,
        version,
        startedAt,
        finishedAt: now(),
        model: space === null ? null : (JSON.parse(space) as Space),
        seed: settings.seed,
        grouping: run.grouping ?? (grouping === null ? null : (JSON.parse(grouping) as Clustering["report"])),
        stages: [...spent].map(([stage, ms]) => ({ stage, seconds: Math.round(ms) / 1000 })),
        files: applied?.counts ?? null,
        summary: {
          albums: albums.filter((album) => album.id !== UNSORTED && album.members.length > 0).length,
          images: rows.images,
          locations: rows.places,
          unsorted: albums.find((album) => album.id === UNSORTED)?.members.length ?? 0,
          trust: trustOfAll(albums),
          added: counts?.added ?? 0,
          duplicates: counts?.duplicates ?? 0,
          failed: counts?.failed ?? 0,
          skipped: counts?.skipped ?? 0,
          seconds: Math.round(clock() - startedMs) / 1000,
        },
      };
    },
  };
  return run;
}
