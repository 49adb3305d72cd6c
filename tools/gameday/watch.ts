import { repeat } from '../../core/repeat.ts'
import { type Connection, connect } from '../../ops/database/connect.ts'
import type { MarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { longestOf, type Period, silencesOf } from './silences.ts'

/** Milliseconds between two reads, of each reader. */
const INTERVAL_MS = 100

/** A read or a question that takes longer counts as not answered. */
const TIMEOUT_MS = 5_000

/** A shorter time without an answer of PostgreSQL is that of a busy machine. */
const LEAST_DATABASE_SILENCE_MS = 1_000

/** An answered read: when, and how many milliseconds its block was behind the chain's latest. */
type Read = { at: number; lagMs: number }

type Watched = {
  client: Pick<MarketOnAnvil['client'], 'getBlockNumber'>
  /** The APIs, each with a reader of its own. */
  urls: readonly string[]
  /** A database of the same server whose sessions no fault ends. */
  postgresUrl: string
}

export type Watch = ReturnType<typeof watchMarket>

/** What readers met in a window. */
export type Served = {
  /** The longest time that readers of an API had no answer, without the time in which PostgreSQL had none either. */
  readersSilentMs: number
  /** The longest time without an answer of PostgreSQL; 0 if it always answered within a second. */
  databaseSilentMs: number
  /** The most that an answer was behind the chain. */
  lagMs: number
}

/** Reads each API continuously, and asks chain and PostgreSQL too, until it is stopped. */
export function watchMarket({ client, urls, postgresUrl }: Watched) {
  /** When each block was seen first, by its number. */
  const blockSeenAt: number[] = []
  const reads = urls.map((): Read[] => [])
  const databaseAnsweredAt: number[] = []
  let database: Connection | undefined

  async function readHead() {
    // The chain's node ends before this only where the whole process is interrupted.
    const latest = Number(await client.getBlockNumber({ cacheTime: 0 }).catch(() => -1))
    const first = blockSeenAt.length === 0 ? Math.max(0, latest) : blockSeenAt.length
    for (let block = first; block <= latest; block++) blockSeenAt[block] = performance.now()
  }

  function lagAt(block: number, at: number): number {
    const nextSeenAt = blockSeenAt[block + 1]
    return nextSeenAt === undefined ? 0 : Math.max(0, at - nextSeenAt)
  }

  async function readApi(url: string, answered: Read[]) {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = await fetch(`${url}/api/runs?state=OPEN&limit=5`, { signal })
      await answer.arrayBuffer()
      if (answer.status !== 200) return
      const at = performance.now()
      answered.push({ at, lagMs: lagAt(Number(answer.headers.get('X-Indexed-Block')), at) })
    } catch {
      // No answer is what it looks for.
    }
  }

  async function askDatabase() {
    try {
      database ??= await connect(postgresUrl, { query_timeout: TIMEOUT_MS })
      await database.query('SELECT')
      databaseAnsweredAt.push(performance.now())
    } catch {
      // No answer is what it looks for. The next question opens another connection.
      void database?.end().catch(() => undefined)
      database = undefined
    }
  }

  const stops = [
    repeat(INTERVAL_MS, readHead),
    repeat(INTERVAL_MS, askDatabase),
    ...urls.map((url, place) => repeat(INTERVAL_MS, () => readApi(url, reads[place] as Read[]))),
  ]
  return {
    served(window: Period): Served {
      const databaseSilences = silencesOf(databaseAnsweredAt, window).filter(
        ({ begin, end }) => end - begin >= LEAST_DATABASE_SILENCE_MS,
      )
      const silent = reads.map((answered) => longestOf(silencesOf(timesOf(answered), window), databaseSilences))
      const lags = reads.flat().filter(({ at }) => at >= window.begin && at < window.end)
      return {
        readersSilentMs: Math.max(...silent),
        databaseSilentMs: longestOf(databaseSilences),
        lagMs: Math.max(0, ...lags.map(({ lagMs }) => lagMs)),
      }
    },
    async stop() {
      for (const stop of stops) await stop()
      await database?.end()
    },
  }
}

const timesOf = (reads: readonly Read[]) => reads.map(({ at }) => at)
