import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { freshDatabase } from '../../support/database.ts'
import { type FastChain, startFastChain } from '../../support/fastChain.ts'
import { type Agent, participantsOf, usdc } from '../../support/participants.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { claimApi } from './claimApi.ts'

const DEPTH = 300
const CLAIMS = 24

let chain: FastChain
let databaseUrl: string
let api: Api
let agent: Agent
const runIds: bigint[] = []

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({
    history: 80,
    // Otherwise Anvil counts blocks as final after 13 seconds. A rollup's are final after minutes.
    flags: ['--slots-in-an-epoch', '1000'],
    async prepare(market) {
      const people = participantsOf(market)
      agent = await people.newAgent(accountOf(2), 1_000n * usdc)
      for (let run = 0; run < CLAIMS; run++) runIds.push(await people.openRun(usdc))
    },
  })
  parts.defer(chain.stop)
  await chain.start()
  databaseUrl = await freshDatabase()
  const connections = { ...chain, databaseUrl }
  const indexer = await startIndexer(connections)
  parts.defer(indexer.stop)
  api = await startApi({ ...connections, relayerKey: keyOf(roles.relayer) })
  parts.defer(api.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Sends the claim until an answer decides it, as a client does that handles 202 and 503. */
async function claimUntilDecided(runId: bigint) {
  for (;;) {
    const answer = await claimApi(api.url).claim(runId, agent)
    if (answer.status !== 202 && answer.status !== 503) return answer
    await sleep(200)
  }
}

test(`a reorg of ${DEPTH} blocks loses no claim, and doubles none`, { timeout: 180_000 }, async () => {
  const third = CLAIMS / 3
  const won = await Promise.all(runIds.slice(0, third).map(claimUntilDecided))
  expect(won.map(({ status }) => status)).toEqual(Array(third).fill(200))
  const inFlight = runIds.slice(third, 2 * third).map(claimUntilDecided)
  await sleep(150)
  const last = await chain.reorg(DEPTH)
  const later = runIds.slice(2 * third).map(claimUntilDecided)
  const answers = await Promise.all([...inFlight, ...later])
  expect(answers.map(({ status }) => status)).toEqual(Array(2 * third).fill(200))
  await waitForIndex(databaseUrl, last)

  const ledger = () => readLedger({ ...chain, databaseUrl }, [accountOf(roles.relayer).address])
  await expect.poll(async () => findDisorder(await ledger()), { timeout: 60_000, interval: 500 }).toEqual([])
  expect((await ledger()).claimed.map(({ args }) => args.bountyId).toSorted((a, b) => Number(a - b))).toEqual(runIds)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
  const { body } = await claimApi(api.url).get('/api/runs?state=CLAIMED')
  expect(body.pagination.total).toBe(CLAIMS)
})
