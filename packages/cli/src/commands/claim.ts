import type { Context } from '../action.ts'
import { openSession } from '../session.ts'
import { abi } from '../transact.ts'
import { showState } from './changeRun.ts'

/** For how long the command waits until the claim is decided. */
const CLAIM_TIMEOUT_SECONDS = 120

/** Signs the claim for the market of the session, and has the API send it, which pays the gas. */
export async function claim(context: Context<{ agent: bigint }>, id: bigint) {
  const { agent: agentId, dryRun, output } = context
  const session = await openSession(context)
  const { account } = session.node
  const action = `claim run ${id} for agent ${agentId}`
  if (dryRun) {
    // It reverts as the claim would.
    await session.node.readContract({
      address: session.contracts.market,
      abi,
      functionName: 'checkClaim',
      args: [id, agentId, account.address],
    })
    output.transaction({ action })
    return output.result({ dryRun: true })
  }
  const { run, txHash, blockNumber } = await session.runline.runs.claim(id, {
    agentId,
    signer: account,
    timeoutSeconds: CLAIM_TIMEOUT_SECONDS,
  })
  output.transaction({ action, txHash, blockNumber })
  showState(context, run)
  output.result({ run })
}
