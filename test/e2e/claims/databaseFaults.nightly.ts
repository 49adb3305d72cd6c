// Agents claim and readers read while PostgreSQL has a fault, or a host a wrong clock. Two APIs and an indexer are
// supervised, as by systemd.
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { beforeAll, expect, test } from 'vitest'
import { marketOf } from '../../../core/deployment.ts'
import { createRunlineClient } from '../../../packages/client/src/index.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { auditOnce } from '../../support/auditOnce.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { cancelStatements, takeAllConnections, terminateSessions } from '../../support/databaseFaults.ts'
import type { MarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../support/participants.ts'
import { startPublicChain } from '../../support/publicChain.ts'
import { shiftedClock } from '../../support/shiftedClock.ts'
import { INDEXER_FINAL_ENDS, supervise } from '../../support/supervise.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'

const STORM_MS = 6_000

/** Longer than the 20 seconds that an indexer continues without an answer of PostgreSQL. */
const FULL_MS = 32_000

/** More than the 25 seconds after which Ponder takes a build whose heartbeat is older for one that does not run. */
const CLOCK_SECONDS_AHEAD = 60
const CLOCK_MS = 10_000

const CLAIM_INTERVAL_MS = 700

/** More than are claimed. They are posted before: the index is behind during a fault. */
const RUNS = 250

const RUN_LIFETIME_SECONDS = 86_400
const READ_INTERVAL_MS = 100

/** How long a client repeats a claim until it is decided. */
const CLAIM_SECONDS = 120

/** The longest time that the readers of an API may be without an answer. */
const SILENCE_LIMIT_MS = 30_000

let chain: MarketOnAnvil
let agent: Agent
/** The market numbers its runs from 1. */
let nextRun = 1n
let serverUrl: string
let databaseUrl: string
let indexer: ReturnType<typeof supervise>
let apis: { url: string; process: ReturnType<typeof supervise> }[]
/** Of the host of the indexer and the first API, for their next start. */
let clock: Record<string, string> = {}

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  // Its clock is that of this machine, unlike that of a chain which mines each transaction: a wrong clock then matters.
  chain = await startPublicChain({ blockTime: 1, prepare: postRuns })
  parts.defer(chain.stop)
  const postgres = await startPostgres({ settings: { max_connections: '130' } })
  parts.defer(postgres.stop)
  serverUrl = postgres.url
  databaseUrl = await postgres.createDatabase()
  const connections = { ...chain, databaseUrl }
  const indexerPort = await getPort()
  indexer = supervise(() => startIndexer({ ...connections, port: indexerPort, env: clock }), {
    finalEnds: INDEXER_FINAL_ENDS,
  })
  parts.defer(indexer.stop)
  await indexer.untilReady()
  apis = await Promise.all(
    [true, false].map(async (isOnHostOfIndexer) => {
      const port = await getPort()
      const options = { ...connections, port, relayerKey: keyOf(roles.relayer) }
      const process = supervise(() => startApi({ ...options, env: isOnHostOfIndexer ? clock : {} }))
      parts.defer(process.stop)
      await process.untilReady()
      return { url: `http://127.0.0.1:${port}`, process }
    }),
  )
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 180_000)

async function postRuns(market: MarketOnAnvil) {
  const people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 10_000n * usdc)
  await people.fund(people.poster, market.market.address, 1_000n * usdc)
  const deadline = BigInt(Math.floor(Date.now() / 1_000) + RUN_LIFETIME_SECONDS)
  for (let posted = 0; posted < RUNS; posted++)
    await people.mined(() => market.market.write.postBounty(['ipfs://run', usdc, deadline, defaultTerms]))
}

/** Reads a list until it is stopped. @returns a function that stops it, with the longest time without an answer. */
function readUntilStopped(url: string) {
  let answeredAt = performance.now()
  let longestMs = 0
  let isOver = false
  const reading = (async () => {
    for (let isLast = false; !isLast; await sleep(READ_INTERVAL_MS)) {
      isLast = isOver
      // No answer is what it measures.
      const answer = await fetch(`${url}/api/runs?limit=1`).catch(() => undefined)
      if (answer?.status !== 200 && !isLast) continue
      longestMs = Math.max(longestMs, performance.now() - answeredAt)
      answeredAt = performance.now()
    }
  })()
  return async () => {
    isOver = true
    await reading
    return longestMs
  }
}

async function haveAllConnectionsTaken() {
  const taken = await takeAllConnections(serverUrl)
  await sleep(FULL_MS)
  await taken.release()
}

/** Restarts the processes of a host with a clock that is ahead, and later with a true one. */
async function setClockAhead() {
  const restart = () => Promise.all([indexer.restart(), apis[0]?.process.restart()])
  clock = shiftedClock(CLOCK_SECONDS_AHEAD)
  await restart()
  await sleep(CLOCK_MS)
  clock = {}
  await restart()
}

const faults: [string, () => Promise<void>][] = [
  ['every statement is cancelled', () => cancelStatements(databaseUrl, STORM_MS)],
  ['every session is ended', () => terminateSessions(databaseUrl, STORM_MS)],
  ['another application has all connections', haveAllConnectionsTaken],
  ['the clock of the indexer and of an API is a minute ahead', setClockAhead],
]

test.each(faults)(
  'while %s, each claim is won once, readers get answers, and the indexer follows',
  {
    timeout: 300_000,
  },
  async (_, cause) => {
    const market = marketOf(chain.deployment)
    const clients = apis.map(({ url }) => createRunlineClient({ url, market, timeoutSeconds: CLAIM_SECONDS }))
    const stops = apis.map(({ url }) => readUntilStopped(url))
    let isOver = false
    const causing = cause().finally(() => {
      isOver = true
    })
    const claims: Promise<unknown>[] = []
    for (; !isOver; await sleep(CLAIM_INTERVAL_MS)) {
      const claim = { agentId: agent.id, signer: agent.wallet, timeoutSeconds: CLAIM_SECONDS }
      const claiming = clients[claims.length % clients.length]?.runs.claim(nextRun++, claim)
      // `all` below throws it.
      claiming?.catch(() => undefined)
      claims.push(claiming as Promise<unknown>)
    }
    await causing
    await Promise.all(claims)
    await indexer.untilReady()
    await waitForIndex(databaseUrl, await chain.client.getBlockNumber({ cacheTime: 0 }), 60_000)
    const longestMs = Math.max(...(await Promise.all(stops.map((stop) => stop()))))
    console.log(`${claims.length} claims; at most ${Math.round(longestMs)} ms without an answer`)
    expect(claims.length).toBeGreaterThan(5)
    expect(longestMs).toBeLessThan(SILENCE_LIMIT_MS)
    expect(findDisorder(await readLedger({ ...chain, databaseUrl }, [accountOf(roles.relayer).address]))).toEqual([])
  },
)

test('after all of these, the audit finds no difference between index and chain', { timeout: 120_000 }, async () => {
  const env = {
    DATABASE_URL: databaseUrl,
    CHAIN_ID: String(chain.chainId),
    RPC_URL: chain.rpcUrl,
    DEPLOYMENTS_DIR: chain.deploymentsDirectory,
  }
  const { stdout, stderr } = await auditOnce(env, chain.client)
  expect(stdout, stderr).toMatch(new RegExp(`^0 differences in ${RUNS} runs`))
})
