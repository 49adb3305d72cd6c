import {
  type Abi,
  type ContractEventName,
  type DecodeEventLogReturnType,
  decodeEventLog,
  getAddress,
  type Hex,
  isAddressEqual,
  zeroAddress,
} from 'viem'
import { type ChainLog, timeOf } from '../../ops/audit/chainLogs.ts'
import type { agent, run } from '../../ponder.schema.ts'
import type { World } from './world.ts'

/** A run as its logs alone describe it. */
export type ReplayedRun = Omit<typeof run.$inferSelect, 'openedAt' | 'endedAt'>

/** An agent as its logs alone describe it. */
export type ReplayedAgent = Omit<
  typeof agent.$inferSelect,
  'registeredAt' | 'registrationLog' | 'step' | 'updatedBlock' | 'agentURIBlock'
>

/** A log of the market that names a run. */
type ReplayedEvent = { name: string } & Pick<ChainLog, 'blockNumber' | 'blockHash' | 'logIndex' | 'transactionHash'>

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

const unregistered = {
  owner: null,
  agentWallet: null,
  agentURI: null,
  agentURITruncated: false,
  stakedAmount: 0n,
  lockedAmount: 0n,
  stakedAt: 0n,
  completions: 0,
  slashes: 0,
  frozen: false,
  banned: false,
  volume: 0n,
  feesPaid: 0n,
}

/**
 * Replays the three contracts' logs up to and including `toBlock` into the state of every run and agent. Of the
 * indexer it shares the types of rows only, so that the two cannot have the same mistake.
 */
export async function replay(world: World, toBlock: bigint): Promise<Replay> {
  const { registry, staking, market } = world.contracts
  const logs = await world.node.getLogs({
    address: [registry.address, staking.address, market.address],
    fromBlock: BigInt(world.deployment.startBlock),
    toBlock,
  })
  const state: Replay = { runs: new Map(), agents: new Map(), events: new Map() }
  for (const log of logs) applyLog(world, state, log)
  return state
}

/**
 * Applies one log to the state. It replaces entries of the maps and never changes one, so that a copy of the maps keeps
 * an earlier state.
 */
export function applyLog(world: World, state: Replay, log: ChainLog) {
  const { registry, staking, market } = world.contracts
  switch (getAddress(log.address)) {
    case registry.address:
      return applyRegistry(state, decodeEventLog({ abi: registry.abi, ...log, strict: true }))
    case staking.address:
      return applyStaking(state, decodeEventLog({ abi: staking.abi, ...log, strict: true }))
    case market.address:
      return applyMarket(state, decodeEventLog({ abi: market.abi, ...log, strict: true }), log)
  }
}

type Decoded<abi extends Abi> = DecodeEventLogReturnType<abi, ContractEventName<abi>, Hex[], Hex, true>

const changeAgent = ({ agents }: Replay, id: bigint, changes: Partial<ReplayedAgent>) =>
  agents.set(id, { id, ...unregistered, ...agents.get(id), ...changes })

/** The API has at most 2,048 bytes of a URI, in whole characters. */
function uriOf(uri: string) {
  const bytes = Buffer.from(uri)
  // In a stream, the bytes of an incomplete character wait for the next ones.
  const agentURI = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, 2_048), { stream: true })
  return { agentURI, agentURITruncated: bytes.length > 2_048 }
}

function applyRegistry(state: Replay, event: Decoded<World['contracts']['registry']['abi']>) {
  switch (event.eventName) {
    case 'Registered':
      return changeAgent(state, event.args.agentId, uriOf(event.args.agentURI))
    case 'URIUpdated':
      return changeAgent(state, event.args.agentId, uriOf(event.args.newURI))
    case 'Transfer':
      return changeAgent(state, event.args.tokenId, { owner: event.args.to })
    case 'MetadataSet': {
      const { agentId, metadataKey, metadataValue } = event.args
      if (metadataKey !== 'agentWallet') return
      return changeAgent(state, agentId, { agentWallet: metadataValue === '0x' ? null : getAddress(metadataValue) })
    }
  }
}

type StakingEvent = Decoded<World['contracts']['staking']['abi']>

