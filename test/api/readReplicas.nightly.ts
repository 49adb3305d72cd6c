import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../ponder.schema.ts'
import type { Api } from '../../tools/devnet/api.ts'
import { type Postgres, startPostgres } from '../../tools/devnet/postgres.ts'
import { type Standby, startStandby } from '../../tools/devnet/standby.ts'
import { startIndexApi } from '../support/indexApi.ts'
import { type IndexedDatabase, indexedDatabaseAt } from '../support/indexedTables.ts'
import { openRun, seedTime } from '../support/rows.ts'

/** The third replica gets each block so much later. */
const LATE_MS = 500
const BLOCK_INTERVAL_MS = 200

/** How often the API asks each replica for its block. */
const CHECK_INTERVAL_MS = 100

const MAX_OUTAGE_MS = 2_000
const RETRY_MS = 50

const parts = new AsyncDisposableStack()
let replicas: Standby[]
let urls: string[]
let index: IndexedDatabase
let api: Api
let head = 10n

beforeAll(async () => {
  const primary: Postgres = await startPostgres()
  parts.defer(primary.stop)
  const url = await primary.createDatabase()
  index = indexedDatabaseAt(url)
  parts.defer(index.close)
  await index.create()
  await index.db.insert(run).values(openRun(1n))
  await indexNext()
  replicas = []
  for (const settings of [{}, {}, { recovery_min_apply_delay: `${LATE_MS}ms` }] as Record<string, string>[]) {
    const replica = await startStandby(primary, settings)
    parts.defer(replica.stop)
    replicas.push(replica)
  }
  urls = replicas.map((replica) => replica.urlOf(url))
  api = await startIndexApi(url, { DATABASE_READ_URL: urls.join() })
  parts.defer(api.stop)
})

afterAll(() => parts.disposeAsync())

async function indexNext() {
  head++
  await index.moveTo({ number: head, timestamp: seedTime }, (tx) => tx.update(run).set({ reward: head }))
}

/** A read that no cache answers: within a block, the same list is seldom read twice. */
let asked = 0
async function read(minBlock?: bigint) {
  const response = await fetch(
    `${api.url}/api/runs?limit=${1 + (++asked % 100)}${minBlock ? `&minBlock=${minBlock}` : ''}`,
  )
  const { runs } = (await response.json()) as { runs: { reward: string }[] }
  return { status: response.status, block: Number(response.headers.get('X-Indexed-Block')), reward: runs?.[0]?.reward }
}

/** How many statements each replica has answered, as far as it has counted. */
async function answered(): Promise<number[]> {
  const metrics = await (await fetch(`${api.opsUrl}/metrics`)).text()
  return replicas.map((_, place) => {
    const [, count] =
      new RegExp(`^read_replica_queries_total{replica="${place + 1}: [^"]+"} (\\d+)$`, 'm').exec(metrics) ?? []
    return Number(count)
  })
}

const reasons = async () => {
  const response = await fetch(`${api.url}/readyz`)
  const body = (await response.json()) as { reasons: { code: string; affects: string }[] }
  return body.reasons.filter(({ code }) => code === 'REPLICA_LAGGING')
}

/** Makes blocks until the work is done. */
async function whileBlocksCome<Result>(work: () => Promise<Result>): Promise<Result> {
  const done = new AbortController()
  const blocks = (async () => {
    while (!done.signal.aborted) {
      await indexNext()
      await sleep(BLOCK_INTERVAL_MS)
    }
  })()
  try {
    return await work()
  } finally {
    done.abort()
    await blocks
  }
}

/**
 * Ten clients that read for so long. While a machine recovers a killed replica, the other one may be behind for a moment: then
 * a read answers 503, for less than `MAX_OUTAGE_MS`. @returns all other answers.
 */
async function readFor(milliseconds: number) {
  const end = performance.now() + milliseconds
  const clients = Array.from({ length: 10 }, async () => {
    const answers = []
    let seen = 0
    let answeredAt = performance.now()
    while (performance.now() < end) {
      const isAfterWrite = asked % 3 === 0
      const least = isAfterWrite ? head : BigInt(seen)
      const answer = await read(least)
      if (answer.status === 503) {
        expect(performance.now() - answeredAt).toBeLessThan(MAX_OUTAGE_MS)
        await sleep(RETRY_MS)
        continue
      }
      answeredAt = performance.now()
      expect(answer).toEqual({ status: 200, block: expect.any(Number), reward: String(answer.block) })
      expect(answer.block).toBeGreaterThanOrEqual(Number(least))
      seen = Math.max(seen, answer.block)
      answers.push(answer)
    }
    return answers
  })
  return (await Promise.all(clients)).flat()
}

it('reads go to the replicas that have the latest block', async () => {
  // All have it, while no block comes.
  const readsOfEach = async () => {
    await Promise.all(Array.from({ length: 30 }, () => read()))
    return Math.min(...(await answered()))
  }
  await expect.poll(readsOfEach).toBeGreaterThan(20)
  await whileBlocksCome(async () => {
    await sleep(2 * LATE_MS)
    const started = performance.now()
    const before = await answered()
    const answers = await readFor(3_000)
    const after = await answered()
    const checks = (performance.now() - started) / CHECK_INTERVAL_MS
    const [first = 0, second = 0, late = 0] = after.map((count, place) => count - (before[place] ?? 0))
    expect(answers.length).toBeGreaterThan(100)
    expect(Math.min(first, second)).toBeGreaterThan(0.2 * answers.length)
    expect(late).toBeLessThan(checks + 0.05 * (first + second))
    await expect.poll(reasons, { timeout: 10_000 }).toMatchObject([{ affects: 'nothing' }])
  })
})

// A busy machine may be slower.
it('a replica that is killed stops no client, and gets reads again once it runs', { retry: 1 }, async () => {
  await whileBlocksCome(async () => {
    const reading = readFor(6_000)
    await sleep(1_000)
    const restarted = replicas[0]?.crash()
    await reading
    await restarted
    const [before = 0] = await answered()
    const readsSince = async () => {
      await readFor(200)
      const [now = 0] = await answered()
      return now - before
    }
    await expect.poll(readsSince, { timeout: 30_000 }).toBeGreaterThan(20)
  })
})
