import { setTimeout as sleep } from 'node:timers/promises'
import { buildOf, siblingOf } from '../../ops/builds/builds.ts'
import { positionOf, servedBuild } from '../../ops/builds/views.ts'
import { connect } from '../../ops/database/connect.ts'
import { createRoles } from '../../test/support/databaseRoles.ts'
import type { Agent } from '../../test/support/participants.ts'
import { startPublicChain } from '../../test/support/publicChain.ts'
import { mountSmallDisk } from '../../test/support/smallDisk.ts'
import { startPostgres } from '../devnet/postgres.ts'
import { prepareClaims } from './claims.ts'
import { type Host, type OnLine, startHost } from './host.ts'

/** As on Base. */
const BLOCK_SECONDS = 2

/** Of PostgreSQL's disk. A new server takes 50 MB, the market's tables and WAL another 100. */
const DISK_MEGABYTES = 400

/** As docs/scaling.md says: indexer, standby and two API processes, 10 for the operator, and a few for another application. */
const MAX_CONNECTIONS = 130

/** An index counts as current with so many blocks less than the chain. */
const NEAR_BLOCKS = 1

const POLL_MS = 200

/** How long a part may take to answer. */
const TIMEOUT_MS = 5_000

/** The default of DATABASE_SCHEMA. */
const SCHEMA = 'runline'

export type Market = Awaited<ReturnType<typeof startMarket>>

/**
 * Starts a market with the settings and the roles of production, on a chain with the id of Base Sepolia: PostgreSQL on a small
 * disk, and two hosts, each with an indexer and an API that relays claims. Both indexes have the chain's latest block.
 */
export async function startMarket(onLine: OnLine) {
  await using parts = new AsyncDisposableStack()
  const agents: Agent[] = []
  const chain = await startPublicChain({
    blockTime: BLOCK_SECONDS,
    prepare: async (prepared) => void agents.push(...(await prepareClaims(prepared))),
  })
  parts.defer(chain.stop)
  const disk = await mountSmallDisk(DISK_MEGABYTES)
  if (disk) parts.defer(disk.unmount)
  const postgresLog: string[] = []
  const postgres = await startPostgres({
    parent: disk?.path,
    // Without a slot that keeps it, WAL of more than 64 MB is reused.
    settings: { fsync: 'on', full_page_writes: 'on', max_connections: String(MAX_CONNECTIONS), max_wal_size: '64MB' },
    onLine(line) {
      postgresLog.push(line)
      onLine('postgres', line)
    },
  })
  parts.defer(postgres.stop)
  const databaseUrl = await postgres.createDatabase('runline')
  const urls = await createRoles(databaseUrl)

  const shared = { chain, urls, postgresPort: postgres.port, onLine }
  const first = await startHost({ ...shared, names: { indexer: 'indexer', api: 'API 1' }, isStandby: false })
  parts.defer(first.stop)
  const second = await startHost({ ...shared, names: { indexer: 'standby', api: 'API 2' }, isStandby: true })
  parts.defer(second.stop)
  const hosts = [first, second]

  /** What is not as it should be; undefined if every part works and both indexes are current. */
  async function findTrouble(): Promise<string | undefined> {
    for (const { names, indexer, api, url } of hosts) {
      if (!indexer.isRunning()) return `${names.indexer} is not running`
      if (!api.isRunning()) return `${names.api} is not running`
      const { status } = await fetch(`${url}/api/runs?limit=1`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
      if (status !== 200) return `${names.api} answers reads with ${status}`
    }
    await using client = await connect(databaseUrl, { query_timeout: TIMEOUT_MS })
    const served = await servedBuild(client, SCHEMA)
    if (served === undefined) return 'Readers see no index'
    const latest = Number(await chain.client.getBlockNumber({ cacheTime: 0 }))
    for (const schema of [served, siblingOf(served)]) {
      const position = await positionOf(client, schema)
      const isCurrent = position?.isConsistent && position.block >= latest - NEAR_BLOCKS
      if (!isCurrent) return `The index in schema ${schema} is at block ${position?.block}, the chain at ${latest}`
    }
    return undefined
  }

  /** Waits until every part works, and both indexes are current. @throws after `milliseconds`, with what is wrong. */
  async function recovered(milliseconds: number): Promise<void> {
    for (const deadline = performance.now() + milliseconds; ; await sleep(POLL_MS)) {
      const trouble = await findTrouble().catch((error) => String(error))
      if (trouble === undefined) return
      if (performance.now() > deadline) throw new Error(`Not recovered after ${milliseconds / 1_000} s: ${trouble}`)
    }
  }

  await recovered(60_000)
  const kept = parts.move()
  return {
    chain,
    agents,
    postgres,
    /** PostgreSQL's disk; undefined where this user may not mount one. */
    disk,
    /** The market's database, as a superuser. */
    databaseUrl,
    auditUrl: urls.indexer,
    hosts,
    recovered,
    /** How many lines of PostgreSQL's log match. */
    countLogged: (line: RegExp) => postgresLog.filter((each) => line.test(each)).length,
    /** The host whose index readers see. */
    async serving(): Promise<Host> {
      await using client = await connect(databaseUrl)
      const served = await servedBuild(client, SCHEMA)
      if (served === undefined) throw new Error('Readers see no index')
      return served === buildOf(served) ? first : second
    },
    stop: () => kept.disposeAsync(),
  }
}
