import { rateLimited } from '../src/api/http/clientLimits.ts'
import { Problem, type ProblemCode } from '../src/api/http/errors.ts'

type Options = {
  concurrency: number
  maxWaitingPerClient: number
  /** What waits for what, for the problem's detail: 'claims wait for their signatures to be checked'. */
  waiting: string
  /** The code of the problem if the client disconnects. */
  goneCode: ProblemCode
}

/** After how many seconds a client whose tasks fill its share of the lane may ask again. */
const RETRY_AFTER_SECONDS = 1

/**
 * Runs tasks a few at a time, the clients taking turns: a client that asks for many delays its own, and each other
 * client’s by one at most.
 */
export function createFairLane({ concurrency, maxWaitingPerClient, waiting: what, goneCode }: Options) {
  /** What starts each waiting task, by client. */
  const waiting = new Map<string, (() => void)[]>()
  let running = 0

  const disconnected = () => new Problem(goneCode, 'The client has disconnected.')

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

  function waitForSlot(client: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const tasks = waiting.get(client) ?? []
    if (tasks.length >= maxWaitingPerClient) {
      throw rateLimited(`${tasks.length} ${what}, all of ${client}.`, RETRY_AFTER_SECONDS)
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
    signal.addEventListener('abort', leave, { once: true })
    startNext()
    return promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /**
   * @param signal takes the task out of the lane if it has not started.
   * @throws Problem RATE_LIMITED if too many tasks of the client wait; `goneCode` if the signal aborts.
   */
  return async function run<T>(client: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw disconnected()
    await waitForSlot(client, signal)
    try {
      return await work()
    } finally {
      running--
      startNext()
    }
  }
}
