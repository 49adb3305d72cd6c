import { setTimeout as sleep } from 'node:timers/promises'
import { servedBuild } from '../../ops/builds/views.ts'
import { connect } from '../../ops/database/connect.ts'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { mineHistory } from '../../test/support/mineHistory.ts'
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { startApi } from '../devnet/api.ts'
import { type IndexerOptions, startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { addRuns } from './addRuns.ts'
import { startBusyChain } from './busyChain.ts'
import { MANY_RUNS } from './workload.ts'

/** The time between blocks, as on Base. */
const BLOCK_MS = 200

/** A run is posted, claimed, submitted and approved in one of so many blocks: some two in a second. */
const BLOCKS_PER_LIFE = 2

/** Seconds of blocks before the first start: more than the minute of blocks that a restart replays. */
const HISTORY_SECONDS = 80

/** How long before now the chain begins, in seconds: its first blocks are at least a second apart. */
const AGE_SECONDS = 900

const INDEX_LIMIT_MS = 60_000

type Start = Pick<IndexerOptions, 'redeploy' | 'schema'> & { isNewBuild?: boolean }

export type RestartMarket = Awaited<ReturnType<typeof startRestartMarket>>

/**
 * Starts a market with a million runs besides the chain's: an API, and no indexer yet. A build and a new one have indexed
 * the chain, so that both get the runs that the chain does not have.
 */
export async function startRestartMarket(postgres: Postgres) {
  await using parts = new AsyncDisposableStack()
  const chain = await startBusyChain({ secondsAgo: AGE_SECONDS })
  parts.defer(chain.stop)
  const another = await temporaryDirectory()
  parts.defer(another.remove)
  // A build that starts at another block is another build.
  writeDeployment({ ...chain.deployment, startBlock: chain.deployment.startBlock - 1 }, another.path)
  await mineHistory(chain.client, { seconds: HISTORY_SECONDS, blockTime: BLOCK_MS / 1_000 })
  const databaseUrl = await postgres.createDatabase()

  const indexers = parts.use(new AsyncDisposableStack())

  async function start({ isNewBuild, ...options }: Start) {
    const directory = isNewBuild && { deploymentsDirectory: another.path }
    const indexer = await startIndexer({ ...chain, ...options, ...directory, databaseUrl })
    // Whatever fails, it ends with the market.
    indexers.defer(indexer.stop)
    return indexer
  }

  /** @returns the schema of the build's tables. */
  async function index(options: Start): Promise<string> {
    const indexer = await start(options)
    await using _stopped = { [Symbol.asyncDispose]: indexer.stop }
    await indexer.part.saw(/Readers see this build/, INDEX_LIMIT_MS)
    await using client = await connect(databaseUrl)
    const schema = await servedBuild(client, options.schema ?? 'runline')
    if (schema === undefined) throw new Error('The build has no tables')
    return schema
  }

  const schemas = [await index({}), await index({ isNewBuild: true, schema: 'new_build' })]
  console.log(`  adding ${MANY_RUNS} runs to each of two builds`)
  await addRuns(databaseUrl, schemas, MANY_RUNS)
  await using client = await connect(databaseUrl)
  await client.query('DROP SCHEMA new_build CASCADE')
  await client.query('VACUUM ANALYZE')
  // As PostgreSQL does every five minutes: otherwise its recovery from a crash would replay these inserts.
  await client.query('CHECKPOINT')
  const api = await startApi({ ...chain, databaseUrl })
  parts.defer(api.stop)
  let isOver = false
  const mining = (async () => {
    let blocks = 0
    for (let dueAt = performance.now(); !isOver; dueAt += BLOCK_MS) {
      await chain.mineLives(blocks++ % BLOCKS_PER_LIFE === 0 ? 1 : 0)
      await sleep(Math.max(0, dueAt + BLOCK_MS - performance.now()))
    }
  })()
  // `stop` throws it. Where an event fails first, its error is the one to report.
  mining.catch(() => undefined)
  const kept = parts.move()
  return {
    apiUrl: api.url,
    start,
    /** Waits until readers see a block that the chain does not have yet. */
    indexed: async () => waitForIndex(databaseUrl, (await chain.client.getBlockNumber()) + 1n, INDEX_LIMIT_MS),
    async stop() {
      isOver = true
      await mining
      await kept.disposeAsync()
    },
  }
}
