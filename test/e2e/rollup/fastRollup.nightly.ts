// What goes wrong on a rollup with five blocks a second, whose node answers as Base's do (rollupNode.ts).
import { setTimeout as sleep } from 'node:timers/promises'
import { baseSepolia } from 'viem/chains'
import { beforeAll, expect, test } from 'vitest'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { type Api, productionLimits, startApi } from '../../../tools/devnet/api.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { deployArtifact } from '../../support/contracts.ts'
import { freshDatabase } from '../../support/database.ts'
import { type FastChain, startFastChain } from '../../support/fastChain.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { answerAsRollup } from '../../support/rollupNode.ts'
import { type ChooseFault, startRpcProxy, status } from '../../support/rpcProxy.ts'
import { waitForIndex } from '../../support/waitForIndex.ts'
import { claimApi } from '../claims/claimApi.ts'

/** How long the sequencer stops, by the chain's clock: 3,000 blocks. */
const STOPPED_SECONDS = 600

/** The most calls of a second that the node answers while it limits them, and for how long it does. */
const LIMIT = 20
const LIMITED_MS = 15_000

const CLAIMS = 6

let chain: FastChain
let databaseUrl: string
let people: Participants
let agent: Agent
let api: Api
let choose: ChooseFault = () => undefined
const runIds: bigint[] = []

beforeAll(async () => {
  await using parts = new AsyncDisposableStack()
  chain = await startFastChain({
    chainId: baseSepolia.id,
    history: 80,
    behind: STOPPED_SECONDS,
    flags: ['--network', 'optimism', '--slots-in-an-epoch', '1000'],
    prepareUsdc: (rpcUrl) => deployArtifact(rpcUrl, 'MockUSDC'),
    async prepare(market) {
      people = participantsOf(market)
      agent = await people.newAgent(accountOf(2), 1_000n * usdc)
      for (let run = 0; run < 2 * CLAIMS; run++) runIds.push(await people.openRun(usdc))
    },
  })
  parts.defer(chain.stop)
  await chain.start()
  const answer = answerAsRollup(chain.rpcUrl)
  const node = await startRpcProxy(chain.rpcUrl, async (call) => (await choose(call)) ?? answer(call))
  parts.defer(node.stop)
  databaseUrl = await freshDatabase()
  const connections = { ...chain, databaseUrl, rpcUrl: node.url }
  const indexer = await startIndexer(connections)
  parts.defer(indexer.stop)
  api = await startApi({ ...connections, relayerKey: keyOf(roles.relayer), env: productionLimits })
  parts.defer(api.stop)
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber())
  const kept = parts.move()
  return () => kept.disposeAsync()
}, 120_000)

/** Sends a signed claim until an answer decides it, as a client does that handles 202 and 503. */
async function claimUntilDecided(runId: bigint, headers: Record<string, string> = {}): Promise<number> {
  const deadline = BigInt(Math.floor(Date.now() / 1_000) + 900)
  const signed = await people.sign(runId, agent, { deadline })
  for (;;) {
    const answer = await claimApi(api.url).claim(runId, agent, signed, headers)
    if (answer.status !== 202 && answer.status !== 503) return answer.status
    await sleep(200)
  }
}

/** Each of the first runs has one claim, by the chain and by what the relay has stored, and the index has them. */
async function expectClaimed(runs: number) {
  const ledger = () => readLedger({ ...chain, databaseUrl }, [accountOf(roles.relayer).address])
  await expect.poll(async () => findDisorder(await ledger()), { timeout: 60_000, interval: 500 }).toEqual([])
  const claimed = (await ledger()).claimed.map(({ args }) => args.bountyId).toSorted((a, b) => Number(a - b))
  expect(claimed).toEqual(runIds.slice(0, runs))
  await waitForIndex(databaseUrl, await chain.client.getBlockNumber(), 60_000)
  const { body } = await claimApi(api.url).get('/api/runs?state=CLAIMED')
  expect(body.pagination.total).toBe(runs)
}

const isReady = async () => (await fetch(`${api.url}/readyz`)).ok

test('claims survive a sequencer that comes back after ten minutes with 3,000 blocks', {
  timeout: 180_000,
}, async () => {
  const before = await chain.client.getBlockNumber()
  let inFlight: Promise<number>[] = []
  await chain.stopAndCatchUp(async () => {
    inFlight = runIds.slice(0, CLAIMS).map((runId) => claimUntilDecided(runId, { Prefer: 'wait=1' }))
    await sleep(3_000)
  })
  const last = await chain.client.getBlockNumber()
  expect(Number(last - before)).toBeGreaterThanOrEqual(5 * STOPPED_SECONDS - 10)
  const startedAt = performance.now()
  await waitForIndex(databaseUrl, last, 60_000)
  console.log(`${last - before} blocks were indexed ${Math.round(performance.now() - startedAt)} ms after the last`)
  expect(await Promise.all(inFlight)).toEqual(Array(CLAIMS).fill(200))
  await expect.poll(isReady, { timeout: 20_000 }).toBe(true)
  await expectClaimed(CLAIMS)
})

test(`a node that answers ${LIMIT} calls a second loses no claim, and doubles none`, { timeout: 120_000 }, async () => {
  let second = 0
  let calls = 0
  let refused = 0
  choose = () => {
    const now = Math.floor(performance.now() / 1_000)
    if (now !== second) calls = 0
    second = now
    calls += 1
    if (calls <= LIMIT) return undefined
    refused += 1
    return status(429)
  }
  const limited = sleep(LIMITED_MS).then(() => {
    choose = () => undefined
  })
  const answers = await Promise.all(runIds.slice(CLAIMS, 2 * CLAIMS).map((runId) => claimUntilDecided(runId)))
  await limited
  console.log(`${refused} calls were refused`)
  // On a slow machine, few calls of a second are more than the limit.
  expect(refused).toBeGreaterThan(0)
  expect(answers).toEqual(Array(CLAIMS).fill(200))
  await expectClaimed(2 * CLAIMS)
})
