import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startIndexApi } from '../../test/support/indexApi.ts'
import { chainId, indexedDatabaseAt, viewsSchema } from '../../test/support/indexedTables.ts'
import { manyAgents } from '../../test/support/manyAgents.ts'
import { manyBriefs } from '../../test/support/manyBriefs.ts'
import { expiredRuns, manyRuns } from '../../test/support/manyRuns.ts'
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts'
import { youngGenerationFlag } from '../devnet/api.ts'
import { startProcess } from '../devnet/managedProcess.ts'
import type { Postgres } from '../devnet/postgres.ts'

/** The first block: high enough that each request can name another `minBlock`, and so has another URL. */
const FIRST_BLOCK = 1_000_000_000n

export const AGENTS = 10_000

export type ReadsMarket = Awaited<ReturnType<typeof startReadsMarket>>

/** Starts the production API on a database with `runs` runs, each with a brief, and no indexer. */
export async function startReadsMarket(postgres: Postgres, runs: number) {
  await using parts = new AsyncDisposableStack()
  const databaseUrl = await postgres.createDatabase()
  const index = indexedDatabaseAt(databaseUrl)
  parts.defer(index.close)
  const timestamp = BigInt(Math.floor(Date.now() / 1_000))
  await index.create(manyRuns(runs, timestamp), manyAgents(AGENTS))
  await index.db.execute(manyBriefs())
  let head = FIRST_BLOCK
  await index.moveTo({ number: head, timestamp })
  await index.pool.query('VACUUM ANALYZE')
  const api = await startIndexApi(databaseUrl, { TRUST_PROXY: '1' })
  parts.defer(api.stop)
  const kept = parts.move()
  return {
    databaseUrl,
    api,
    runs,
    /** Indexes the next block, in which nothing changes. */
    async addBlock() {
      await index.addBlock({ number: ++head, timestamp })
      await index.pool.query(`NOTIFY ${viewsSchema}_live_query`)
    },
    /** Adds OPEN runs past their deadlines, newer than all others and of the least reward. */
    async addExpired(count: number) {
      await index.db.execute(expiredRuns(count, timestamp, runs + 1))
      await index.moveTo({ number: ++head, timestamp })
      await index.pool.query('VACUUM ANALYZE')
    },
    stop: () => kept.disposeAsync(),
  }
}

/** Starts a server that reads the API's list in the same way, and sends the constant bytes of its answer. */
export async function startBare({ databaseUrl, api }: ReadsMarket) {
  await using parts = new AsyncDisposableStack()
  const directory = await temporaryDirectory()
  parts.defer(directory.remove)
  // It is too long for an environment variable.
  const path = `${directory.path}/bare.json`
  const constant = await (await fetch(`${api.url}/api/runs`)).text()
  const bare = { url: databaseUrl, schema: viewsSchema, chainId, constant }
  await writeFile(path, JSON.stringify(bare))
  const part = await startProcess({
    name: 'The bare server',
    command: process.execPath,
    args: [youngGenerationFlag, fileURLToPath(new URL('bareServer.ts', import.meta.url))],
    env: { BARE: path },
  })
  parts.defer(part.stop)
  const [, port] = await part.saw(/listens on (\d+)/, 20_000)
  const kept = parts.move()
  return { url: `http://127.0.0.1:${port}`, stop: () => kept.disposeAsync() }
}
