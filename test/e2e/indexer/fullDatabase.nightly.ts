// docs/operations.md, "PostgreSQL's connections": another application takes all of them.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { positionOf } from '../../../ops/builds/views.ts'
import { connect } from '../../../ops/database/connect.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { type Postgres, startPostgres } from '../../../tools/devnet/postgres.ts'
import { takeAllConnections } from '../../support/databaseFaults.ts'
import { type MarketOnAnvil, startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { poster, postRun } from './postRun.ts'
import { expectAllRows } from './supervisedIndexer.ts'

/** Longer than the 20 seconds that an indexer continues without an answer of PostgreSQL. */
const FULL_MS = 32_000

/** How old the latest block may get that readers see. Ponder repeats a query that got no connection. */
const LAG_LIMIT_MS = 5_000

let chain: MarketOnAnvil
let postgres: Postgres

beforeAll(async () => {
  ;[chain, postgres] = await Promise.all([
    startMarketOnAnvil(),
    startPostgres({ settings: { max_connections: '100' } }),
  ])
  await chain.fund(poster)
})

afterAll(async () => {
  await postgres?.stop()
  await chain?.stop()
})

test(`another application has all connections for ${FULL_MS / 1_000} s: the indexer runs, and follows the chain`, {
  timeout: 240_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await postgres.createDatabase()
  const indexer = await startIndexer({ ...chain, databaseUrl })
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
  await postRun(chain)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }))
  const reader = parts.use(await connect(databaseUrl))
  const ends: string[] = []
  indexer.part.ended.then((how) => ends.push(how))

  const taken = await takeAllConnections(postgres.url)
  parts.defer(taken.release)
  let longestMs = 0
  for (const end = performance.now() + FULL_MS; performance.now() < end; await sleep(500)) {
    const startedAt = performance.now()
    await postRun(chain)
    const latest = await chain.client.getBlockNumber({ cacheTime: 0 })
    for (;;) {
      const position = await positionOf(reader, 'runline')
      if (position?.isConsistent && position.block >= latest) break
      expect(ends).toEqual([])
      await sleep(50)
    }
    longestMs = Math.max(longestMs, performance.now() - startedAt)
  }
  console.log(`At most ${Math.round(longestMs)} ms from a post to its row`)
  expect(ends).toEqual([])
  expect(indexer.part.output()).toContain('PostgreSQL takes no new session')
  expect(longestMs).toBeLessThan(LAG_LIMIT_MS)
  await taken.release()
  await indexer.stop()
  await expectAllRows(chain, databaseUrl)
})

test('an indexer that starts while PostgreSQL has no free connection waits for one', { timeout: 120_000 }, async () => {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await postgres.createDatabase()
  const taken = await takeAllConnections(postgres.url)
  const waits = Promise.withResolvers<void>()
  const starting = startIndexer({
    ...chain,
    databaseUrl,
    onLine: (line) => line.includes('PostgreSQL does not accept connections') && waits.resolve(),
  })
  try {
    await Promise.race([waits.promise, starting])
  } finally {
    await taken.release()
  }
  const indexer = await starting
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
})

test('with reserved connections an indexer starts while another application has all others', {
  timeout: 120_000,
}, async () => {
  await using parts = new AsyncDisposableStack()
  const server = await startPostgres({ settings: { max_connections: '60', reserved_connections: '40' } })
  parts.defer(server.stop)
  const databaseUrl = await server.createDatabase()
  await using client = await connect(databaseUrl)
  await client.query(`
    CREATE ROLE runline LOGIN PASSWORD 'postgres';
    CREATE ROLE another LOGIN PASSWORD 'postgres';
    GRANT pg_use_reserved_connections TO runline;
    GRANT CREATE ON DATABASE ${new URL(databaseUrl).pathname.slice(1)} TO runline`)
  const taken = await takeAllConnections(urlAs('another', databaseUrl))
  parts.defer(taken.release)
  const indexer = await startIndexer({ ...chain, databaseUrl: urlAs('runline', databaseUrl) })
  parts.defer(indexer.stop)
  await indexer.part.saw(/Readers see this build/, 60_000)
})

function urlAs(role: string, databaseUrl: string): string {
  const url = new URL(databaseUrl)
  url.username = role
  return url.href
}
