import { zeroAddress } from 'viem'
import { ChainState } from '../../ops/audit/chainState.ts'
import { countReserves } from '../../ops/audit/reserves.ts'
import type { Block } from '../../packages/client/src/verify/node.ts'
import { recordOf, runStates } from '../../ponder.schema.ts'
import type { Json } from './api.ts'
import { compare } from './differences.ts'
import { agentCount } from './parties.ts'
import type { World } from './world.ts'

/** The runs and the registered agents at one block, by the contracts' views. */
export type Market = Awaited<ReturnType<typeof readMarket>>

const idsTo = (last: bigint | number) => Array.from({ length: Number(last) }, (_, index) => BigInt(index + 1))

/** @throws if the block is not canonical. */
export async function readMarket(world: World, { hash, number, timestamp }: Block) {
  const state = new ChainState(world.node, world.deployment, hash)
  const runs = await state.runs(idsTo(await state.bountyCount()))
  const agents = await state.agents(idsTo(await agentCount(world)))
  const approvals = await world.node.getContractEvents({
    ...world.contracts.market,
    ...upTo(world, number),
    eventName: 'BountyApproved',
    strict: true,
  })
  return {
    timestamp,
    reserves: await countReserves(world.node, world.contracts.market.address, startOf(world), { hash, number }),
    runs,
    agents: agents.filter(({ owner }) => owner !== null),
    approvals: approvals.map(({ args }) => args),
  }
}

const startOf = ({ deployment }: World) => BigInt(deployment.startBlock)

const upTo = (world: World, toBlock: bigint) => ({ fromBlock: startOf(world), toBlock })

export const listLimit = 100

/** Compares the first page of the agents, and their number. A client verifies the agents one by one. */
export function compareAgentList(subject: string, body: Json, { agents }: Market): string[] {
  const { total } = body.pagination as { total: number }
  const listed = (body.agents as Json[]).map(({ id }) => id)
  return compare(
    subject,
    {
      total: agents.length,
      ids: agents
        .slice(0, listLimit)
        .map(({ id }) => id)
        .join(),
    },
    { total, ids: listed.join() },
  )
}

/** Compares the timeline with the market's logs that name the run. @param last the block of the answer. */
export async function compareEvents(world: World, subject: string, runId: bigint, body: Json, last: bigint) {
  const logs = await world.node.getContractEvents({
    ...world.contracts.market,
    ...upTo(world, last),
    strict: true,
  })
  const ofRun = logs.filter(({ args }) => 'bountyId' in args && args.bountyId === runId)
  // A refused claim may name a run that does not exist yet, which has no timeline.
  const events = ofRun.slice(ofRun.findIndex(({ eventName }) => eventName === 'BountyCreated'))
  const line = (name: unknown, event: object) =>
    [name, ...['blockNumber', 'blockHash', 'logIndex', 'transactionHash'].map((key) => (event as Json)[key])].join(' ')
  const { total } = body.pagination as { total: number }
  const expected = events.slice(0, listLimit).map((event) => line(event.eventName, event))
  const listed = (body.events as Json[]).map((event) => line(event.name, event))
  return compare(subject, { total: events.length, events: expected.join() }, { total, events: listed.join() })
}

/** States in which the market holds reward and fee in escrow. */
const escrowing = ['OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED']

const sum = (amounts: readonly (bigint | undefined)[]) =>
  amounts.reduce<bigint>((total, amount) => total + (amount ?? 0n), 0n).toString()

/** Compares each figure of `/api/stats` with a count of the rows. */
export function compareStats(subject: string, body: Json, { timestamp, runs, agents, approvals }: Market): string[] {
  const { runs: runCounts, agents: agentCounts, ...amounts } = body as Record<string, Json>
  const byState = runCounts?.byState as Json
  const byStatus = agentCounts?.byStatus as Json
  const claimable = runs.filter(({ state, deadline }) => state === 'OPEN' && timestamp <= deadline).length
  const countPer = (object: Json, count: (key: string) => number): Json =>
    Object.fromEntries(Object.keys(object).map((key) => [key, count(key)]))
  const states = countPer(byState, (name) => runs.filter(({ state }) => state === name).length)
  const statuses = countPer(byStatus, (name) => agents.filter(({ status }) => status === name).length)
  const escrow = runs.filter(({ state }) => escrowing.includes(state ?? ''))
  const expected = {
    escrowed: sum(escrow.map(({ reward, fee }) => reward + fee)),
    paid: sum(runs.filter(({ state }) => state === 'APPROVED').map(({ reward }) => reward)),
    // The fee is burned where no party approved.
    feesPaid: sum(approvals.filter(({ by }) => by !== zeroAddress).map(({ fee }) => fee)),
    // No account is blacklisted in a simulation.
    owed: '0',
    staked: sum(agents.map(({ stakedAmount }) => stakedAmount)),
    locked: sum(agents.map(({ lockedAmount }) => lockedAmount)),
  }
  return [
    ...compare(`${subject}, runs`, { ...states, total: runs.length, claimable }, { ...byState, ...runCounts }),
    ...compare(`${subject}, agents`, { ...statuses, total: agents.length }, { ...byStatus, ...agentCounts }),
    ...compare(subject, expected, amounts),
  ]
}

const BOARD_LIMIT = 20

/** Compares the rows of the board's page of the newest runs, and its counts of the states, which other queries read. */
export function compareBoard(subject: string, { page }: Json, { runs }: Market): string[] {
  const text = String(page)
  const rows = text.matchAll(/data-row="(\d+)" data-version="(\w+ \d*)"/g)
  const counts = text.matchAll(/class="badge ([a-z-]+)">[^<]+<\/span> <span class="hint">(\d+)/g)
  const newest = runs.slice(-BOARD_LIMIT).toReversed()
  return compare(
    subject,
    {
      rows: newest.map(({ bountyId, state, claimedBy }) => `${bountyId} ${state} ${claimedBy ?? ''}`).join(),
      ...recordOf(runStates, (name) => runs.filter(({ state }) => state === name).length),
      ANY: runs.length,
    },
    {
      rows: [...rows].map(([, id, version]) => `${id} ${version}`).join(),
      ...Object.fromEntries(
        [...counts].map(([, name = '', count]) => [name.toUpperCase().replaceAll('-', '_'), Number(count)]),
      ),
    },
  )
}

/** Compares the reserves with a count of the logs. */
export function compareReserves(subject: string, body: Json, { reserves: { market, staking } }: Market): string[] {
  const asText = (amounts: object) =>
    Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, `${value}`]))
  return [
    ...compare(`${subject}, market`, asText(market), body.market as Json),
    ...compare(`${subject}, staking`, asText(staking), body.staking as Json),
  ]
}

/** Where a contract holds less than it owes at any block of the chain, also at those that no answer was of. */
export async function findDeficits(world: World): Promise<string[]> {
  const found: string[] = []
  const last = await world.node.getBlockNumber({ cacheTime: 0 })
  for (let blockNumber = startOf(world); blockNumber <= last; blockNumber++) {
    const block = await world.node.getBlock({ blockNumber })
    const reserves = await countReserves(world.node, world.contracts.market.address, startOf(world), block)
    for (const contract of ['market', 'staking'] as const) {
      const { surplus } = reserves[contract]
      if (surplus < 0n) found.push(`the ${contract} contract lacks ${-surplus} at block ${blockNumber}`)
    }
  }
  return found
}
