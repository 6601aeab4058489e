/** The public API: every name is listed here, and nothing else is public. */
export {
  openCatalog,
  openModels,
  VERSION,
  type ModelInfo,
  type ModelShelf,
  type Offer,
  type OpenOptions,
  type PullWishes,
  type WeightDtype,
} from "./compose.ts";
export { AlbumenError, ERROR_CODES, isAlbumenError, type ErrorCode } from "./errors.ts";
export { SETTINGS, type SettingName, type Settings, type SettingsInput } from "./config.ts";
export {
  UNSORTED,
  type Album,
  type AlbumName,
  type Member,
  type NameEvidence,
  type NameProof,
  type NameSource,
} from "./core/albums.ts";
export type { Catalog, CatalogStatus, ShownPlan } from "./pipeline/catalog.ts";
export type { DuplicateFile, DuplicateSet } from "./pipeline/duplicates.ts";
export type { ForgetReport } from "./pipeline/forget.ts";
export type { Hit } from "./pipeline/lookup.ts";
export type { PipelineEvent, Report, Stage } from "./pipeline/events.ts";
export type { RunCounts, RunSummary } from "./pipeline/receipt.ts";
export type { Understood } from "./pipeline/search.ts";
export type { FailureRow, HistoryEvent } from "./ports/store.ts";
