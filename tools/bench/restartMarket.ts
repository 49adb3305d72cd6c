import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { buildOf, siblingOf } from '../../ops/builds/builds.ts'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { mineHistory } from '../../test/support/mineHistory.ts'
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts'
import { waitForIndex } from '../../test/support/waitForIndex.ts'
import { startApi } from '../devnet/api.ts'
import { type IndexerOptions, startIndexer } from '../devnet/indexer.ts'
import type { Postgres } from '../devnet/postgres.ts'
import { addRuns, servedSchema } from './addRuns.ts'
import { startBusyChain } from './busyChain.ts'

/** The time between blocks, as on Base. */
const BLOCK_MS = 200

/** A run is posted, claimed, submitted and approved in one of so many blocks: some two in a second. */
const BLOCKS_PER_LIFE = 2

/** Seconds of blocks before the first start: more than the minute of blocks that a restart replays. */
const HISTORY_SECONDS = 80

/** How long before now the chain begins, in seconds: its first blocks are at least a second apart. */
const AGE_SECONDS = 900

type Start = Pick<IndexerOptions, 'redeploy' | 'standby' | 'replace' | 'schema'> & { isNewBuild?: boolean }

export type RestartChain = Awaited<ReturnType<typeof startRestartChain>>
export type RestartMarket = Awaited<ReturnType<typeof startRestartMarket>>

/**
 * Starts a chain and indexes it into a template of a database: by a build, by its standby, and by the standby of a new
 * build. So each may get runs that the chain does not have, before readers see it.
 */
export async function startRestartChain(postgres: Postgres) {
  await using parts = new AsyncDisposableStack()
  const chain = await startBusyChain({ secondsAgo: AGE_SECONDS })
  parts.defer(chain.stop)
  const another = await temporaryDirectory()
  parts.defer(another.remove)
  // It starts at another block.
  writeDeployment({ ...chain.deployment, startBlock: chain.deployment.startBlock - 1 }, another.path)
  await mineHistory(chain.client, { seconds: HISTORY_SECONDS, blockTime: BLOCK_MS / 1_000 })
  const template = await postgres.createDatabase()

  const start = (databaseUrl: string, { isNewBuild, ...options }: Start) =>
    startIndexer({ ...chain, ...options, ...(isNewBuild && { deploymentsDirectory: another.path }), databaseUrl })
  async function index(options: Start, line: RegExp) {
    const indexer = await start(template, options)
    await using _stopped = { [Symbol.asyncDispose]: indexer.stop }
    await indexer.part.saw(line, 60_000)
  }
  await Promise.all([
    index({}, /Readers see this build/),
    index({ isNewBuild: true, standby: true, schema: 'new_build' }, /Readers see this build/),
  ])
  await index({ standby: true }, /This indexer is ready to take over/)
  const build = await servedSchema(template)
  const newStandby = await servedSchema(template, 'new_build')
  await execute(template, 'DROP SCHEMA new_build CASCADE')
  const kept = parts.move()
  return {
    chain,
    start,
    template: new URL(template).pathname.slice(1),
    schemas: [build, siblingOf(build), newStandby],
    newBuild: buildOf(newStandby),
    stop: () => kept.disposeAsync(),
  }
}

/** Starts a market with `runs` runs besides the chain's: an API, and no indexer yet. The chain mines five blocks a second. */
export async function startRestartMarket(postgres: Postgres, { chain, start, ...indexed }: RestartChain, runs: number) {
  const databaseUrl = await postgres.createDatabase(`market_${runs}`, indexed.template)
  await addRuns(databaseUrl, indexed.schemas, runs)
  await execute(databaseUrl, 'VACUUM ANALYZE')
  // As PostgreSQL does every five minutes: otherwise its recovery from a crash would replay these inserts.
  await execute(databaseUrl, 'CHECKPOINT')
  const api = await startApi({ ...chain, databaseUrl })
  let isOver = false
  let blocks = 0
  const mining = (async () => {
    for (let dueAt = performance.now(); !isOver; dueAt += BLOCK_MS) {
      await chain.mineLives(blocks++ % BLOCKS_PER_LIFE === 0 ? 1 : 0)
      await sleep(Math.max(0, dueAt + BLOCK_MS - performance.now()))
    }
  })()
  // `stop` throws it. Where a leg fails first, its error is the one to report.
  mining.catch(() => undefined)
  return {
    api,
    newBuild: indexed.newBuild,
    /** Waits until readers see a block that the chain does not have yet. */
    indexed: async () => waitForIndex(databaseUrl, (await chain.client.getBlockNumber()) + 1n, 60_000),
    start: (options: Start) => start(databaseUrl, options),
    async stop() {
      isOver = true
      await mining
      await api.stop()
    },
  }
}

async function execute(databaseUrl: string, statement: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(statement)
  await client.end()
}
