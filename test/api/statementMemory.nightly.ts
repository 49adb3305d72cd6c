import { drizzle } from 'drizzle-orm/node-postgres'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runSorts } from '../../ponder.schema.ts'
import { openReadPool } from '../../src/api/database/readPool.ts'
import { MAX_STATEMENTS } from '../../src/api/database/sharedConnections.ts'
import { IndexReader } from '../../src/api/queries/indexReader.ts'
import type { RunList } from '../../src/api/queries/runList.ts'
import { pageOfRuns } from '../../src/api/queries/runPages.ts'
import { manyBriefs } from '../support/manyBriefs.ts'
import { manyRuns } from '../support/manyRuns.ts'
import { seedTime, wallet } from '../support/rows.ts'
import { chainId, type IndexedDatabase, indexedDatabase, viewsSchema } from './indexedDatabase.ts'

/** What docs/operations.md#reads says that a connection may take in PostgreSQL. */
const MAX_MEGABYTES = 150

let index: IndexedDatabase
let pool: ReturnType<typeof openReadPool>

beforeAll(async () => {
  index = await indexedDatabase()
  await index.create(manyRuns(1_000))
  await index.db.execute(manyBriefs())
  await index.moveTo({ number: 10n, timestamp: seedTime })
  await index.pool.query('VACUUM ANALYZE')
  pool = openReadPool({ url: index.url, schema: viewsSchema, connections: 1, logger: pino({ level: 'silent' }) })
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await index?.close()
})

const orders = runSorts.flatMap((sort) => (['asc', 'desc'] as const).map((order) => ({ sort, order })))
const either = (filter: Partial<RunList>) => (list: RunList) => [list, { ...list, ...filter }]

const standings: Partial<RunList>[] = [
  {},
  { state: 'APPROVED' },
  { claimable: true },
  { claimable: false },
  { state: 'OPEN', claimable: false },
  { state: 'APPROVED', claimable: true },
]

const few = orders
  .flatMap((list) => standings.map((standing): RunList => ({ ...list, ...standing })))
  .flatMap(either({ minReward: 1_000_000n }))
  .flatMap(either({ poster: wallet }))

/** A list of each kind that has a statement of its own, and then of searches as many as a connection may keep. */
const lists = [
  ...few.flatMap(either({ evaluator: wallet })).flatMap(either({ claimedBy: 7n })),
  ...few.map((list) => ({ ...list, q: 'absent' })),
]

it('a connection that is asked for every kind of list keeps a bounded number of plans, and bytes', async () => {
  const reader = new IndexReader(drizzle(pool, { casing: 'snake_case' }), chainId, { clock: () => 0 })
  const pids = new Set<number>()
  let most = { statements: 0, megabytes: 0 }
  let asked = 0
  for (const list of lists) {
    for (const start of [{ offset: 0 }, { after: { value: 10n, bountyId: 10n } }]) {
      await reader.read(pageOfRuns(list, start, 20).query)
      asked++
      if (asked % 25 > 0) continue
      const { rows } = await pool.query<{ pid: number; statements: number; megabytes: number }>(`
        SELECT pg_backend_pid() AS pid, (SELECT count(*)::int FROM pg_prepared_statements) AS statements,
          (SELECT sum(total_bytes)::float8 / 1e6 FROM pg_backend_memory_contexts) AS megabytes`)
      const [now] = rows
      if (!now) throw new Error('PostgreSQL describes no memory')
      pids.add(now.pid)
      most = {
        statements: Math.max(most.statements, now.statements),
        megabytes: Math.max(most.megabytes, now.megabytes),
      }
    }
  }
  console.log({ asked, connections: pids.size, ...most })
  expect(asked).toBeGreaterThan(MAX_STATEMENTS)
  expect(pids.size).toBe(1)
  expect(most.statements).toBeLessThanOrEqual(MAX_STATEMENTS)
  expect(most.megabytes).toBeLessThan(MAX_MEGABYTES)
}, 120_000)
