import { fork } from 'node:child_process'
import { once } from 'node:events'

export type LoadRequest = { method: 'GET' | 'POST'; path: string; headers: Record<string, string>; body?: string }

export type LoadOrder = {
  url: string
  /** Each is sent once. */
  requests: LoadRequest[]
  /** Keep-alive connections. Each sends its next request once its previous one is answered. */
  connections: number
  /** The load ends after this time, even if requests are unanswered. */
  seconds: number
}

/** How many answers had each HTTP status, such as "200 × 3, 429 × 5". */
export type LoadResult = { statuses: string }

/**
 * Starts a process that sends requests once `begin` is called. It shares the machine's cores with the server, but not
 * the bench's event loop, so it does not delay the bench's own requests.
 */
export async function startLoad(order: LoadOrder) {
  const child = fork(new URL('loadProcess.ts', import.meta.url), { execArgv: [] })
  const { promise: ended, resolve, reject } = Promise.withResolvers<LoadResult>()
  child.on('message', (message: LoadResult | 'ready') => message !== 'ready' && resolve(message))
  child.on('exit', (code) => reject(new Error(`The load ended without a result, with exit code ${code}`)))
  // A caller that awaits the result gets the error; without one, the error must not end the bench.
  ended.catch(() => undefined)
  child.send(order)
  await Promise.race([once(child, 'message'), ended])
  return {
    ended,
    begin: () => child.send('begin'),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}
