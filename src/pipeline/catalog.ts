/** Everything that can be done with a catalog; each command is one method. */
import {
  dropImages,
  findAlbum,
  mergeAlbums,
  moveImages,
  pinImages,
  renameAlbum,
  splitAlbum,
  type Edit,
} from "../core/album-edits.ts";
import { trustOfAll, UNSORTED, type Album } from "../core/albums.ts";
import { makeAlbum, UNNAMED, type ImageVectors } from "../core/make-albums.ts";
import type { Plan } from "../core/plan/plan.ts";
import { countSteps, renderPlan, type PlanCounts } from "../core/plan/render.ts";
import type { KeptReason, PlaceMode, Step } from "../core/plan/steps.ts";
import { rowOf } from "../core/vectors.ts";
import { redactUrl } from "../core/url-secrets.ts";
import { AlbumenError, isAlbumenError } from "../errors.ts";
import { spaceKey, type Space } from "../ports/embedder.ts";
import type { ImageSource } from "../ports/image-source.ts";
import type { Erasure, FailureRow, HistoryEvent, Page } from "../ports/store.ts";
import { applyPlan, recover, type ApplyResult, type Workplace } from "./apply.ts";
import type { CatalogParts, OpenEncoder } from "./catalog-parts.ts";
import { describeAlbums } from "./describe.ts";
import { listDuplicates, type DuplicateSet } from "./duplicates.ts";
import {
  closeForgetting,
  eraseTraces,
  everything,
  noteForgetting,
  tracesOf,
  unfinishedForgetting,
  whatToForget,
  type ForgetReport,
} from "./forget.ts";
import { callOf, quietCall } from "./events.ts";
import { checkPublishable, unpublishExports } from "./export.ts";
import { addToAlbums, measureTrust, partsOf, regroup, type Grouped, type GroupingSettings } from "./group.ts";
import { ingest, type IngestCounts, type IngestOptions } from "./ingest.ts";
import { leadersOf } from "./leaders.ts";
import { failedSource } from "./retry.ts";
import { plannableImages, planOutput } from "./plan.ts";
import { isPublished, publish, publishedPlaces } from "./publish.ts";
import { createReceipt, GROUPING_REPORT, type Receipt, type RunSummary } from "./receipt.ts";
import { createAlbumHistory } from "./album-history.ts";
import { createLookup, type Hit } from "./lookup.ts";
import { dropUserFolder, handOn, visitUsers, type Share, type UserCatalog } from "./per-user.ts";
import { nearestImages, readWords, type Understood } from "./search.ts";
import { undoLast } from "./undo.ts";

/** A plan as `Catalog.plan` shows it. */
export interface ShownPlan {
  /** for people */
  readonly text: string;
  readonly steps: readonly Step[];
  readonly counts: PlanCounts;
}

/** What a catalog holds; numbers count rows. */
export interface CatalogStatus {
  readonly out: string;
  readonly model: string | null;
  readonly images: number;
  readonly locations: number;
  readonly failures: number;
  readonly albums: number;
  readonly unsorted: number;
  /** mean trust over the images in albums, in [0, 1]; null where none is known */
  readonly trust: number | null;
  readonly pinned: number;
  readonly lastRun: string | null;
}

/**
 * A catalog and its output folder. Methods that change something first finish what a killed run left behind.
 * An album is meant by its id, its name, or the start of either; an image by its path or the start of its SHA-256.
 */
