import pg from 'pg'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { startApi } from '../devnet/api.ts'
import { startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { addRuns, servedSchema } from './addRuns.ts'
import { startBusyChain } from './busyChain.ts'
import { changeRuns, countsOf } from './livingTables.ts'
import { ponderListens, startPonderApp } from './ponderApp.ts'

/** Enough blocks that each request can name another `minBlock`: another URL misses the answer cache. */
export const blocksBefore = 1_000

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
  const connections = { ...chain, databaseUrl }
  const indexed = async () => waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 60_000)

  const first = await startIndexer(connections)
  parts.defer(first.stop)
  await indexed()
  await first.stop()
  const schema = await servedSchema(databaseUrl)
  await addRuns(databaseUrl, [schema], runs)
  await changeAddedRuns(databaseUrl, schema)
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
        folder: 'tools/bench/graphqlApi',
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

async function changeAddedRuns(databaseUrl: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    // Without the indexer's triggers, as `addRuns`.
    await client.query('SET session_replication_role = replica')
    await changeRuns(client, { table: `${schema}.run`, id: 'bounty_id', counts: countsOf(schema) })
  } finally {
    await client.end()
  }
}
