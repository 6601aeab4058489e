import { afterEach, describe, expect, it } from "vitest";
import { createWorkerPool, type WorkerPool } from "./worker-pool.ts";

type Job =
  | { readonly kind: "answer"; readonly value: number; readonly ms?: number }
  | { readonly kind: "throw" | "exit" | "hang" };
interface Answer {
  readonly value: number;
  readonly threadId: number;
}

const url = new URL("../../../test/fixtures/flaky-worker.mjs", import.meta.url);
const { signal } = new AbortController();
const pools: WorkerPool<Job, Answer>[] = [];

function openPool(size: number, timeoutMs = 10_000, workerData: unknown = null): WorkerPool<Job, Answer> {
  const pool = createWorkerPool<Job, Answer>({ url, size, timeoutMs, workerData });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.dispose()));
});

const answer = (value: number, ms = 0): Job => ({ kind: "answer", value, ms });

describe("a worker pool", () => {
  it("answers every job, whatever their number and order of ending", async () => {
    const pool = openPool(3);
    const jobs = Array.from({ length: 20 }, (_, i) => pool.run(answer(i, i % 3), [], signal));
    expect((await Promise.all(jobs)).map(({ value }) => value)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  it("never runs more threads than it may, and uses them again", async () => {
    const pool = openPool(2);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => pool.run(answer(i, 5), [], signal)),
    );
    expect(new Set(answers.map(({ threadId }) => threadId)).size).toBe(2);
  });

  it.each(["throw", "exit"] as const)("loses only the job on which its thread dies (%s)", async (kind) => {
    const pool = openPool(1);
    const before = pool.run(answer(1), [], signal);
    const deadly = pool.run({ kind }, [], signal);
    const after = pool.run(answer(2), [], signal);
    await expect(deadly).rejects.toMatchObject({ name: "WorkerLost", kind: "crashed" });
    expect((await before).value).toBe(1);
    expect((await after).value).toBe(2);
  });

  it("replaces a thread that hangs, after the time limit", async () => {
    const pool = openPool(1, 1500);
    const hanging = pool.run({ kind: "hang" }, [], signal);
    const next = pool.run(answer(7), [], signal);
    await expect(hanging).rejects.toMatchObject({ name: "WorkerLost", kind: "timed-out" });
    expect((await next).value).toBe(7);
  });

  it("blames the installation, not the job, when threads cannot start", async () => {
    const pool = openPool(1, 10_000, "die at start");
    await expect(pool.run(answer(1), [], signal)).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("no binary for this machine"),
    });
  });

  it("drops a waiting job at once when it is cancelled, and keeps the others", async () => {
    const pool = openPool(1);
    const controller = new AbortController();
    const running = pool.run(answer(1, 100), [], signal);
    const waiting = pool.run(answer(2), [], controller.signal);
    const last = pool.run(answer(3), [], signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    expect((await running).value).toBe(1);
    expect((await last).value).toBe(3);
  });

  it("lets go of a running job when it is cancelled, and its thread goes on working", async () => {
    const pool = openPool(1);
    const first = await pool.run(answer(0), [], signal);
    const controller = new AbortController();
    const running = pool.run(answer(1, 100), [], controller.signal);
    const startedMs = performance.now();
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "ABORTED" });
    expect(performance.now() - startedMs).toBeLessThan(50);
    expect(await pool.run(answer(2), [], signal)).toEqual({ value: 2, threadId: first.threadId });
  });

  it("moves buffers instead of copying them", async () => {
    const pool = openPool(1);
    const bytes = new Uint8Array(1000);
    const job = { kind: "answer", value: 1, bytes } as const;
    await pool.run(job, [bytes.buffer], signal);
    expect(bytes.length).toBe(0);
  });

  it("fails what is under way when disposed, and takes no more", async () => {
    const pool = openPool(1);
    const jobs = [pool.run({ kind: "hang" }, [], signal), pool.run(answer(1), [], signal)];
    const failures = Promise.all(jobs.map((job) => expect(job).rejects.toMatchObject({ code: "ABORTED" })));
    await pool.dispose();
    await failures;
    await expect(pool.run(answer(2), [], signal)).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
