import {
  type Abi,
  type Address,
  type ContractEventName,
  type DecodeEventLogReturnType,
  decodeEventLog,
  getAddress,
  type Hex,
  isAddressEqual,
  type Log,
  zeroAddress,
} from 'viem'
import type { World } from './world.ts'

/** A run as its logs alone describe it; times in seconds, amounts in USDC base units. */
export type ReplayedRun = {
  bountyId: bigint
  posterAddress: Address
  ipfsHash: string
  reward: bigint
  fee: bigint
  deadline: bigint
  state: string
  claimedBy: bigint | null
  claimedByWallet: Address | null
  stake: bigint | null
  deliverableHash: string | null
  feedbackHash: string | null
  claimedAt: bigint | null
  submittedAt: bigint | null
  submitBy: bigint | null
  reviewBy: bigint | null
  revisions: number
  round: number
  createdAt: bigint
  /** Seconds. */
  workPeriod: number
  stakeRequired: bigint
  /** Null where the poster evaluates. */
  evaluator: Address | null
}

/** An agent as its logs alone describe it. */
export type ReplayedAgent = {
  id: bigint
  owner: Address | null
  agentWallet: Address | null
  agentURI: string | null
  stakedAmount: bigint
  lockedAmount: bigint
  stakedAt: bigint
  completions: number
  slashes: number
  frozen: boolean
  banned: boolean
  volume: bigint
}

/** A log of the market that names a run. */
export type ReplayedEvent = { name: string } & Pick<
  Log<bigint, number, false>,
  'blockNumber' | 'blockHash' | 'logIndex' | 'transactionHash'
>

export type Replay = {
  runs: Map<bigint, ReplayedRun>
  agents: Map<bigint, ReplayedAgent>
  /** By the run that they name, in chain order. */
  events: Map<bigint, readonly ReplayedEvent[]>
}

const unclaimed = {
  claimedBy: null,
  claimedByWallet: null,
  stake: null,
  deliverableHash: null,
  feedbackHash: null,
  claimedAt: null,
  submittedAt: null,
  submitBy: null,
  reviewBy: null,
  revisions: 0,
}

/**
 * Replays the three contracts' logs up to and including `toBlock` into the state of every run and agent. It shares no
 * code with the indexer, so that the two cannot have the same mistake.
 */
export async function replay(world: World, toBlock: bigint): Promise<Replay> {
  const { registry, staking, market } = world.contracts
  const logs = await world.node.getLogs({
    address: [registry.address, staking.address, market.address],
    fromBlock: BigInt(world.deployment.startBlock),
    toBlock,
  })
  const state: Replay = { runs: new Map(), agents: new Map(), events: new Map() }
  const timestamps = new Map<bigint, bigint>()
  for (const { blockNumber } of logs) {
    if (timestamps.has(blockNumber)) continue
    timestamps.set(blockNumber, (await world.node.getBlock({ blockNumber })).timestamp)
  }
  for (const log of logs) {
    const time = timestamps.get(log.blockNumber)
    if (time === undefined) throw new Error(`no timestamp for block ${log.blockNumber}`)
    applyLog(world, state, log, time)
  }
  return state
}

/**
 * Applies one log to the state. It replaces entries of the maps and never changes one, so that a copy of the maps keeps
 * an earlier state.
 * @param time Timestamp of the log's block.
 */
export function applyLog(world: World, state: Replay, log: Log<bigint, number, false>, time: bigint) {
  const { registry, staking, market } = world.contracts
  switch (getAddress(log.address)) {
    case registry.address:
      return applyRegistry(state, decodeEventLog({ abi: registry.abi, ...log, strict: true }))
    case staking.address:
      return applyStaking(state, decodeEventLog({ abi: staking.abi, ...log, strict: true }))
    case market.address: {
      const event = decodeEventLog({ abi: market.abi, ...log, strict: true })
      applyMarket(state, event, time)
      if ('bountyId' in event.args) record(state, event.args.bountyId, { ...log, name: event.eventName })
    }
  }
}

/** A refused claim may name a run that does not exist, which has no timeline. */
function record({ runs, events }: Replay, bountyId: bigint, event: ReplayedEvent) {
  if (runs.has(bountyId)) events.set(bountyId, [...(events.get(bountyId) ?? []), event])
}

function agentOf({ agents }: Replay, id: bigint): ReplayedAgent {
  const fresh: ReplayedAgent = {
    id,
    owner: null,
    agentWallet: null,
    agentURI: null,
    stakedAmount: 0n,
    lockedAmount: 0n,
    stakedAt: 0n,
    completions: 0,
    slashes: 0,
    frozen: false,
    banned: false,
    volume: 0n,
    ...agents.get(id),
  }
  agents.set(id, fresh)
  return fresh
}

