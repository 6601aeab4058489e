/** Bounded concurrency that keeps order. */

/**
 * Runs `work` on the items, at most `limit` at a time, and yields the results in the items' order,
 * so that what comes out does not depend on timing. Beside the result that the consumer holds or waits for, at most
 * `limit` run or wait: that bounds memory. A result does not wait for items that are slow to come.
 */
export async function* prefetch<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running = new Set<Promise<R>>();
  const started = async function* (): AsyncGenerator<{ readonly result: Promise<R> }> {
    for await (const item of items) {
      const result = work(item);
      running.add(result);
      const forget = (): void => void running.delete(result);
      // A later result may fail while an earlier one is awaited; it is reported when its turn comes.
      result.then(forget, forget);
      yield { result };
    }
  };
  try {
    for await (const { result } of lookAhead(started(), limit)) yield await result;
  } finally {
    // The consumer may stop early: nothing that still runs may outlive it.
    await Promise.allSettled(running);
  }
}

/** The items, taken from their source up to `limit` ahead of the consumer and as fast as it gives them. */
export async function* lookAhead<T>(items: AsyncIterable<T>, limit: number): AsyncGenerator<T> {
  const queue: T[] = [];
  const state = { isListed: false, isStopped: false };
  let wake = (): void => {};
  const change = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const listing = (async () => {
    for await (const item of items) {
      queue.push(item);
      wake();
      while (queue.length >= limit && !state.isStopped) await change();
      if (state.isStopped) return;
    }
  })().finally(() => {
    state.isListed = true;
    wake();
  });
  listing.catch(() => {}); // thrown below, once what came before it is used up
  try {
    for (;;) {
      const item = queue.shift();
      if (item !== undefined) {
        wake();
        yield item;
      } else if (state.isListed) return await listing;
      else await change();
    }
  } finally {
    state.isStopped = true;
    wake();
    await listing.catch(() => {});
  }
}
