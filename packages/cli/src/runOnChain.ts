import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import type { ReadRun } from '../../client/src/index.ts'
import type { Session } from './session.ts'

/** `BountyMarket.State.REVISION_REQUESTED`. */
const REVISION_REQUESTED = 7

/**
 * The run as the user's node has it: so the API decides neither the round nor the revision of what the account signs. Its terms
 * are absent: the user agrees to the defaults, or names others.
 */
export async function runOnChain({ node, contracts }: Session, bountyId: bigint): Promise<ReadRun> {
  const read = { address: contracts.market, abi: bountyMarketAbi, functionName: 'getBounty', args: [bountyId] } as const
  const { state, reward, round, revisions } = await node.readContract(read)
  const run = { bountyId, reward: String(reward), round, revisions }
  return state === REVISION_REQUESTED ? { ...run, state: 'REVISION_REQUESTED' } : run
}
