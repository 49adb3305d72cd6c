import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import pLimit from 'p-limit'
import pg from 'pg'
import { beforeAll, expect, it } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { type Postgres, startPostgres } from '../../../tools/devnet/postgres.ts'
import { createRandom } from '../../simulation/random.ts'
import { Tally } from '../../simulation/tally.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { startTestChain, type TestChain } from '../../support/market.ts'
import { countOpen } from '../../support/relayRows.ts'
import { type Supervised, supervise } from '../../support/supervise.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { clientOf, findStrayActions, fundsOf, type Life, type Lived, newLife, pathNames } from './mixedLives.ts'

/** A long campaign has 500. */
const LIVES = Number(process.env.LIVES ?? 15)
/** How many lives go on at once. */
const CONCURRENT_LIVES = 15
/** The time between two kills, in milliseconds. */
const PAUSE = { least: 1_500, most: 5_000 }
/** Each part is killed at least once: if the lives end before that, as many live again. */
const LEAST_KILLS = 4

const seed = Number(process.env.SEED ?? randomInt(2 ** 31))
const random = createRandom(seed)

let chain: TestChain
let postgres: Postgres
let databaseUrl: string
let indexer: Supervised
let apis: Supervised[]
let ports: number[]
const ends = new Tally()

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startTestChain({ blockTime: 1 })
  parts.defer(chain.stop)
  postgres = await startPostgres()
  parts.defer(postgres.stop)
  databaseUrl = await postgres.createDatabase()
  const connections = { ...chain, databaseUrl }
  const indexerPort = await getPort()
  indexer = supervise(() => startIndexer({ ...connections, port: indexerPort }), {
    onEnd: (how) => ends.add(`indexer ${how}`),
  })
  parts.defer(indexer.stop)
  ports = [await getPort(), await getPort()]
  apis = ports.map((port) =>
    supervise(() => startApi({ ...connections, port, relayerKey: keyOf(roles.relayer) }), {
      onEnd: (how) => ends.add(`API ${how}`),
    }),
  )
  for (const api of apis) parts.defer(api.stop)
  await Promise.all([indexer.untilReady(), ...apis.map((api) => api.untilReady())])
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 180_000)

/** Gives the accounts of all lives their USDC, without waiting for each transaction. */
async function endow(lives: Life[]) {
  const minter = accountOf(roles.deployer).address
  const first = await chain.client.getTransactionCount({ address: minter })
  const mints = lives.flatMap(fundsOf)
  const hashes = await Promise.all(
    mints.map((values, place) => chain.usdc.write.mint([...values], { account: minter, nonce: first + place })),
  )
  await Promise.all(hashes.map((hash) => chain.client.waitForTransactionReceipt({ hash })))
}

/** What is killed, by how often. Both APIs at once leave no replica that could go on. */
const victims = { 'an API': 5, 'both APIs': 2, 'the indexer': 2, PostgreSQL: 2 }

async function kill(victim: keyof typeof victims) {
  if (victim === 'PostgreSQL') return postgres.crash()
  if (victim === 'the indexer') indexer.kill()
  else if (victim === 'both APIs') for (const api of apis) api.kill()
  else random.pick(apis).kill()
}

/** The actions that are open now: a kill without one proves nothing. */
async function openActions(): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  try {
    return await countOpen(client)
  } finally {
    await client.end()
  }
}

/** How long a kill waits for an open action. */
const WAIT_FOR_ACTION_MS = 4_000

/** Whether an action is open, now or soon. */
async function isActionOpen(): Promise<boolean> {
  const end = performance.now() + WAIT_FOR_ACTION_MS
  while ((await openActions()) === 0) {
    if (performance.now() > end) return false
    await sleep(50)
  }
  return true
}

it(`mixed lives survive random kills of API, indexer and PostgreSQL (SEED=${seed})`, {
  timeout: 180_000 + LIVES * 10_000,
}, async () => {
  const { live, cutOff } = clientOf(() => `http://127.0.0.1:${random.pick(ports)}`, chain.client)
  const atOnce = pLimit(CONCURRENT_LIVES)
  const kills = new Tally()
  let total = 0
  let met = 0
  let isOver = false
  const liveAll = async () => {
    const lived: Lived[] = []
    do {
      const lives = Array.from({ length: LIVES }, (_, place) =>
        newLife(pathNames[place % pathNames.length] ?? 'approved'),
      )
      await endow(lives)
      lived.push(...(await Promise.all(lives.map((life) => atOnce(() => live(life))))))
    } while (total < LEAST_KILLS)
    return lived
  }
  const living = liveAll().finally(() => {
    isOver = true
  })
  living.catch(() => undefined)
  // The first of each kind, in a random order; then at random.
  const first = Object.keys(victims).sort(() => (random.chance(0.5) ? 1 : -1)) as (keyof typeof victims)[]
  while (!isOver) {
    await sleep(random.int(PAUSE.least, PAUSE.most))
    if (isOver) break
    const isOpen = await isActionOpen()
    if (isOver) break
    if (isOpen) met++
    const victim = first.shift() ?? random.weighted(victims)
    await kill(victim)
    kills.add(victim)
    total++
  }
  const lived = await living
  await Promise.all(apis.map((api) => expect.poll(() => api.isRunning(), { timeout: 60_000 }).toBe(true)))
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 60_000)
  await expect.poll(openActions, { timeout: 30_000 }).toBe(0)

  const relayer = accountOf(roles.relayer).address
  expect(await findStrayActions(chain, lived)).toEqual([])
  expect(findDisorder(await readLedger({ ...chain, databaseUrl }, [relayer]))).toEqual([])
  expect(met, 'kills that met an open action').toBeGreaterThanOrEqual(total / 4)
  expect(cutOff()).toBeGreaterThan(0)
  console.log(`SEED=${seed}: ${lived.length} lives, 0 actions lost, 0 doubled. ${total} kills (${kills}), ${met} of them met open actions;
    ${cutOff()} requests were cut off. Ends: ${ends}`)
})
