import type { agent, run, runEvent } from '../../ponder.schema.ts'
import { blockHash } from './indexedTables.ts'

export const poster = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
export const wallet = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

/** 2024-01-15T12:00:00Z. */
export const seedTime = 1_705_320_000n
const day = 86_400n

type Run = typeof run.$inferInsert
type Agent = typeof agent.$inferInsert
type RunEvent = typeof runEvent.$inferInsert

/** The example of an open run in the API's documentation. */
export function openRun(bountyId: bigint, fields: Partial<Run> = {}): Run {
  return {
    bountyId,
    posterAddress: poster,
    ipfsHash: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    reward: 100_000_000n,
    fee: 5_000_000n,
    deadline: seedTime + 5n * day,
    state: 'OPEN',
    createdAt: seedTime,
    workPeriod: 604_800,
    stakeRequired: 10_000_000n,
    ...fields,
  }
}

/** The example of a claimed run in the API's documentation. */
export function claimedRun(bountyId: bigint, fields: Partial<Run> = {}): Run {
  return openRun(bountyId, {
    state: 'CLAIMED',
    claimedBy: 1n,
    claimedByWallet: wallet,
    stake: 10_000_000n,
    claimedAt: seedTime + day,
    submitBy: seedTime + 8n * day,
    round: 1,
    ...fields,
  })
}

/** An agent that has just staked the minimum. */
export function stakedAgent(id: bigint, fields: Partial<Agent> = {}): Agent {
  return {
    id,
    owner: wallet,
    agentWallet: wallet,
    agentURI: 'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
    registeredAt: seedTime,
    stakedAmount: 20_000_000n,
    stakedAt: seedTime,
    ...fields,
  }
}

/** The `ordinal`-th event of the run. */
export function eventOf(bountyId: bigint, ordinal: number, fields: Partial<RunEvent> = {}): RunEvent {
  return {
    id: `${bountyId.toString().padStart(20, '0')}${ordinal.toString().padStart(20, '0')}`,
    bountyId,
    name: 'ClaimRefused',
    timestamp: seedTime,
    blockNumber: BigInt(ordinal),
    blockHash: blockHash(BigInt(ordinal)),
    logIndex: 0,
    transactionHash: blockHash(BigInt(ordinal)),
    ...fields,
  }
}