export interface Catalog {
  /** Takes the sources in and makes albums of everything; existing albums keep their ids. */
  organize(sources: readonly string[], options?: { readonly zip?: string }): Promise<RunSummary>;
  /** New images join their album or open new ones; nothing else changes. */
  add(sources: readonly string[]): Promise<RunSummary>;
  /** Groups everything anew; ids, user names and pins stay. */
  reorganize(): Promise<RunSummary>;
  /** What `apply` would do; with sources, they are taken in first, but no file is touched. */
  plan(sources?: readonly string[]): Promise<ShownPlan>;
  /** Makes the output as the albums say. */
  apply(): Promise<RunSummary>;
  /** Takes the last applies back: files and albums. */
  undo(times?: number): Promise<RunSummary>;
  rename(album: string, name: string): Promise<RunSummary>;
  merge(albums: readonly string[]): Promise<RunSummary>;
  /** `into`: number of parts; null: found by itself. */
  split(album: string, into?: number | null): Promise<RunSummary>;
  move(images: readonly string[], album: string): Promise<RunSummary>;
  /** Images, or all images of an album. */
  pin(what: readonly string[], isPinned?: boolean): Promise<RunSummary>;
  albums(): Promise<Album[]>;
  /** Newest first. */
  history(limit?: number): Promise<HistoryEvent[]>;
  search(words: string, limit?: number): Promise<{ readonly hits: Hit[]; readonly understood: Understood }>;
  /** A file anywhere, or an image of the catalog. */
  similar(image: string, limit?: number): Promise<Hit[]>;
  /** Pictures that are there more than once: equal bytes, copies of one picture, shots of one moment. */
  duplicates(): Promise<{ readonly sets: DuplicateSet[]; readonly unseen: number }>;
  /**
   * Removes every trace of an image (path or hash) or of a user (id) and looks for what may be left. Your own files are not
   * touched; nothing can be undone afterwards. Errors: `NOT_FOUND`, `AMBIGUOUS`, `USAGE`, `CATALOG_CORRUPT` when a trace is left.
   */
  forget(imageOrUser: string): Promise<ForgetReport>;
  /** By their places; all of them, or a page. */
  failures(page?: Page): Promise<FailureRow[]>;
  retryFailures(): Promise<RunSummary>;
  status(): Promise<CatalogStatus>;
  close(): Promise<void>;
}

/** Settings that change which albums come out, or their names: when one of them or the encoder changes, everything is grouped anew. */
const GROUPING_KEYS = [
  "albums",
  "clusterer",
  "granularity",
  "minAlbumSize",
  "maxAlbums",
  "singletons",
  "depth",
  "seed",
  "user",
  "keepLocation", // a name may tell a place
] as const;

/** A person splits into a number of parts or into what there is: this one can do both. */
const SPLITTER = "ward+kmeans";

/** "1" while the exports tell of the catalog as it is. */
const SHOWN = "shown";

