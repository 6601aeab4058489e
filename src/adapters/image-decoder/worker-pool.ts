/** Threads that take one job each at a time. One that dies or hangs is replaced, and only its job is lost. */
import { setMaxListeners } from "node:events";
import { Worker, type MessagePort } from "node:worker_threads";
import { AlbumenError, cancelled, messageOf, throwIfAborted } from "../../errors.ts";

const TYPESCRIPT_STARTER = new URL("./typescript-worker.mjs", import.meta.url);

export interface WorkerPoolOptions {
  /** the worker's module; it calls `serveJobs`. A `.ts` file runs through tsx, which only a checkout has. */
  readonly url: URL;
  /** threads at most, >= 1; they start when there is work for them */
  readonly size: number;
  /** a job that takes longer loses its thread */
  readonly timeoutMs: number;
  readonly workerData: unknown;
}

/** Why a job got no answer, though it was not cancelled. */
export class WorkerLost extends Error {
  readonly kind: "crashed" | "timed-out";
  constructor(kind: WorkerLost["kind"], message: string) {
    super(message);
    this.name = "WorkerLost";
    this.kind = kind;
  }
}

export interface WorkerPool<Job, Answer> {
  readonly size: number;
  /**
   * Jobs start in the order they come. `transfer` moves buffers instead of copying them.
   * Errors: `WorkerLost` when the thread crashed or took too long, `ABORTED`, `INTERNAL` when threads cannot start here.
   */
  run(job: Job, transfer: readonly ArrayBuffer[], signal: AbortSignal): Promise<Answer>;
  /** Ends all threads; jobs under way and waiting fail with `ABORTED`. */
  dispose(): Promise<void>;
}

interface Task<Job, Answer> {
  readonly job: Job;
  readonly transfer: readonly ArrayBuffer[];
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Slot<Job, Answer> {
  readonly worker: Worker;
  isReady: boolean;
  task: Task<Job, Answer> | null;
  timer: NodeJS.Timeout | undefined;
}

type FromWorker<Answer> = { readonly kind: "ready" } | { readonly kind: "answer"; readonly answer: Answer };

export function createWorkerPool<Job, Answer>(options: WorkerPoolOptions): WorkerPool<Job, Answer> {
  const slots = new Set<Slot<Job, Answer>>();
  const queue: Task<Job, Answer>[] = [];
  let isDisposed = false;

  function startSlot(): Slot<Job, Answer> {
    const { url, workerData } = options;
    const worker = url.pathname.endsWith(".ts")
      ? new Worker(TYPESCRIPT_STARTER, { workerData, argv: [url.href] })
      : new Worker(url, { workerData });
    const slot: Slot<Job, Answer> = { worker, isReady: false, task: null, timer: undefined };
    worker.on("message", (message: FromWorker<Answer>) => {
      if (message.kind === "ready") slot.isReady = true;
      else settle(slot, (task) => task.resolve(message.answer));
    });
    worker.on("error", (error) => lose(slot, messageOf(error)));
    worker.on("exit", (code) => lose(slot, `exit code ${code}`));
    slots.add(slot);
    return slot;
  }

  function settle(slot: Slot<Job, Answer>, how: (task: Task<Job, Answer>) => void): void {
    clearTimeout(slot.timer);
    const { task } = slot;
    slot.task = null;
    slot.worker.unref(); // an idle thread keeps no process alive
    if (task) how(task);
    startWaiting();
  }

  /** Called once or twice for a thread that is gone: after `error` comes `exit`. */
  function lose(slot: Slot<Job, Answer>, reason: string): void {
    if (!slots.delete(slot)) return;
    const error = slot.isReady
      ? new WorkerLost("crashed", `The thread died: ${reason}.`)
      : new AlbumenError("INTERNAL", `A worker thread did not start: ${reason}.`, {
          hint: "Install Albumen again on this machine: npm ci.",
        });
    settle(slot, (task) => task.reject(error));
  }

  function expire(slot: Slot<Job, Answer>): void {
    slots.delete(slot);
    void slot.worker.terminate(); // not waited for: native code ends when it ends, a new thread takes over now
    settle(slot, (task) => task.reject(new WorkerLost("timed-out", `No answer in ${options.timeoutMs} ms.`)));
  }

  function startWaiting(): void {
    while (queue.length > 0) {
      let slot = [...slots].find((candidate) => candidate.task === null);
      if (!slot && slots.size < options.size) slot = startSlot();
      if (!slot) return;
      start(slot, queue.shift()!);
    }
  }

  function start(slot: Slot<Job, Answer>, task: Task<Job, Answer>): void {
    slot.task = task;
    slot.worker.ref();
    slot.timer = setTimeout(() => expire(slot), options.timeoutMs);
    slot.worker.postMessage(task.job, [...task.transfer]);
  }

  return {
    size: options.size,
    async run(job, transfer, signal) {
      throwIfAborted(signal);
      if (isDisposed) throw new AlbumenError("INTERNAL", "The worker pool was disposed.");
      return new Promise<Answer>((resolve, reject) => {
        const stopListening = () => signal.removeEventListener("abort", onAbort);
        const task: Task<Job, Answer> = {
          job,
          transfer,
          resolve: (answer) => (stopListening(), resolve(answer)),
          reject: (error) => (stopListening(), reject(error)),
        };
        // A job under way runs on, its answer unheard: it ends soon, and its thread is worth keeping.
        const onAbort = () => {
          const at = queue.indexOf(task);
          if (at >= 0) queue.splice(at, 1);
          task.reject(cancelled());
        };
        setMaxListeners(0, signal); // a batch of jobs on one signal is no leak
        signal.addEventListener("abort", onAbort, { once: true });
        queue.push(task);
        startWaiting();
      });
    },
    async dispose() {
      isDisposed = true;
      const gone = [...slots];
      slots.clear();
      for (const task of queue.splice(0)) task.reject(cancelled());
      for (const slot of gone) settle(slot, (task) => task.reject(cancelled()));
      await Promise.all(gone.map((slot) => slot.worker.terminate()));
    },
  };
}

/** The worker's side: answers each job, one at a time, for as long as the thread lives. */
export function serveJobs<Job, Answer>(
  port: MessagePort,
  work: (job: Job) => Promise<{ readonly answer: Answer; readonly transfer: readonly ArrayBuffer[] }>,
): void {
  port.on("message", async (job: Job) => {
    const { answer, transfer } = await work(job);
    port.postMessage({ kind: "answer", answer } satisfies FromWorker<Answer>, [...transfer]);
  });
  port.postMessage({ kind: "ready" } satisfies FromWorker<Answer>);
}