function runOf({ runs }: Replay, bountyId: bigint): ReplayedRun {
  const known = runs.get(bountyId)
  if (!known) throw new Error(`an event names bounty ${bountyId}, which was never created`)
  const fresh = { ...known }
  runs.set(bountyId, fresh)
  return fresh
}

type Decoded<abi extends Abi> = DecodeEventLogReturnType<abi, ContractEventName<abi>, Hex[], Hex, true>

function applyRegistry(state: Replay, event: Decoded<World['contracts']['registry']['abi']>) {
  switch (event.eventName) {
    case 'Registered':
      agentOf(state, event.args.agentId).agentURI = event.args.agentURI
      return
    case 'URIUpdated':
      agentOf(state, event.args.agentId).agentURI = event.args.newURI
      return
    case 'Transfer':
      agentOf(state, event.args.tokenId).owner = event.args.to
      return
    case 'MetadataSet':
      if (event.args.metadataKey !== 'agentWallet') return
      agentOf(state, event.args.agentId).agentWallet =
        event.args.metadataValue === '0x' ? null : getAddress(event.args.metadataValue)
  }
}

function applyStaking(state: Replay, event: Decoded<World['contracts']['staking']['abi']>) {
  if (!('agentId' in event.args)) return
  const agent = agentOf(state, event.args.agentId)
  const { args } = event
  if ('staked' in args) agent.stakedAmount = args.staked
  if ('stakedAt' in args) agent.stakedAt = args.stakedAt
  if ('locked' in args) agent.lockedAmount = args.locked
  switch (event.eventName) {
    case 'Slashed':
      agent.slashes = Number(event.args.slashes)
      return
    case 'RunCompleted':
      agent.completions = Number(event.args.completions)
      agent.volume += event.args.reward
      return
    case 'AgentFrozen':
      agent.frozen = true
      return
    case 'AgentUnfrozen':
      agent.frozen = false
      return
    case 'AgentBanned':
      agent.banned = true
      return
    case 'AgentUnbanned':
      agent.banned = false
  }
}

function applyMarket(state: Replay, event: Decoded<World['contracts']['market']['abi']>, time: bigint) {
  switch (event.eventName) {
    case 'BountyCreated': {
      const { bountyId, poster, ipfsHash, reward, fee, stake, deadline, workPeriod, evaluator } = event.args
      state.runs.set(bountyId, {
        bountyId,
        posterAddress: poster,
        ipfsHash,
        reward,
        fee,
        deadline,
        state: 'DRAFT',
        ...unclaimed,
        round: 0,
        createdAt: time,
        workPeriod,
        stakeRequired: stake,
        evaluator: isAddressEqual(evaluator, zeroAddress) ? null : evaluator,
      })
      return
    }
    case 'BountyFunded':
      runOf(state, event.args.bountyId).state = 'OPEN'
      return
    case 'BountyWithdrawn':
      runOf(state, event.args.bountyId).state = 'DRAFT'
      return
    case 'BountyClaimed': {
      const { bountyId, agentId, wallet, stake, round, submitBy } = event.args
      Object.assign(runOf(state, bountyId), {
        state: 'CLAIMED',
        claimedBy: agentId,
        claimedByWallet: wallet,
        stake,
        round: Number(round),
        submitBy,
        claimedAt: time,
      })
      return
    }
    case 'WorkStarted':
      runOf(state, event.args.bountyId).state = 'IN_PROGRESS'
      return
    case 'WorkSubmitted': {
      const { bountyId, deliverableHash, reviewBy } = event.args
      Object.assign(runOf(state, bountyId), {
        state: 'SUBMITTED',
        deliverableHash,
        reviewBy,
        submitBy: null,
        submittedAt: time,
      })
      return
    }
    case 'RevisionRequested': {
      const { bountyId, feedbackHash, revision, submitBy } = event.args
      Object.assign(runOf(state, bountyId), {
        state: 'REVISION_REQUESTED',
        feedbackHash,
        revisions: Number(revision),
        submitBy,
        reviewBy: null,
      })
      return
    }
    case 'BountyApproved':
      Object.assign(runOf(state, event.args.bountyId), { state: 'APPROVED', reviewBy: null })
      return
    case 'BountyRejected':
      Object.assign(runOf(state, event.args.bountyId), { state: 'REJECTED', submitBy: null, reviewBy: null })
      return
    case 'ClaimSlashed':
    case 'ClaimAbandoned':
      Object.assign(runOf(state, event.args.bountyId), { state: 'OPEN', ...unclaimed })
  }
}
