import { lastDeliveryOf } from '../../../client/src/run.ts'
import type { Context } from '../action.ts'
import { runOnChain } from '../runOnChain.ts'
import { openSession } from '../session.ts'
import { changeRun, relayForRun } from './changeRun.ts'
import type { RelayOptions } from './relay.ts'

/** Approves a delivery: the one that the option names, else the last. The market refuses it if there is a later one. */
export async function approve(context: Context<{ revision?: number } & RelayOptions>, id: bigint) {
  const session = await openSession(context)
  const address = session.contracts.market
  const last = lastDeliveryOf(await runOnChain(session, id)) ?? 0
  const revision = context.revision ?? last
  if (context.relay && !context.dryRun) {
    return relayForRun(context, 'approve', id, (runs, run, options) => runs.approve(run, revision, options))
  }
  const args = [id, revision] as const
  await changeRun(
    session,
    context,
    [{ action: `approve run ${id}`, address, functionName: 'approveWork', args }],
    () => id,
  )
}
