import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { startApi } from '../devnet/api.ts'
import { startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { countRuns } from '../testkit/indexedTables.ts'
import { manyRuns } from '../testkit/manyRuns.ts'
import { waitForIndex } from '../testkit/waitForIndex.ts'
import { startBusyChain } from './busyChain.ts'
import { ponderListens, startPonderApp } from './ponderApp.ts'

/** Enough blocks that each request can name another `minBlock`: another URL misses the answer cache. */
export const blocksBefore = 1_000

/** The lowest id of the added runs, above any id on the chain. */
const firstAdded = 1_000_000_000

export type LargeMarket = Awaited<ReturnType<typeof startLargeMarket>>

/**
 * Starts a chain, the production indexer and API, and adds `runs` runs to the tables that the chain does not have. They
 * are inserted between two starts of the indexer, because a chain with a million runs takes hours to make.
 */
export async function startLargeMarket(postgres: Postgres, runs: number) {
  await using parts = new AsyncDisposableStack()
  const chain = await startBusyChain()
  parts.defer(chain.stop)
  // In parts, because Anvil needs some time for a block, and the client has a timeout.
  for (let mined = 0; mined < blocksBefore; mined += 50) await chain.client.mine({ blocks: 50 })
  const databaseUrl = await postgres.createDatabase()
  const { rpcUrl, deploymentsDirectory, deployment } = chain
  const connections = { databaseUrl, rpcUrl, deploymentsDirectory, chainId: deployment.chainId }
  const indexed = async () => waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 60_000)

  const first = await startIndexer(connections)
  parts.defer(first.stop)
  await indexed()
  await first.stop()
  await addRuns(databaseUrl, runs)
  const indexer = await startIndexer(connections)
  parts.defer(indexer.stop)
  await indexed()
  const api = await startApi(connections)
  parts.defer(api.stop)
  const kept = parts.move()
  return {
    chain,
    indexer,
    api,
    databaseUrl,
    indexed,
    /** Ponder's own API on the same tables. */
    async startGraphql() {
      const { url, part } = await startPonderApp({
        folder: 'bench/graphqlApi',
        command: 'serve',
        schema: 'runline',
        databaseUrl,
        chain,
      })
      await part.saw(ponderListens, 60_000)
      return { url, stop: part.stop }
    },
    stop: () => kept.disposeAsync(),
  }
}

/** Inserts runs and their bands into the tables behind the readers' views. The indexer must not run. */
async function addRuns(databaseUrl: string, runs: number) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const db = drizzle(client)
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_schema AS name FROM information_schema.view_table_usage WHERE view_schema = 'runline' AND view_name = 'run'`,
  )
  const schema = sql.identifier(rows[0]?.name ?? '')
  // Without the indexer's triggers, which record what a reorg must revert: these runs belong to no block.
  await db.execute(sql`SET session_replication_role = replica`)
  await db.execute(sql`SET search_path = pg_temp, ${schema}`)
  await db.execute(sql`CREATE TEMP TABLE run (LIKE ${schema}.run INCLUDING DEFAULTS)`)
  await db.execute(manyRuns(runs, BigInt(Math.floor(Date.now() / 1_000))))
  await db.execute(sql`UPDATE run SET bounty_id = bounty_id + ${firstAdded}::int8`)
  for (const statement of countRuns) await db.execute(statement)
  await db.execute(sql`INSERT INTO ${schema}.run SELECT * FROM pg_temp.run`)
  await db.execute(sql`DROP TABLE pg_temp.run`)
  await client.query('VACUUM ANALYZE')
  await client.end()
}
