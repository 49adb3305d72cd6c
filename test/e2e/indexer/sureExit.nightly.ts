import { execa } from 'execa'
import getPort from 'get-port'
import { expect, inject, onTestFinished, test } from 'vitest'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'

const STARTS = 40

/** Two at a time keep the compiler's threads busy. */
const AT_ONCE = 2

const TIMEOUT_MS = 30_000

test(`each of ${STARTS} indexers that cannot start ends with 75, and none hangs while Node ends`, {
  timeout: STARTS * 10_000,
}, async () => {
  const { stop, rpcUrl, chainId, deploymentsDirectory } = await startMarketOnAnvil()
  onTestFinished(stop)
  const database = new URL(inject('postgresUrl'))
  database.pathname = 'absent'
  const outcomes: unknown[] = []
  async function startInTurn() {
    while (outcomes.length < STARTS) {
      const { exitCode, timedOut } = await execa({
        reject: false,
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        env: {
          DATABASE_URL: database.href,
          CHAIN_ID: String(chainId),
          RPC_URL: rpcUrl,
          DEPLOYMENTS_DIR: deploymentsDirectory,
          PONDER_PORT: String(await getPort()),
        },
      })(process.execPath, ['ops/startIndexer.ts'])
      outcomes.push(timedOut ? 'hangs' : exitCode)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, startInTurn))
  expect(outcomes.filter((outcome) => outcome !== 75)).toEqual([])
})
