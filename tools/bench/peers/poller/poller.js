// Polls the logs of new blocks, writes each log's change, then stores how far it is.
import { setTimeout as sleep } from 'node:timers/promises'
import { createPublicClient, http } from 'viem'
import { agentStakingAbi } from '../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import { prisma } from './prisma.js'

const { RPC_URL, BOUNTY_MARKET, AGENT_STAKING } = process.env
const POLL_INTERVAL_MS = 100
const BLOCKS_PER_REQUEST = 100n

const client = createPublicClient({ transport: http(RPC_URL) })
const events = [...bountyMarketAbi, ...agentStakingAbi].filter(({ type }) => type === 'event')

/** The events of a run that change nothing but its state. */
const states = {
  BountyFunded: 'OPEN',
  BountyWithdrawn: 'DRAFT',
  WorkStarted: 'IN_PROGRESS',
  RevisionRequested: 'REVISION_REQUESTED',
  BountyApproved: 'APPROVED',
  BountyRejected: 'REJECTED',
}
const noClaim = { claimedBy: null, claimedByWallet: null, stake: null, deliverableHash: null, claimedAt: null }

async function handle({ eventName, args }, timestamp) {
  const { bountyId, agentId } = args
  const updateRun = (data) => prisma.run.update({ where: { bountyId }, data })
  const updateAgent = (data) => prisma.agent.update({ where: { id: agentId }, data })
  switch (eventName) {
    case 'BountyCreated': {
      const { poster: posterAddress, ipfsHash, reward, deadline } = args
      const run = { bountyId, posterAddress, ipfsHash, reward, deadline, state: 'DRAFT', createdAt: timestamp }
      return prisma.run.upsert({ where: { bountyId }, create: run, update: run })
    }
    case 'BountyClaimed':
      return updateRun({
        state: 'CLAIMED',
        claimedBy: agentId,
        claimedByWallet: args.wallet,
        stake: args.stake,
        claimedAt: timestamp,
      })
    case 'WorkSubmitted':
      return updateRun({ state: 'SUBMITTED', deliverableHash: args.deliverableHash, submittedAt: timestamp })
    case 'ClaimSlashed':
    case 'ClaimAbandoned':
      return updateRun({ state: 'OPEN', ...noClaim })
    case 'Staked': {
      const { staked } = args
      return prisma.agent.upsert({ where: { id: agentId }, create: { id: agentId, staked }, update: { staked } })
    }
    case 'Unstaked':
      return updateAgent({ staked: args.staked })
    case 'StakeLocked':
    case 'StakeReleased':
      return updateAgent({ locked: args.locked })
    case 'StakeForfeited':
    case 'Slashed':
      return updateAgent({ staked: args.staked, locked: args.locked })
    case 'RunCompleted':
      return updateAgent({ completions: { increment: 1 }, volume: { increment: args.reward } })
    default:
      if (eventName in states) return updateRun({ state: states[eventName] })
  }
}

console.log('Polling')
let { block = -1n } = (await prisma.cursor.findUnique({ where: { id: 1 } })) ?? {}
for (; ; await sleep(POLL_INTERVAL_MS)) {
  const latest = await client.getBlockNumber({ cacheTime: 0 })
  while (block < latest) {
    const fromBlock = block + 1n
    const toBlock = latest - block > BLOCKS_PER_REQUEST ? block + BLOCKS_PER_REQUEST : latest
    const logs = await client.getLogs({ address: [BOUNTY_MARKET, AGENT_STAKING], events, fromBlock, toBlock })
    let last
    for (const log of logs) {
      if (last?.number !== log.blockNumber) last = await client.getBlock({ blockNumber: log.blockNumber })
      await handle(log, last.timestamp)
    }
    block = toBlock
    await prisma.cursor.upsert({ where: { id: 1 }, create: { id: 1, block }, update: { block } })
  }
}