export function createCatalog(parts: CatalogParts): Catalog & UserCatalog {
  const { store, journal, output, settings, watch, now } = parts;

  const albumHistory = createAlbumHistory(store, journal, now);
  const lookup = createLookup(parts);
  const workplace: Workplace = { output, journal, restoreState: albumHistory.restore };

  const clusterer = () => parts.clusterer(settings.clusterer);
  const terms = {
    albums: settings.albums,
    granularity: settings.granularity,
    minAlbumSize: settings.minAlbumSize,
    maxAlbums: settings.maxAlbums,
    seed: settings.seed,
    singletons: settings.singletons,
    depth: settings.depth,
  };
  const groupingSettings = ({ embedder }: OpenEncoder): GroupingSettings => ({
    ...terms,
    unrelated: embedder.unrelated,
  });
  const groupingKey = (space: string): string =>
    JSON.stringify([...GROUPING_KEYS.map((key) => settings[key]), space]);

  /** Whether the exports told of the catalog as it was when this command began. */
  let wasShown = false;
  /** What this command finished forgetting for one that died. */
  let forgotten: ForgetReport | null = null;

  /**
   * Finishes what a dead process left, and refuses to start where a foreign file stands in the way, or where images
   * would be looked at only to find that they cannot be grouped or named as told. Returns what was finished; null when nothing
   * was.
   */
  async function prepare(
    options: { readonly zip?: string; readonly isGrouping?: boolean; readonly isNaming?: boolean } = {},
  ): Promise<ApplyResult | null> {
    const { zip, isGrouping = false, isNaming = isGrouping } = options;
    await parts.lock();
    if (isGrouping) (await clusterer()).check(terms);
    if (isNaming) parts.languageNamer?.check();
    await parts.rememberSettings();
    // Down until the exports are written: a run that dies in between leaves them behind the catalog.
    wasShown = (await store.meta(SHOWN)) === "1";
    await store.setMeta(SHOWN, "0");
    const recovered = await recover(workplace, callOf(watch, "apply"));
    if (recovered) watch.report({ kind: "notice", text: "Finished what an earlier run had begun." });
    const forgetting = await unfinishedForgetting(parts);
    if (forgetting) {
      watch.report({ kind: "notice", text: "Finishing what was to be forgotten." });
      forgotten = await carryOut(forgetting);
    }
    await checkPublishable(
      parts,
      [...publishedPlaces(settings), ...(zip === undefined ? [] : [parts.absolute(zip)])],
      watch.signal,
    );
    return recovered;
  }

  /** The images that this catalog organises now, with their vectors. */
  async function inScope(space: string): Promise<ImageVectors> {
    return store.vectors(space, settings.user);
  }

  /** The same, with what stands for bursts and copies: for those who make albums. */
  async function withLeaders(input: ImageVectors): Promise<ImageVectors> {
    return { ...input, leaders: leadersOf(input, await store.images(input.images)) };
  }

  async function planNow(albums: readonly Album[]): Promise<Plan> {
    const mode: PlaceMode = settings.as;
    const images = await plannableImages(parts, albums, mode);
    return planOutput(parts, { albums, images, mode, depth: settings.depth === 2 ? 2 : 1 }, watch.signal);
  }

  /** Albums → files, exports, gallery, receipt. */
  async function finish(run: Receipt, options: { readonly zip?: string } = {}): Promise<RunSummary> {
    const albums = await store.albums();
    const applied = await run.time("apply", async () => {
      const plan = await planNow(albums);
      if (plan.steps.length === 0 && plan.gone.length === 0) return null;
      return applyPlan(
        workplace,
        plan,
        { label: run.label, startedAt: run.startedAt, stateBefore: await albumHistory.stateBefore() },
        callOf(watch, "apply"),
      );
    });
    return conclude(run, applied, options);
  }

  async function conclude(
    run: Receipt,
    applied: ApplyResult | null,
    options: { readonly zip?: string } = {},
  ): Promise<RunSummary> {
    const receipt = await run.receipt(applied);
    // What tells about the output stays as it is while the output does.
    const isShown =
      run.isUnchanged &&
      applied === null &&
      options.zip === undefined &&
      wasShown &&
      (await isPublished(parts));
    // Back before the first apply there is nothing to tell about.
    const isEmpty = receipt.summary.albums === 0 && receipt.summary.unsorted === 0;
    if (isEmpty) await unpublishExports(parts, watch.signal);
    else if (!isShown) await run.time("gallery", () => publish(parts, receipt, options));
    await store.setMeta(SHOWN, "1");
    await store.saveRun({ command: run.label, startedAt: run.startedAt, receipt });
    const { summary } = receipt;
    return {
      ...summary,
      kept: applied?.kept.map(({ path, reason }) => `${path} (${KEPT_REASONS[reason]})`) ?? [],
      gallery: isEmpty ? null : parts.galleryPath,
      zip: options.zip ?? null,
      message: run.message,
    };
  }

  /** Takes sources in. Returns the counts; the encoder stays open for the caller. */
  async function takeIn(
    run: Receipt,
    source: ImageSource,
    encoder: OpenEncoder,
    options: Pick<IngestOptions, "retryFailed"> = {},
  ): Promise<IngestCounts> {
    const { thumbs, originals } = parts;
    const { refresh, keepPlaceholders } = settings;
    return run.time("embed", () =>
      ingest(
        { source, store, decoder: parts.decoder(), embedder: encoder.embedder, thumbs, originals, now },
        watch,
        { refresh, keepPlaceholders, ...options },
      ),
    );
  }

  /** Organize and add: of one catalog, or of one a user. */
  async function takeInSources(
    run: Receipt,
    sources: readonly string[],
    options: { readonly isAdd: boolean; readonly zip?: string },
  ): Promise<RunSummary> {
    const source = await parts.openSource(sources);
    const from = shown(sources).join(", ");
    if (!settings.perUser) {
      await takeInAndGroup(run, (encoder) => takeIn(run, source, encoder), { ...options, from });
      return finish(run, options);
    }
    if (options.zip !== undefined)
      throw new AlbumenError("USAGE", "--zip and --per-user do not go together.", {
        hint: "Write the archive of one user: albumen reorganize --catalog <user's folder>/.albumen, then zip the folder.",
      });
    return eachUser(run, {
      before: async (encoder) => {
        run.counts = await takeIn(run, source, encoder);
        if ((await store.counts()).places === 0) throw nothingToDo(from, run.counts);
      },
      visit: (catalog, share) => catalog.takeOver(share, run.label, options.isAdd),
    });
  }

  /** The same for every user's catalog; what they hold is added up. */
  async function eachUser(
    run: Receipt,
    work: {
      before?(encoder: OpenEncoder): Promise<void>;
      visit(catalog: UserCatalog, share: Share): Promise<RunSummary>;
    },
  ): Promise<RunSummary> {
    return usingEncoder(run, async (encoder) => {
      await work.before?.(encoder);
      const total = await run.time("users", () => visitUsers(parts, async () => encoder, work.visit));
      if (total.users === 0)
        throw new AlbumenError("SOURCE_EMPTY", "No image belongs to a user.", {
          hint: "A list names them in a column (--user-column); of a folder, --user says whose it is.",
        });
      const receipt = await run.receipt(null);
      await store.saveRun({ command: run.label, startedAt: run.startedAt, receipt });
      const { users, albums, unsorted, kept } = total;
      const message = `${users} ${users === 1 ? "user has" : "users have"} albums in a folder of their own in ${parts.out}.`;
      return { ...receipt.summary, albums, unsorted, kept, gallery: null, zip: null, message };
    });
  }

  /** The encoder for a run that may embed or describe: its space is the catalog's from now on. */
  async function usingEncoder<T>(run: Receipt, use: (encoder: OpenEncoder) => Promise<T>): Promise<T> {
    const encoder = await run.time("model", () => parts.openEncoder());
    try {
      await store.setMeta("space", JSON.stringify(encoder.embedder.space));
      return await use(encoder);
    } finally {
      await encoder.embedder.dispose();
    }
  }

  /** Key of the space that the catalog's vectors are of; null before the first. */
  async function rememberedSpace(): Promise<string | null> {
    const space = await store.meta("space");
    return space === null ? null : spaceKey(JSON.parse(space) as Space);
  }

  /** Names and describes what `group` made of the images, and saves it. */
  async function settle(
    run: Receipt,
    grouped: Grouped,
    input: ImageVectors,
    encoder: OpenEncoder,
  ): Promise<void> {
    if (grouped.report) {
      run.grouping = grouped.report;
      // With the albums, not at the end of the run: it may die in between.
      await store.setMeta(GROUPING_REPORT, JSON.stringify(grouped.report));
    }
    const trusted = await run.time("cluster", async () =>
      measureTrust(input, grouped.albums, await parts.matrix(), watch),
    );
    const albums = await describeAlbums(parts, trusted, input, encoder, run.time);
    const nameOf = new Map(albums.map((album) => [album.id, album.name.text]));
    await albumHistory.save(
      albums,
      grouped.events.map((event) =>
        event.kind === "born" ? { ...event, text: `"${nameOf.get(event.albumId)}" is ${event.text}` } : event,
      ),
    );
  }

  /**
   * The whole of organize and add but the files. `isAdd`: never group anew; `from`: the sources in the user's words.
   */
  async function takeInAndGroup(
    run: Receipt,
    intake: (encoder: OpenEncoder) => Promise<IngestCounts>,
    { from, isAdd }: { readonly from: string; readonly isAdd: boolean },
  ): Promise<void> {
    await usingEncoder(run, async (encoder) => {
      const counts = await intake(encoder);
      run.counts = counts;
      const space = spaceKey(encoder.embedder.space);
      const input = await inScope(space);
      if (input.images.length === 0) throw nothingToDo(from, counts);
      const old = await store.albums();
      const members = new Set(old.flatMap((album) => album.members.map((member) => member.image)));
      const fresh = input.images.flatMap((image, row) => (members.has(image) ? [] : [row]));
      const isRegrouping =
        old.length === 0 || (!isAdd && (await store.meta("grouping")) !== groupingKey(space));
      if (!isRegrouping && fresh.length === 0) {
        run.message = "Nothing is new.";
        run.isUnchanged = counts.looked === 0;
        return;
      }
      const grouped = await run.time("cluster", async () => {
        const led = await withLeaders(input);
        return isRegrouping
          ? regroup(led, old, groupingSettings(encoder), await clusterer(), watch)
          : addToAlbums(led, fresh, old, await parts.matrix(), watch);
      });
      await settle(run, grouped, input, encoder);
      if (isRegrouping) await store.setMeta("grouping", groupingKey(space));
    });
  }

  /** An edit by hand, then the files. */
  async function edit(
    label: string,
    change: (albums: readonly Album[]) => Promise<Edit> | Edit,
  ): Promise<RunSummary> {
    await prepare();
    const run = newRun(label);
    const { albums, events } = await change(await store.albums());
    await albumHistory.save(albums, events);
    run.message = events.map((event) => event.text).join("; ");
    return finish(run);
  }

  /** [Note: forgetting] What is written down as to be forgotten, forgotten, and looked for. */
  async function carryOut(what: Erasure): Promise<ForgetReport> {
    const space = await rememberedSpace();
    const traces = await tracesOf(parts, what, space);
    if (settings.perUser) {
      await visitUsers(parts, noEncoder, (catalog, { user }) =>
        catalog.forgetShare(user === what.user ? "everything" : what),
      );
      if (what.user !== null) await dropUserFolder(parts, what.user);
    }
    const summary = await forgetHere(what, newRun("forget"));
    await closeForgetting(parts);
    const { files, bytes, found } = await parts.scanForTraces(traces, watch.signal);
    if (found.length > 0)
      throw new AlbumenError("CATALOG_CORRUPT", `Something of it is left in ${found.join(", ")}.`, {
        hint: "Please report this. Deleting the catalog folder and organising again removes it for sure.",
      });
    return {
      images: what.images.length,
      places: what.sources.length,
      scannedFiles: files,
      scannedBytes: bytes,
      kept: summary.kept,
    };
  }

  async function forgetHere(what: Erasure, run: Receipt): Promise<RunSummary> {
    const { albums, events } = dropImages(await store.albums(), what.images);
    await albumHistory.save(albums, events);
    const summary = await finish(run);
    await eraseTraces(parts, what);
    return summary;
  }

  /** The vectors and an encoder of the same space, for a search. */
  async function withEncoder<T>(use: (encoder: OpenEncoder, input: ImageVectors) => Promise<T>): Promise<T> {
    const encoder = await parts.openEncoder();
    try {
      return await use(encoder, await inScope(spaceKey(encoder.embedder.space)));
    } finally {
      await encoder.embedder.dispose();
    }
  }

  const newRun = (label: string): Receipt => createReceipt(parts, label);

  return {
    async organize(sources, options = {}) {
      await prepare({ ...options, isGrouping: true });
      const run = newRun(`organize ${shown(sources).join(" ")}`);
      return takeInSources(run, sources, { ...options, isAdd: false });
    },
    async add(sources) {
      await prepare({ isNaming: true });
      const run = newRun(`add ${shown(sources).join(" ")}`);
      return takeInSources(run, sources, { isAdd: true });
    },
    async reorganize() {
      await prepare({ isGrouping: true });
      const run = newRun("reorganize");
      if (settings.perUser) return eachUser(run, { visit: (catalog) => catalog.reorganize() });
      await usingEncoder(run, async (encoder) => {
        const space = spaceKey(encoder.embedder.space);
        const input = await withLeaders(await inScope(space));
        const grouped = await run.time("cluster", async () =>
          regroup(input, await store.albums(), groupingSettings(encoder), await clusterer(), watch),
        );
        await settle(run, grouped, input, encoder);
        await store.setMeta("grouping", groupingKey(space));
      });
      return finish(run);
    },
    async plan(sources = []) {
      await prepare({ isGrouping: sources.length > 0 });
      if (settings.perUser)
        throw new AlbumenError("USAGE", "A plan is of one catalog, and here every user has one.", {
          hint: "Name a user's with --catalog <user's folder>/.albumen.",
        });
      if (sources.length > 0) {
        const run = newRun(`plan ${shown(sources).join(" ")}`);
        const source = await parts.openSource(sources);
        await takeInAndGroup(run, (encoder) => takeIn(run, source, encoder), {
          from: shown(sources).join(", "),
          isAdd: false,
        });
      }
      const plan = await planNow(await store.albums());
      return { text: renderPlan(plan), steps: plan.steps, counts: countSteps(plan.steps) };
    },
    async apply() {
      await prepare();
      return finish(newRun("apply"));
    },
    async undo(times = 1) {
      const recovered = await prepare();
      const run = newRun(`undo ${times}`);
      // One that was cut short is finished by now: who asks again does not mean one more.
      let last = recovered?.entry.kind === "undo" ? recovered : null;
      let done = last === null ? 0 : 1;
      try {
        for (; done < times; done++)
          last = await run.time("undo", () =>
            undoLast(workplace, { startedAt: now() }, callOf(watch, "undo")),
          );
      } catch (error) {
        // Asked for more than there is: what was taken back is told, and shown, all the same.
        if (done === 0 || !isAlbumenError(error) || error.code !== "UNDO_IMPOSSIBLE") throw error;
      }
      run.message =
        (done === 1 ? "Took back the last apply." : `Took back the last ${done} applies.`) +
        (done < times ? " There are no more." : "");
      return conclude(run, last);
    },

    rename: (album, name) =>
      edit(`rename ${album}`, (albums) => renameAlbum(albums, findAlbum(albums, album).id, name)),
    merge: (queries) =>
      edit(`merge ${queries.join(" ")}`, (albums) =>
        mergeAlbums(
          albums,
          queries.map((query) => findAlbum(albums, query).id),
        ),
      ),
    async split(query, into = null) {
      await prepare({ isNaming: true });
      const run = newRun(`split ${query}`);
      const albums = await store.albums();
      const album = findAlbum(albums, query);
      await usingEncoder(run, async (encoder) => {
        const input = await withLeaders(await inScope(spaceKey(encoder.embedder.space)));
        const groups = await run.time("cluster", async () =>
          partsOf(input, album, into, groupingSettings(encoder), await parts.clusterer(SPLITTER), watch),
        );
        const taken = new Set(albums.map((other) => other.id));
        const [kept, ...rest] = groups;
        const born = rest.map((rows) =>
          makeAlbum(input, rows, { id: null, name: UNNAMED, parentId: album.parentId }, new Set(), taken),
        );
        const change = splitAlbum(albums, album.id, new Set(kept!.map((row) => input.images[row]!)), born);
        await settle(
          run,
          { albums: [...change.albums], events: change.events, report: null },
          input,
          encoder,
        );
        run.message = change.events.map((event) => event.text).join("; ");
      });
      return finish(run);
    },
    move: (images, album) =>
      edit(`move to ${album}`, async (albums) =>
        moveImages(albums, await lookup.imagesMeant(images), findAlbum(albums, album).id),
      ),
    pin: (what, isPinned = true) =>
      edit(isPinned ? "pin" : "unpin", async (albums) => {
        const images: string[] = [];
        for (const query of what) {
          const album = albums.find((candidate) => lookup.isMeant(candidate, query));
          images.push(
            ...(album ? album.members.map((member) => member.image) : await lookup.imagesMeant([query])),
          );
        }
        return pinImages(albums, images, isPinned);
      }),

    albums: () => store.albums(),
    history: (limit = 50) => store.history(limit),
    search: (words, limit = 20) =>
      withEncoder(async (encoder, input) => {
        const query = await readWords(
          words,
          encoder.embedder,
          await encoder.embedder.concepts(),
          quietCall(watch),
        );
        const found = await nearestImages(query.vector, input, limit, await parts.matrix(), quietCall(watch));
        return { hits: await lookup.hitsOf(found), understood: query.understood };
      }),
    similar: (image, limit = 20) =>
      withEncoder(async (encoder, input) => {
        const known = await lookup.imagesMeant([image]).catch(() => null);
        const row = known ? input.images.indexOf(known[0]!) : -1;
        const vector =
          row >= 0 ? rowOf(input.vectors, row) : await lookup.vectorOfFile(image, encoder.embedder);
        const found = await nearestImages(vector, input, limit + 1, await parts.matrix(), quietCall(watch));
        return (await lookup.hitsOf(found.filter((hit) => hit.image !== known?.[0]))).slice(0, limit);
      }),
    async duplicates() {
      const space = await rememberedSpace();
      if (space === null) return { sets: [], unseen: 0 };
      const { images, vectors } = await inScope(space);
      const rows = await store.images(images);
      const albumOf = new Map(
        (await store.albums()).flatMap(({ id, members }) => members.map(({ image }) => [image, id] as const)),
      );
      return listDuplicates(
        {
          rows: images.map((image) => rows.get(image)!),
          vectors,
          albumOf: (image) => albumOf.get(image) ?? null,
          thumbs: parts.thumbs,
          decoder: parts.decoder(),
          matrix: await parts.matrix(),
        },
        store,
        watch,
      );
    },
    failures: (page = { after: null, limit: Number.MAX_SAFE_INTEGER }) => store.failures(page),
    async retryFailures() {
      await prepare({ isNaming: true });
      const run = newRun("failures --retry");
      if ((await store.counts()).failures === 0) {
        run.message = "There are no failures to retry.";
        return finish(run);
      }
      const source = await failedSource(parts);
      const intake = (encoder: OpenEncoder) => takeIn(run, source, encoder, { retryFailed: true });
      if (settings.perUser)
        return eachUser(run, {
          before: async (encoder) => void (run.counts = await intake(encoder)),
          visit: (catalog, share) => catalog.takeOver(share, run.label, true),
        });
      await takeInAndGroup(run, intake, { from: "the failures", isAdd: true });
      return finish(run);
    },
    async status() {
      const [counts, albums, space, lastRun] = await Promise.all([
        store.counts(),
        store.albums(),
        rememberedSpace(),
        store.lastRun(),
      ]);
      const members = albums.flatMap((album) => album.members);
      return {
        out: parts.out,
        model: space,
        images: counts.images,
        locations: counts.places,
        failures: counts.failures,
        albums: albums.filter((album) => album.id !== UNSORTED).length,
        unsorted: albums.find((album) => album.id === UNSORTED)?.members.length ?? 0,
        trust: trustOfAll(albums),
        pinned: members.filter((member) => member.isPinned).length,
        lastRun: lastRun && `${lastRun.command} (${lastRun.startedAt})`,
      };
    },
    async takeOver(share, label, isAdd) {
      await prepare({ isGrouping: !isAdd, isNaming: true });
      const run = newRun(label);
      await takeInAndGroup(run, ({ embedder }) => handOn(share, parts, spaceKey(embedder.space), watch), {
        from: share.user,
        isAdd,
      });
      return finish(run);
    },
    async forget(imageOrUser) {
      await prepare();
      const what = await whatToForget(parts, lookup, imageOrUser).catch((error: unknown) => {
        // Asked again after a kill: it has just been done.
        if (forgotten !== null && isAlbumenError(error) && error.code === "NOT_FOUND") return null;
        throw error;
      });
      if (what === null) return forgotten!;
      await noteForgetting(parts, what);
      return carryOut(what);
    },
    async forgetShare(share) {
      await prepare();
      const summary = await forgetHere(
        share === "everything" ? await everything(parts) : share,
        newRun("forget"),
      );
      await closeForgetting(parts);
      return summary;
    },
    close: () => parts.close(),
  };
}

