/**
 * The newest runs with their total, beside plain Ponder: what a team without Runline would use. Both have the same runs, and no
 * indexer runs. What other peers took when they were last measured is in docs/benchmarks.md.
 */
import { connect } from '../../ops/database/connect.ts'
import { tablesSchema } from '../../test/support/indexedTables.ts'
import { startMarketOnAnvil } from '../../test/support/marketOnAnvil.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { compare } from './load.ts'
import { PLAIN_SCHEMA, startPonderApp } from './ponderApp.ts'
import { startReadsMarket } from './readsMarket.ts'
import { amount } from './workload.ts'

const RUNS = amount(200_000, 20_000)

const START_LIMIT_MS = 60_000

export async function measure() {
  await using parts = new AsyncDisposableStack()
  const postgres = await startPostgres({ settings: { shared_buffers: '1GB', max_wal_size: '8GB' } })
  parts.defer(postgres.stop)
  const chain = await startMarketOnAnvil()
  parts.defer(chain.stop)
  console.log(`  loading ${RUNS} runs`)
  const market = await startReadsMarket(postgres, RUNS)
  parts.defer(market.stop)
  const { databaseUrl } = market
  const indexer = await startPonderApp({ command: 'start', databaseUrl, chain })
  await indexer.part.saw(/"endpoint":"\/ready"/, START_LIMIT_MS).finally(indexer.part.stop)
  await fill(databaseUrl)
  const plain = await startPonderApp({ command: 'serve', databaseUrl, chain })
  parts.defer(plain.part.stop)
  await plain.part.saw(/Created HTTP server/, START_LIMIT_MS)
  const ours = { url: market.api.url, path: (n: number) => `/api/runs?minBlock=${n}` }
  const rates = await compare('the newest list', ours, { url: plain.url, path: () => '/runs' })
  return {
    measurements: [
      { figure: `the newest of ${RUNS} runs with their total`, unit: 'rps', ...rates, goal: { ratioAtLeast: 4 } },
    ],
  }
}

/** Gives plain Ponder the runs of the market. It has addresses in lower case. */
async function fill(databaseUrl: string) {
  const columns = ['bounty_id', 'ipfs_hash', 'reward', 'deadline', 'state', 'claimed_by', 'stake', 'deliverable_hash']
  const same = [...columns, 'claimed_at', 'submitted_at', 'created_at']
  await using client = await connect(databaseUrl)
  // Without triggers that record what a reorg must revert: these runs belong to no block.
  await client.query('SET session_replication_role = replica')
  await client.query(`INSERT INTO ${PLAIN_SCHEMA}.run (${same}, poster_address, claimed_by_wallet)
    SELECT ${same}, lower(poster_address), lower(claimed_by_wallet) FROM ${tablesSchema}.run`)
  await client.query(`VACUUM ANALYZE ${PLAIN_SCHEMA}.run`)
}
