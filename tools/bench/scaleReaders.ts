import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** One answer of a list. */
type Reading = {
  block: number
  /** All runs of the list, which has no filter. */
  total: number
  /** How long the index had had the next block when the answer came; 0 if it had not. */
  ageMs: number
}

/** What readers saw. */
export type Readings = {
  readings: Reading[]
  /** Answers of a block before the one that the request named as `minBlock`. */
  belowMinBlock: number
  /** How long a reader got nothing but errors, at most. */
  longestOutageMs: number
  errors: number
}

/** Records when the index has each block, by asking its primary every few milliseconds. */
export async function watchIndex(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const seenAt = new Map<number, number>()
  let isOver = false
  let latest = 0
  const watching = (async () => {
    for (; !isOver; await sleep(5)) {
      const { rows } = await client.query('SELECT number FROM runline.head')
      const block = Number(rows[0].number)
      // One that came between two looks counts as seen with the later one.
      for (let next = latest === 0 ? block : latest + 1; next <= block; next++) seenAt.set(next, performance.now())
      latest = Math.max(latest, block)
    }
  })()
  return {
    latest: () => latest,
    /** How long the index has had a later block than this one, in milliseconds. */
    ageOf: (block: number) => Math.max(0, performance.now() - (seenAt.get(block + 1) ?? Number.POSITIVE_INFINITY)),
    async stop() {
      isOver = true
      await watching
      await client.end()
    },
  }
}

type ReaderOptions = {
  url: string
  index: Awaited<ReturnType<typeof watchIndex>>
  /** The lists, by their limit. */
  lists: number
  /** Whether each request names the highest block that this reader has seen. */
  usesMinBlock: boolean
  intervalMs: number
  /** Ends the reader. */
  signal: AbortSignal
}

/** A client that asks for one list after the other, at an interval. */
export async function readLists({
  url,
  index,
  lists,
  usesMinBlock,
  intervalMs,
  signal,
}: ReaderOptions): Promise<Readings> {
  const found: Readings = { readings: [], belowMinBlock: 0, longestOutageMs: 0, errors: 0 }
  let seen = 0
  let failingSince: number | undefined
  for (let request = 0; !signal.aborted; request++) {
    const query = `limit=${1 + (request % lists)}${usesMinBlock && seen > 0 ? `&minBlock=${seen}` : ''}`
    const askedAt = performance.now()
    const answer = await readTotal(`${url}/api/runs?${query}`).catch(() => undefined)
    if (answer === undefined) {
      found.errors++
      failingSince ??= askedAt
    } else {
      if (failingSince !== undefined) {
        found.longestOutageMs = Math.max(found.longestOutageMs, performance.now() - failingSince)
        failingSince = undefined
      }
      if (usesMinBlock && answer.block < seen) found.belowMinBlock++
      seen = Math.max(seen, answer.block)
      found.readings.push({ ...answer, ageMs: index.ageOf(answer.block) })
    }
    await sleep(Math.max(0, intervalMs - (performance.now() - askedAt)))
  }
  return found
}

async function readTotal(url: string) {
  const response = await fetch(url)
  const { pagination } = (await response.json()) as { pagination: { total: number } }
  return { block: Number(response.headers.get('X-Indexed-Block')), total: pagination.total }
}