const KEPT_REASONS: Record<KeptReason, string> = {
  changed: "it was changed since",
  gone: "it is not there any more",
  occupied: "something else stands where it would go",
  "last-copy": "its original is gone, so this is the last copy",
  "not-empty": "other files are in it",
};

/** Sources may be URLs with secrets in them; labels and messages are kept and shown. */
function shown(sources: readonly string[]): string[] {
  return sources.map(redactUrl);
}

/** For what visits users without looking at an image. */
async function noEncoder(): Promise<never> {
  throw new AlbumenError("INTERNAL", "An encoder was asked for where none is needed.");
}

function nothingToDo(where: string, counts: IngestCounts): AlbumenError {
  if (counts.failed > 0)
    return new AlbumenError("SOURCE_EMPTY", `No file in ${where} could be used (${counts.failed} failed).`, {
      hint: "albumen failures tells why, file by file.",
    });
  const skipped =
    counts.skipped > 0 ? ` (${counts.skipped} other ${counts.skipped === 1 ? "file" : "files"})` : "";
  return new AlbumenError("SOURCE_EMPTY", `There are no images in ${where}${skipped}.`, {
    hint: "Albumen reads JPEG, PNG, WebP, AVIF, GIF, TIFF, HEIC, BMP and SVG.",
  });
}
