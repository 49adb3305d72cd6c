import { setTimeout as sleep } from 'node:timers/promises'
import DataLoader from 'dataloader'

/** A batch that runs longer than this does not count against `concurrency`, so that it cannot block the next. */
const SLOW_BATCH_TIMEOUT_MS = 100

/**
 * Creates a function that runs concurrent calls as one batch. While `concurrency` batches run, further calls wait and
 * form the next batch; otherwise a call runs at once. So a single call waits for no other, and under load the calls of
 * a batch share its cost. Every call is answered by a batch that started after it.
 * @param run gets the keys of a batch and returns an answer or an Error for each, in their order. If it throws, all
 * calls of the batch fail.
 * @param options.maxSize the most keys of a batch.
 * @param options.concurrency the most batches that run at once. One costs least; with two, this process can handle the
 * answers of one while the other runs.
 * @param options.slowAfterMs after how long a batch no longer counts against `concurrency`.
 * @param options.intervalMs how long a batch counts against `concurrency` at least, which bounds the batches of a second.
 */
export function createBatcher<Key, Answer>(
  run: (keys: readonly Key[]) => Promise<readonly (Answer | Error)[]>,
  {
    maxSize = 500,
    concurrency = 1,
    slowAfterMs = SLOW_BATCH_TIMEOUT_MS,
    intervalMs = 0,
  }: { maxSize?: number; concurrency?: number; slowAfterMs?: number; intervalMs?: number } = {},
) {
  const running = new Set<Promise<void>>()

  function start(keys: readonly Key[]) {
    const answers = run(keys)
    const pause = (milliseconds: number) => sleep(milliseconds, undefined, { ref: false })
    const ignore = () => undefined
    const ended = Promise.race([answers.then(ignore, ignore), pause(slowAfterMs)])
    const slot = intervalMs > 0 ? Promise.all([ended, pause(intervalMs)]).then(ignore) : ended
    running.add(slot)
    slot.then(() => running.delete(slot))
    return answers
  }

  const loader = new DataLoader(start, {
    cache: false,
    maxBatchSize: maxSize,
    // `setImmediate`, so that the batch includes every call of this turn of the event loop.
    batchScheduleFn(dispatch) {
      const freeSlot = running.size >= concurrency && Promise.race(running)
      Promise.resolve(freeSlot).then(() => setImmediate(dispatch))
    },
  })
  return (key: Key): Promise<Answer> => loader.load(key)
}

/** A batcher for a `run` that returns nothing. */
export const createVoidBatcher = <Key>(run: (keys: readonly Key[]) => Promise<unknown>) =>
  createBatcher(async (keys: readonly Key[]) => {
    await run(keys)
    return keys
  })
