import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { Context } from '../action.ts'
import { openSession } from '../session.ts'
import { changeRun, relayForRun } from './changeRun.ts'
import type { RelayOptions } from './relay.ts'

/** `BountyMarket.State.REVISION_REQUESTED`. */
const REVISION_REQUESTED = 7

/** Approves a delivery: the one that the option names, else the last. The market refuses it if there is a later one. */
export async function approve(context: Context<{ revision?: number } & RelayOptions>, id: bigint) {
  const session = await openSession(context)
  const address = session.contracts.market
  const read = { address, abi: bountyMarketAbi, functionName: 'getBounty', args: [id] } as const
  const { state, revisions } = await session.node.readContract(read)
  const last = state === REVISION_REQUESTED ? revisions - 1 : revisions
  const args = [id, context.revision ?? last] as const
  if (context.relay && !context.dryRun) {
    return relayForRun(context, 'approve', id, (runs, options) => runs.approve(id, args[1], options))
  }
  await changeRun(
    session,
    context,
    [{ action: `approve run ${id}`, address, functionName: 'approveWork', args }],
    () => id,
  )
}
