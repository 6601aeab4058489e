/** Renders pipeline events: bars on a terminal, plain lines in a pipe, one JSON object a line, or nothing. */
import cliProgress from "cli-progress";
import pc from "picocolors";
import type { PipelineEvent, Report, Stage } from "../compose.ts";

export interface Reporter {
  readonly report: Report;
  /** Ends a bar that is still drawn, so that what follows starts on a line of its own. */
  stop(): void;
}

export interface ReporterOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** milliseconds; only differences count */
  readonly clock: () => number;
}

const STAGE_LABELS: Record<Stage, { readonly label: string; readonly unit: string }> = {
  model: { label: "Getting the model", unit: "MB" },
  list: { label: "Looking for images", unit: "images" },
  embed: { label: "Looking at images", unit: "images" },
  users: { label: "Organising users", unit: "users" },
  cluster: { label: "Grouping", unit: "steps" },
  caption: { label: "Describing", unit: "images" },
  name: { label: "Naming", unit: "albums" },
  apply: { label: "Making folders", unit: "files" },
  gallery: { label: "Making the gallery", unit: "images" },
  zip: { label: "Zipping", unit: "files" },
  undo: { label: "Undoing", unit: "files" },
  compare: { label: "Comparing", unit: "pairs" },
};

/** A plain line at most this often, and one when a stage ends. */
const PLAIN_INTERVAL_MS = 5000;

export function createReporter(options: ReporterOptions): Reporter {
  if (options.json) return jsonReporter(options);
  if (options.quiet) return { report: () => {}, stop: () => {} };
  return options.stderr.isTTY ? barReporter(options) : plainReporter(options);
}

function jsonReporter({ stdout }: ReporterOptions): Reporter {
  return {
    report: ({ kind, ...rest }) => stdout.write(`${JSON.stringify({ event: kind, ...rest })}\n`),
    stop: () => {},
  };
}

function plainReporter({ stderr, clock }: ReporterOptions): Reporter {
  const started = new Map<Stage, number>();
  let lastLine = 0;
  return {
    report(event) {
      if (event.kind !== "progress") return void stderr.write(`${sayPlainly(event)}\n`);
      const { stage, done, total } = event;
      const now = clock();
      if (!started.has(stage)) started.set(stage, now);
      const isEnd = total !== null && done >= total;
      if (!isEnd && now - lastLine < PLAIN_INTERVAL_MS) return;
      if (total === 0) return;
      lastLine = now;
      const { label, unit } = STAGE_LABELS[stage];
      const rate = rateAndEta(done, total, now - started.get(stage)!);
      stderr.write(`${label}: ${done}${total === null ? "" : `/${total}`} ${unit}${rate}\n`);
      if (isEnd) started.delete(stage);
    },
    stop: () => {},
  };
}

function barReporter({ stderr, clock }: ReporterOptions): Reporter {
  let bar: cliProgress.SingleBar | null = null;
  let barStage: Stage | null = null;
  let startedAt = 0;
  const stop = (): void => {
    bar?.stop();
    bar = null;
    barStage = null;
  };
  return {
    report(event) {
      if (event.kind !== "progress") {
        // A line in the middle of a bar would be drawn over: the bar is taken up again by the next progress.
        stop();
        stderr.write(`${event.kind === "failure" ? pc.yellow(sayPlainly(event)) : sayPlainly(event)}\n`);
        return;
      }
      const { stage, done, total } = event;
      if (total === 0) return;
      const { label, unit } = STAGE_LABELS[stage];
      if (barStage !== stage) {
        stop();
        barStage = stage;
        startedAt = clock();
        bar = new cliProgress.SingleBar(
          {
            stream: stderr as NodeJS.WriteStream,
            format: `${label.padEnd(20)} {bar} {value}/{total} ${unit}{rate}`,
            barCompleteChar: "█",
            barIncompleteChar: "░",
            barsize: 24,
            hideCursor: true,
            clearOnComplete: false,
            linewrap: false,
          },
          cliProgress.Presets.rect,
        );
        bar.start(total ?? done, done, { rate: "" });
      }
      if (total !== null) bar!.setTotal(total);
      bar!.update(done, { rate: rateAndEta(done, total, clock() - startedAt) });
      if (total !== null && done >= total) stop();
    },
    stop,
  };
}

/** `, 38 a second, 12 s left`; empty before anything can be said. */
export function rateAndEta(done: number, total: number | null, elapsedMs: number): string {
  if (done === 0 || elapsedMs < 500) return "";
  const perSecond = done / (elapsedMs / 1000);
  const rate = perSecond >= 10 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10;
  const left =
    total === null || done >= total ? "" : `, ${duration(((total - done) / perSecond) * 1000)} left`;
  return `, ${rate} a second${left}`;
}

/** `4 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function sayPlainly(event: Exclude<PipelineEvent, { kind: "progress" }>): string {
  return event.kind === "notice"
    ? event.text
    : `Could not use ${visible(event.source)}: ${event.reason} (${event.code})`;
}

/** File names may hold newlines and terminal escapes; a terminal must show them, not obey them. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}
