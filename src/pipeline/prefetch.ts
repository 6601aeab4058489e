/** Bounded concurrency that keeps order. */

/**
 * Runs `work` on the items, at most `limit` at a time, and yields the results in the items' order,
 * so that what comes out does not depend on timing. Beside the result that the consumer holds, at most `limit` run or
 * wait: that bounds memory.
 */
export async function* prefetch<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  const iterator = items[Symbol.iterator]();
  const startOne = (): void => {
    const next = iterator.next();
    if (next.done) return;
    const result = work(next.value);
    // A later result may fail while an earlier one is awaited; it is reported when its turn comes.
    result.catch(() => {});
    running.push(result);
  };
  try {
    for (let i = 0; i < limit; i++) startOne();
    while (running.length > 0) {
      const result = await running.shift()!;
      startOne();
      yield result;
    }
  } finally {
    // The consumer may stop early: nothing that still runs may outlive it.
    await Promise.allSettled(running);
  }
}
