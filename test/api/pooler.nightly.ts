import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { writeDeployment } from '../../ops/writeDeployment.ts'
import { startApi } from '../../tools/devnet/api.ts'
import { freshDatabase } from '../support/database.ts'
import { hasPgBouncer, startPgBouncer } from '../support/pgBouncer.ts'
import { placeholderDeployment } from '../support/placeholderDeployment.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

/** The parameters with which the API's connections start. */
const OF_API = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'options']

let deploymentsDirectory: string

beforeAll(async () => {
  const { path, remove } = await temporaryDirectory()
  writeDeployment(placeholderDeployment(31337), path)
  deploymentsDirectory = path
  return remove
})

/** Starts an API without a relayer's key, so that it needs no chain. */
const start = (databaseUrl: string, env: Record<string, string> = {}) =>
  startApi({ databaseUrl, chainId: 31337, rpcUrl: 'http://127.0.0.1:1', deploymentsDirectory, env })

it.skipIf(!hasPgBouncer).each([
  ['in session mode', 'session', undefined],
  ['that drops the startup parameters', 'session', OF_API],
  ['in transaction mode', 'transaction', OF_API],
] as const)('behind PgBouncer %s the API does not start, and says why', async (_, mode, ignored) => {
  const direct = await freshDatabase()
  const pooler = await startPgBouncer(direct, mode, ignored && [...ignored])
  onTestFinished(pooler.stop)
  await expect(start(pooler.url)).rejects.toThrow(/exited with code 1.*DATABASE_URL leads to a pooler/s)
  const readsOnly = start(direct, { DATABASE_READ_URL: pooler.url })
  await expect(readsOnly).rejects.toThrow(/exited with code 1.*DATABASE_READ_URL leads to a pooler/s)
})

it('with a connection of its own the API starts, also while PostgreSQL does not answer', async () => {
  for (const url of [await freshDatabase(), 'postgres://postgres@127.0.0.1:1/absent']) {
    const api = await start(url)
    onTestFinished(api.stop)
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200)
  }
})
