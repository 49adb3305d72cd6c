import { setTimeout as sleep } from 'node:timers/promises'
import { request } from './api.ts'

/** Milliseconds between two requests. */
const PAUSE = 50

/** The detail of a 503 where two reads in a row met a reorg's lock: the index itself may be consistent. */
const unreadable = 'The index cannot be read now.'

/** The longest time without an answer while processes are killed and the chain reorgs, on a machine with other work. */
export const MAX_OUTAGE_MS = 30_000

/** A period in which reads were refused: from the first refused request to the next answered one. */
export type Window = {
  milliseconds: number
  /** Whether the index was inconsistent or behind, rather than locked for a moment. */
  isRewound: boolean
  /** How often `/readyz` answered, within the period, that the API is not ready, and that it is. */
  notReady: number
  ready: number
}

/** How readers were served. */
export type Availability = {
  /** How many reads were sent, and how many of them were answered, rather than refused or lost with a killed process. */
  reads: number
  answered: number
  /** The longest time without an answered read. */
  longestOutageMs: number
  /** When it began, in seconds after the first read, and what the reads in it got, each with how long that took. */
  outage: string
}

/** `status` is undefined if the API could not be reached, which says nothing about the index. */
type Seen = { askedAt: number; answeredAt: number; status: number | undefined; detail?: unknown }

/** Polls a list and `/readyz` until it is stopped. */
export function watchAvailability(url: string) {
  let isStopping = false

  const reads: Seen[] = []
  const readiness: Seen[] = []

  async function poll(path: string, seen: Seen[]) {
    for (; !isStopping; await sleep(PAUSE)) {
      const askedAt = performance.now()
      const answer = await request({ url }, path).catch(() => undefined)
      seen.push({ askedAt, answeredAt: performance.now(), status: answer?.status, detail: answer?.body.detail })
    }
  }

  const polls = Promise.all([poll('/api/runs?limit=1', reads), poll('/readyz', readiness)])

  return {
    windows: () => windowsOf(reads, readiness),
    availability: () => availabilityOf(reads),
    async stop() {
      isStopping = true
      await polls
    },
  }
}

function windowsOf(reads: Seen[], readiness: Seen[]): Window[] {
  const windows: Window[] = []
  let refused: Seen[] = []
  for (const read of reads) {
    if (read.status === 503) refused.push(read)
    else if (read.status === 200) {
      if (refused[0]) windows.push(windowOf(refused[0].askedAt, read.answeredAt, refused, readiness))
      refused = []
    }
  }
  return windows
}

function availabilityOf(reads: Seen[]): Availability {
  let answered = 0
  let longestOutageMs = 0
  let outage: Seen[] = []
  let refused: Seen[] = []
  const begin = reads[0]?.askedAt ?? 0
  let lastAnswered = begin
  for (const read of reads) {
    const { status, answeredAt } = read
    refused.push(read)
    if (answeredAt - lastAnswered > longestOutageMs) {
      longestOutageMs = answeredAt - lastAnswered
      outage = [...refused]
    }
    if (status !== 200) continue
    answered += 1
    lastAnswered = answeredAt
    refused = []
  }
  return { reads: reads.length, answered, longestOutageMs, outage: describeOutage(outage, begin) }
}

function describeOutage(outage: Seen[], begin: number): string {
  const from = (((outage[0]?.askedAt ?? begin) - begin) / 1_000).toFixed(1)
  const kinds = new Map<string, { reads: number; longestMs: number }>()
  for (const { askedAt, answeredAt, status, detail } of outage) {
    const kind = `${status ?? 'unreachable'} ${detail ?? ''}`.trim()
    const { reads, longestMs } = kinds.get(kind) ?? { reads: 0, longestMs: 0 }
    kinds.set(kind, { reads: reads + 1, longestMs: Math.max(longestMs, answeredAt - askedAt) })
  }
  const listed = [...kinds].map(([kind, { reads, longestMs }]) => `${reads} × ${kind} (≤ ${Math.round(longestMs)} ms)`)
  return `from second ${from}: ${listed.join(', ')}`
}

function windowOf(begin: number, end: number, refused: Seen[], readiness: Seen[]): Window {
  const within = readiness.filter(({ askedAt, answeredAt }) => askedAt >= begin && answeredAt <= end)
  const count = (wanted: number) => within.filter(({ status }) => status === wanted).length
  return {
    milliseconds: end - begin,
    isRewound: refused.some(({ detail }) => detail !== unreadable),
    notReady: count(503),
    ready: count(200),
  }
}
