import { setTimeout as sleep } from 'node:timers/promises'
import { request } from './api.ts'

/** Milliseconds between two questions. */
const PAUSE = 50

/** A time in which reads were refused: from when the first of them was asked until one was answered. */
export type Window = {
  milliseconds: number
  /** How often `/readyz`, asked meanwhile, said that the API is not ready, and that it is. */
  notReady: number
  ready: number
}

/** `status` is undefined if the API could not be reached, which is nothing that it says of the index. */
type Seen = { askedAt: number; answeredAt: number; status: number | undefined }

/** Reads a list and asks `/readyz`, each again as soon as it is answered, until it is stopped. */
export function watchAvailability(url: string) {
  let isStopping = false

  const [reads, readiness]: [Seen[], Seen[]] = [[], []]

  async function poll(path: string, seen: Seen[]) {
    for (; !isStopping; await sleep(PAUSE)) {
      const askedAt = performance.now()
      const status = await request({ url }, path).then(
        (answer) => answer.status,
        () => undefined,
      )
      seen.push({ askedAt, status, answeredAt: performance.now() })
    }
  }

  const polls = Promise.all([poll('/api/runs?limit=1', reads), poll('/readyz', readiness)])

  return {
    windows: () => windowsOf(reads, readiness),
    async stop() {
      isStopping = true
      await polls
    },
  }
}

function windowsOf(reads: Seen[], readiness: Seen[]): Window[] {
  const windows: Window[] = []
  let begin: number | undefined
  for (const { status, askedAt, answeredAt } of reads) {
    if (status === 503) begin ??= askedAt
    else if (status === 200 && begin !== undefined) {
      windows.push(windowOf(begin, answeredAt, readiness))
      begin = undefined
    }
  }
  return windows
}

function windowOf(begin: number, end: number, readiness: Seen[]): Window {
  const within = readiness.filter(({ askedAt, answeredAt }) => askedAt >= begin && answeredAt <= end)
  const count = (wanted: number) => within.filter(({ status }) => status === wanted).length
  return { milliseconds: end - begin, notReady: count(503), ready: count(200) }
}