function applyStaking(state: Replay, event: StakingEvent) {
  if (!('agentId' in event.args)) return
  const { args } = event
  const volume = state.agents.get(args.agentId)?.volume ?? 0n
  changeAgent(state, args.agentId, {
    ...('staked' in args && { stakedAmount: args.staked }),
    ...('stakedAt' in args && { stakedAt: args.stakedAt }),
    ...('locked' in args && { lockedAmount: args.locked }),
    ...recordChangesOf(event, volume),
  })
}

/** What an event changes of the agent's record. @param volume Before the event. */
function recordChangesOf(event: StakingEvent, volume: bigint): Partial<ReplayedAgent> | undefined {
  switch (event.eventName) {
    case 'Slashed':
      return { slashes: Number(event.args.slashes) }
    case 'RunCompleted':
      return { completions: Number(event.args.completions), volume: volume + event.args.reward }
    case 'AgentFrozen':
      return { frozen: true }
    case 'AgentUnfrozen':
      return { frozen: false }
    case 'AgentBanned':
      return { banned: true }
    case 'AgentUnbanned':
      return { banned: false }
  }
}

type MarketEvent = Decoded<World['contracts']['market']['abi']>

function applyMarket(state: Replay, event: MarketEvent, log: ChainLog) {
  const { runs, events } = state
  if (!('bountyId' in event.args)) return
  if (event.eventName === 'BountyApproved' && !isAddressEqual(event.args.by, zeroAddress)) {
    const { agentId, fee } = event.args
    changeAgent(state, agentId, { feesPaid: (state.agents.get(agentId)?.feesPaid ?? 0n) + fee })
  }
  const { bountyId } = event.args
  const run = event.eventName === 'BountyCreated' ? createdRun(event.args, timeOf(log)) : runs.get(bountyId)
  if (!run) {
    // A refused claim may name a run that does not exist, which has no timeline.
    if (event.eventName === 'ClaimRefused') return
    throw new Error(`an event names bounty ${bountyId}, which was never created`)
  }
  runs.set(bountyId, { ...run, ...changesOf(event, timeOf(log)) })
  events.set(bountyId, [...(events.get(bountyId) ?? []), { ...log, name: event.eventName }])
}

type Created = Extract<MarketEvent, { eventName: 'BountyCreated' }>['args']

const createdRun = ({ poster, stake, evaluator, ...terms }: Created, time: bigint): ReplayedRun => ({
  ...terms,
  ...unclaimed,
  posterAddress: poster,
  state: 'DRAFT',
  payer: null,
  claimant: null,
  namings: 0,
  round: 0,
  closing: false,
  createdAt: time,
  stakeRequired: stake,
  evaluator: isAddressEqual(evaluator, zeroAddress) ? null : evaluator,
})

/** What an event changes of its run. */
function changesOf(event: MarketEvent, time: bigint): Partial<ReplayedRun> | undefined {
  switch (event.eventName) {
    case 'ClaimantNamed': {
      const { claimant, namings } = event.args
      return { claimant: isAddressEqual(claimant, zeroAddress) ? null : claimant, namings: Number(namings) }
    }
    case 'BountyFunded':
      return { state: 'OPEN', payer: event.args.payer }
    case 'BountyWithdrawn':
      return { state: 'DRAFT', closing: false }
    case 'BountyClosing':
      return { closing: true }
    case 'BountyClaimed': {
      const { agentId, wallet, stake, round, submitBy } = event.args
      const claim = { claimedBy: agentId, claimedByWallet: wallet, claimedAt: time }
      return { state: 'CLAIMED', ...claim, stake, round: Number(round), submitBy }
    }
    case 'WorkStarted':
      return { state: 'IN_PROGRESS' }
    case 'WorkSubmitted': {
      const { deliverableHash, reviewBy } = event.args
      return { state: 'SUBMITTED', deliverableHash, reviewBy, submitBy: null, submittedAt: time }
    }
    case 'RevisionRequested': {
      const { feedbackHash, revision, submitBy } = event.args
      return { state: 'REVISION_REQUESTED', feedbackHash, revisions: Number(revision), submitBy, reviewBy: null }
    }
    case 'BountyApproved':
      return { state: 'APPROVED', submitBy: null, reviewBy: null }
    case 'BountyRejected':
      return { state: 'REJECTED', submitBy: null, reviewBy: null }
    case 'ClaimSlashed':
    case 'ClaimAbandoned':
      return { state: 'OPEN', ...unclaimed }
  }
}
