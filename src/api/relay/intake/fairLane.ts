import { rateLimited } from '../../http/clientLimits.ts'
import { unavailable } from '../chain/client.ts'

type Options = { concurrency: number; maxWaitingPerClient: number }

/** After how many seconds a client whose tasks fill its share of the lane may ask again. */
const RETRY_AFTER_SECONDS = 1

/**
 * Runs tasks a few at a time, the clients taking turns: a client that asks for many delays its own, and each other
 * client’s by one at most.
 */
export function createFairLane({ concurrency, maxWaitingPerClient }: Options) {
  /** What starts each waiting task, by client. */
  const waiting = new Map<string, (() => void)[]>()
  let running = 0

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
      const detail = `${tasks.length} claims of ${client} wait for their signatures to be checked.`
      throw rateLimited(detail, RETRY_AFTER_SECONDS)
    }
    tasks.push(resolve)
    waiting.set(client, tasks)
    const leave = () => {
      const place = tasks.indexOf(resolve)
      if (place < 0) return
      tasks.splice(place, 1)
      if (tasks.length === 0) waiting.delete(client)
      reject(unavailable('The client has disconnected.'))
    }
    signal.addEventListener('abort', leave, { once: true })
    startNext()
    return promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /**
   * @param signal takes the task out of the lane if it has not started.
   * @throws Problem RATE_LIMITED if too many tasks of the client wait; RELAY_UNAVAILABLE if the signal aborts.
   */
  return async function run<T>(client: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw unavailable('The client has disconnected.')
    await waitForSlot(client, signal)
    try {
      return await work()
    } finally {
      running--
      startNext()
    }
  }
}
