import { EvmBatchProcessor } from '@subsquid/evm-processor'
import { TypeormDatabase } from '@subsquid/typeorm-store'
import { In } from 'typeorm'
import * as staking from './abi/AgentStaking'
import * as market from './abi/BountyMarket'
import { Agent, Run } from './model'

const { RPC_URL, BOUNTY_MARKET = '', AGENT_STAKING = '' } = process.env

const processor = new EvmBatchProcessor()
  .setRpcEndpoint({ url: RPC_URL!, rateLimit: 500, capacity: 10 })
  .setRpcDataIngestionSettings({ headPollInterval: 100 })
  // As Ponder has it for this chain.
  .setFinalityConfirmation(30)
  .setFields({ log: { topics: true, data: true } })
  .addLog({ address: [BOUNTY_MARKET, AGENT_STAKING] })

/** The events of a run that change nothing but its state. */
const states = [
  [market.events.BountyFunded, 'OPEN'],
  [market.events.BountyWithdrawn, 'DRAFT'],
  [market.events.WorkStarted, 'IN_PROGRESS'],
  [market.events.RevisionRequested, 'REVISION_REQUESTED'],
  [market.events.BountyApproved, 'APPROVED'],
  [market.events.BountyRejected, 'REJECTED'],
] as const
const noClaim = { claimedBy: null, claimedByWallet: null, stake: null, deliverableHash: null, claimedAt: null }

processor.run(new TypeormDatabase({ supportHotBlocks: true }), async (ctx) => {
  const logs = ctx.blocks.flatMap(({ header, logs }) =>
    logs.map((log) => ({ log, timestamp: BigInt(Math.floor(header.timestamp / 1_000)) })),
  )
  // The batch's rows are read once, changed in memory and written once.
  const idsOf = (address: string) => [
    ...new Set(logs.filter(({ log }) => log.address === address).map(({ log }) => BigInt(log.topics[1] ?? 0).toString())),
  ]
  const runs = new Map<string, Run>()
  const agents = new Map<string, Agent>()
  for (const run of await ctx.store.findBy(Run, { id: In(idsOf(BOUNTY_MARKET)) })) runs.set(run.id, run)
  for (const agent of await ctx.store.findBy(Agent, { id: In(idsOf(AGENT_STAKING)) })) agents.set(agent.id, agent)
  const runOf = ({ bountyId }: { bountyId: bigint }) => runs.get(String(bountyId))!
  function agentOf({ agentId }: { agentId: bigint }) {
    const id = String(agentId)
    const agent = agents.get(id) ?? new Agent({ id, staked: 0n, locked: 0n, completions: 0, volume: 0n })
    agents.set(id, agent)
    return agent
  }

  for (const { log, timestamp } of logs) {
    const { BountyCreated, BountyClaimed, WorkSubmitted, ClaimSlashed, ClaimAbandoned } = market.events
    const { Staked, Unstaked, StakeLocked, StakeReleased, StakeForfeited, Slashed, RunCompleted } = staking.events
    if (BountyCreated.is(log)) {
      const { bountyId, poster: posterAddress, ipfsHash, reward, deadline } = BountyCreated.decode(log)
      const id = String(bountyId)
      const created = { id, bountyId, posterAddress, ipfsHash, reward, deadline, createdAt: timestamp }
      runs.set(id, new Run({ ...created, state: 'DRAFT' }))
    } else if (BountyClaimed.is(log)) {
      const { bountyId, agentId: claimedBy, wallet: claimedByWallet, stake } = BountyClaimed.decode(log)
      Object.assign(runOf({ bountyId }), { state: 'CLAIMED', claimedBy, claimedByWallet, stake, claimedAt: timestamp })
    } else if (WorkSubmitted.is(log)) {
      const { bountyId, deliverableHash } = WorkSubmitted.decode(log)
      Object.assign(runOf({ bountyId }), { state: 'SUBMITTED', deliverableHash, submittedAt: timestamp })
    } else if (ClaimSlashed.is(log) || ClaimAbandoned.is(log)) {
      const event = ClaimSlashed.is(log) ? ClaimSlashed : ClaimAbandoned
      Object.assign(runOf(event.decode(log)), { state: 'OPEN', ...noClaim })
    } else if (Staked.is(log) || Unstaked.is(log)) {
      const args = Staked.is(log) ? Staked.decode(log) : Unstaked.decode(log)
      agentOf(args).staked = args.staked
    } else if (StakeLocked.is(log) || StakeReleased.is(log)) {
      const args = (StakeLocked.is(log) ? StakeLocked : StakeReleased).decode(log)
      agentOf(args).locked = args.locked
    } else if (StakeForfeited.is(log) || Slashed.is(log)) {
      const args = StakeForfeited.is(log) ? StakeForfeited.decode(log) : Slashed.decode(log)
      Object.assign(agentOf(args), { staked: args.staked, locked: args.locked })
    } else if (RunCompleted.is(log)) {
      const args = RunCompleted.decode(log)
      const agent = agentOf(args)
      agent.completions += 1
      agent.volume += args.reward
    } else {
      const [event, state] = states.find(([event]) => event.is(log)) ?? []
      if (event && state) runOf(event.decode(log)).state = state
    }
  }
  await ctx.store.upsert([...runs.values()])
  await ctx.store.upsert([...agents.values()])
})
