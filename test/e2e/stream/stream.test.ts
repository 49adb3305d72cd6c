import { beforeAll, expect, it, vi } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { type Api, startApi } from '../../../tools/devnet/api.ts'
import { type Indexer, startIndexer } from '../../../tools/devnet/indexer.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { keepCopy, listRuns } from './copy.ts'

let market: TestMarket
let people: Participants
let agent: Agent
let apis: Api[]
let indexer: Indexer

beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  apis = [market.api, await start()]
  indexer = market.indexer
  return async () => {
    await Promise.all(apis.map((api) => api.stop()))
    await indexer.stop()
    await market.stop()
  }
}, 120_000)

const start = () => startApi({ ...market, port: 0 })

/** Sends each request to the next replica, as a load balancer does. */
function balanced(): typeof fetch {
  let turn = 0
  return (target, init) => {
    const { pathname, search } = new URL(target instanceof Request ? target.url : target)
    return fetch(`${apis[turn++ % apis.length]?.url}${pathname}${search}`, init)
  }
}

const claim = (id: bigint) =>
  people.mined(() => market.market.write.claimBounty([id, agent.id], { account: agent.wallet.address }))

const abandon = (id: bigint) =>
  people.mined(() => market.market.write.abandonClaim([id], { account: agent.wallet.address }))

async function reorg(depth: number) {
  await market.client.request({ method: 'anvil_reorg', params: [depth, []] })
}

/** Posts a run, waits until the copy has it, and compares the copy with the list. */
async function compare(copy: ReturnType<typeof keepCopy>) {
  const last = Number(await people.openRun())
  await vi.waitUntil(() => copy.runs().some(({ bountyId, state }) => bountyId === last && state === 'OPEN'), {
    timeout: 60_000,
  })
  const block = Number(await market.client.getBlockNumber({ cacheTime: 0 }))
  expect(copy.runs()).toEqual((await listRuns(balanced(), block)).runs)
}

it('keeps a copy that equals the lists, through kills and reorgs, without loss or repeat', async () => {
  const first = await people.openRun()
  await market.indexed()
  const copy = keepCopy(balanced())
  await vi.waitUntil(() => copy.events.length > 0, { timeout: 10_000 })
  await claim(first)
  await compare(copy)

  for (const victim of [0, 1]) {
    process.kill(-(apis[victim]?.part.pid ?? 0), 'SIGKILL')
    const run = await people.openRun()
    await claim(run)
    await apis[victim]?.stop()
    apis[victim] = await start()
    await compare(copy)
  }
  expect(copy.events.filter(({ type }) => type === 'reset')).toEqual([])

  // The last change before the kill is of an agent only, and the restarted indexer replays its block.
  await people.stake(agent, usdc)
  await vi.waitUntil(
    () => copy.events.some(({ data }) => 'stakedAmount' in data && data.stakedAmount === '1001000000'),
    { timeout: 10_000 },
  )
  process.kill(indexer.part.pid, 'SIGKILL')
  await indexer.part.ended
  await abandon(first)
  indexer = await startIndexer(market)
  await compare(copy)
  expect(copy.events.filter(({ type }) => type === 'reset')).toEqual([])
  expect(repeated(copy.events)).toEqual([])

  const dropped = await people.openRun()
  await claim(first)
  await vi.waitUntil(() => copy.runs().some(({ bountyId }) => bountyId === Number(dropped)), { timeout: 10_000 })
  const number = await market.client.getBlockNumber({ cacheTime: 0 })
  await reorg(4)
  expect(number).toBeGreaterThan(4n)
  await vi.waitUntil(() => copy.events.some(({ type }) => type === 'reset'), { timeout: 20_000 })
  await compare(copy)
  await claim(first)
  await compare(copy)
  await copy.stop()
}, 240_000)

/** The changes that were sent twice: the same run or agent at the same block. */
function repeated(events: ReturnType<typeof keepCopy>['events']): string[] {
  const names = events.map(
    ({ type, data }) => `${type} ${'bountyId' in data ? data.bountyId : ''} ${JSON.stringify(data)}`,
  )
  return names.filter((name, place) => names.indexOf(name) !== place)
}
