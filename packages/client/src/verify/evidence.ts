import { type Client, zeroAddress } from 'viem'
import { agentRegistryAbi } from '../../../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { clockAt, secondsOf } from './clock.ts'
import {
  type AgentEvidence,
  type Bounty,
  isClaimed,
  isDelivered,
  isEnded,
  type RunEvidence,
  type RunLogs,
} from './fields.ts'
import { type FoundLog, readLogs, type Wanted } from './logs.ts'
import type { Block } from './node.ts'
import { callEach, callEachAlone } from './state.ts'
import type { Terms } from './terms.ts'

/** The node, the market's rules, and the block of the answer. */
export type View = { node: Client; terms: Terms; block: Block }

/** An answered object with the id that it has, or should have. Its members may be anything. */
export type Answered = { id: bigint; answer: Readonly<Record<string, unknown>> }

const runEvents = bountyMarketAbi.filter(
  (entry) =>
    entry.type === 'event' &&
    [
      'BountyCreated',
      'BountyClaimed',
      'WorkSubmitted',
      'RevisionRequested',
      'BountyApproved',
      'BountyRejected',
    ].includes(entry.name),
)

const registration = agentRegistryAbi.filter((entry) => entry.type === 'event' && entry.name === 'Registered')

/** Names the block by its hash: the node refuses rather than read another block. */
const atBlock = ({ block }: View) => ({ blockHash: block.hash, requireCanonical: true }) as const

/**
 * Reads what the chain has of the runs at the block. Logs are sought where the answer says that they are: an answer that says
 * something else than the chain has no log there.
 * @param withHistory whether the logs of claim, delivery, review and end are read, too.
 * @returns the evidence in the order of the runs; undefined if there is no such run.
 */
export async function readRuns(view: View, runs: readonly Answered[], withHistory: boolean) {
  const { node, terms, block } = view
  const market = { abi: bountyMarketAbi, address: terms.contracts.market } as const
  const ids = runs.map(({ id }) => id)
  const bounties = await callEach(node, { ...market, functionName: 'getBounty' }, ids, atBlock(view))
  const wanted = runs.flatMap(({ id, answer }, place) => {
    const bounty = bounties[place]
    return bounty && bounty.state > 0 ? wantedOf(id, bounty, answer, withHistory) : []
  })
  const logs = await readLogs(node, terms.contracts.market, runEvents, wanted, block)
  const clock = clockAt(block.timestamp)
  return ids.map((id, place): RunEvidence | undefined => {
    const bounty = bounties[place]
    if (!bounty || bounty.state === 0) return undefined
    return {
      id,
      bounty,
      terms,
      clock,
      logs: logsOf(
        bounty,
        logs.filter((log) => log.id === id),
      ),
    }
  })
}

/**
 * Where the logs of a run are, by the times of the answer. All logs of the second of `since` are read: the last delivery or
 * the last request for a revision is there, so that an earlier one cannot pass for the last.
 */
function wantedOf(id: bigint, bounty: Bounty, answer: Answered['answer'], withHistory: boolean): Wanted[] {
  const at = (second: bigint | undefined) => (second === undefined ? [] : [{ id, from: second, to: second }])
  const created = at(secondsOf(answer.createdAt))
  if (!withHistory || !isClaimed(bounty)) return created
  const since = BigInt(bounty.since)
  const claimedAt = secondsOf(answer.claimedAt)
  return [
    ...created,
    ...at(claimedAt),
    ...at(since),
    ...(isDelivered(bounty) ? at(secondsOf(answer.submittedAt)) : []),
    ...(isEnded(bounty) ? at(secondsOf(answer.endedAt)) : []),
    ...(bounty.revisions > 0 && claimedAt !== undefined ? [{ id, from: claimedAt, to: since }] : []),
  ]
}

/** The logs of a run that its fields need. Work is delivered in the last claim only, because a delivered claim is never lost. */
function logsOf(bounty: Bounty, logs: readonly FoundLog[]): RunLogs {
  const last = (isIt: (log: FoundLog) => boolean) => logs.filter(isIt).at(-1) as never
  const { round, revisions } = bounty
  return {
    BountyCreated: last(({ eventName }) => eventName === 'BountyCreated'),
    BountyClaimed: last(({ eventName, args }) => eventName === 'BountyClaimed' && args.round === BigInt(round)),
    WorkSubmitted: last(({ eventName, args }) => eventName === 'WorkSubmitted' && isLastDelivery(bounty, args)),
    RevisionRequested: last(
      ({ eventName, args }) => eventName === 'RevisionRequested' && args.revision === BigInt(revisions),
    ),
    end: last(({ eventName }) => eventName === 'BountyApproved' || eventName === 'BountyRejected'),
  }
}

/** The delivery that answers the last request for a revision; the one before it if none does. */
const isLastDelivery = ({ round, revisions }: Bounty, args: FoundLog['args']) =>
  args.round === BigInt(round) && (args.revision as bigint) >= BigInt(revisions) - 1n

/**
 * Reads what the chain has of the agents at the block.
 * @param withRegistration whether the logs of their registration are read, too.
 * @returns the evidence in the order of the agents; undefined if there is no such agent.
 */
export async function readAgents(view: View, agents: readonly Answered[], withRegistration = true) {
  const { node, terms, block } = view
  const registry = { abi: agentRegistryAbi, address: terms.contracts.registry } as const
  const staking = { abi: agentStakingAbi, address: terms.contracts.staking } as const
  const ids = agents.map(({ id }) => id)
  const at = atBlock(view)
  const [owners, wallets, accounts, uris] = await Promise.all([
    callEach(node, { ...registry, functionName: 'ownerOf' }, ids, at),
    callEach(node, { ...registry, functionName: 'getAgentWallet' }, ids, at),
    callEach(node, { ...staking, functionName: 'accountOf' }, ids, at),
    withRegistration ? callEachAlone(node, { ...registry, functionName: 'tokenURI' }, ids, at) : [],
  ])
  const wanted = agents.flatMap(({ id, answer }, place): Wanted[] => {
    const second = withRegistration && owners[place] ? secondsOf(answer.registeredAt) : undefined
    return second === undefined ? [] : [{ id, from: second, to: second }]
  })
  const logs = await readLogs(node, terms.contracts.registry, registration, wanted, block)
  const clock = clockAt(block.timestamp)
  return ids.map((id, place): AgentEvidence | undefined => {
    const owner = owners[place]
    const account = accounts[place]
    if (owner === undefined || owner === zeroAddress || account === undefined) return undefined
    const Registered = logs.find((log) => log.id === id)
    const wallet = wallets[place] ?? zeroAddress
    return { id, owner, wallet, account, tokenURI: uris[place], Registered, terms, clock }
  })
}
