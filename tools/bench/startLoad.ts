import { fork } from 'node:child_process'
import { once } from 'node:events'

export type LoadRequest = { method: 'GET' | 'POST'; path: string; headers: Record<string, string>; body?: string }

export type LoadOrder = {
  url: string
  /** Keep-alive connections. Each sends its next request once its previous one is answered. */
  connections: number
  /** Connection `n` of `c` sends the requests `n`, `n + c`, …, and repeats them after the last. */
  requests: LoadRequest[]
  /** The load ends after this many requests, */
  most: number
  /** or after this many seconds. */
  seconds: number
}

/** What the load's process reports before its result. */
export type LoadMessage = 'ready' | 'begun'

export type LoadResult = {
  /** How many answers had each HTTP status. */
  statuses: Record<string, number>
  /** Broken connections, and requests without an answer. */
  errors: number
  /** From the first request to the last answer. */
  milliseconds: number
}

/**
 * Starts a process that sends requests once `begin` is called. It shares the machine's cores with the server, but not
 * the bench's event loop, so it does not delay the bench's own requests.
 */
export async function startLoad(order: LoadOrder) {
  const child = fork(new URL('loadProcess.ts', import.meta.url), { execArgv: [] })
  const { promise: ended, resolve, reject } = Promise.withResolvers<LoadResult>()
  let isOver = false
  child.on('message', (message: LoadMessage | LoadResult) => {
    if (typeof message !== 'object') return
    isOver = true
    resolve(message)
  })
  child.on('exit', (code) => reject(new Error(`The load ended without a result, with exit code ${code}`)))
  // A caller that awaits the result gets the error; without one, the error must not end the bench.
  ended.catch(() => {})

  child.send(order)
  await next('ready')
  return {
    pid: child.pid ?? 0,
    ended,
    isOver: () => isOver,

    /** Resolves once the connections are being opened. */
    async begin() {
      child.send('begin')
      await next('begun')
    },

    /** Ends the load. @returns its result. */
    async stop() {
      if (!isOver) child.send('stop')
      return ended
    },

    /** Ends the process. A CPU meter may read it until then. */
    [Symbol.dispose]() {
      child.kill('SIGKILL')
    },
  }

  async function next(expected: LoadMessage) {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(
        () => [],
        (error) => Promise.reject(error),
      ),
    ])
    if (message !== expected) throw new Error(`The load reports ${JSON.stringify(message)}, not ${expected}`)
  }
}

/** How many answers of all loads had each status, such as "401 × 7,500". */
export function statusesOf(loads: readonly LoadResult[]): string {
  const counts = new Map<string, number>()
  for (const { statuses, errors } of loads) {
    for (const [status, count] of [...Object.entries(statuses), ['no answer', errors] as const]) {
      if (count > 0) counts.set(status, (counts.get(status) ?? 0) + count)
    }
  }
  return [...counts].map(([status, count]) => `${status} × ${count.toLocaleString('en-US')}`).join(', ')
}
