/** The sender of a request: the client as the limits identify it, and a signal that aborts when it disconnects. */
export type Requester = { client: string; gone: AbortSignal }

/** As `Requester`, where it may not matter whether the client disconnects. */
type Waiting = Pick<Requester, 'client'> & Partial<Requester>

type Options = {
  concurrency: number
  maxWaitingPerClient: number
  /** What waits for what, for a refusal: 'claims wait for their signatures to be checked'. */
  waiting: string
  /** The error for a client of which too many tasks wait. It may ask again in so many seconds. */
  refuseFull: (detail: string, seconds: number) => Error
  /** The error for a task whose client has disconnected. */
  refuseGone: (detail: string) => Error
}

/** After how many seconds a client whose tasks fill its share of the lane may ask again. */
const RETRY_AFTER_SECONDS = 1

/**
 * Runs tasks a few at a time, the clients taking turns: a client that asks for many delays its own, and each other
 * client’s by one at most.
 */
export function createFairLane({ concurrency, maxWaitingPerClient, waiting: what, refuseFull, refuseGone }: Options) {
  /** What starts each waiting task, by client. */
  const waiting = new Map<string, (() => void)[]>()
  let running = 0

  const disconnected = () => refuseGone('The client has disconnected.')

  function startNext() {
    const [first] = waiting
    if (!first || running >= concurrency) return
    const [client, tasks] = first
    const start = tasks.shift()
    // The client goes behind the others.
    waiting.delete(client)
    if (tasks.length > 0) waiting.set(client, tasks)
    running++
    start?.()
  }

  function waitForSlot(client: string, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const tasks = waiting.get(client) ?? []
    if (tasks.length >= maxWaitingPerClient) {
      throw refuseFull(`${tasks.length} ${what}, all of ${client}.`, RETRY_AFTER_SECONDS)
    }
    tasks.push(resolve)
    waiting.set(client, tasks)
    const leave = () => {
      const place = tasks.indexOf(resolve)
      if (place < 0) return
      tasks.splice(place, 1)
      if (tasks.length === 0) waiting.delete(client)
      reject(disconnected())
    }
    signal?.addEventListener('abort', leave, { once: true })
    startNext()
    return promise.finally(() => signal?.removeEventListener('abort', leave))
  }

  /**
   * @param requester takes the task out of the lane if it disconnects before the task has started.
   * @throws the error of `refuseFull` if too many tasks of the client wait; that of `refuseGone` if it disconnects.
   */
  return async function run<T>({ client, gone }: Waiting, work: () => Promise<T>): Promise<T> {
    if (gone?.aborted) throw disconnected()
    await waitForSlot(client, gone)
    try {
      return await work()
    } finally {
      running--
      startNext()
    }
  }
}
