import type { Address } from 'viem'
import { abi } from '../../../client/src/transactions.ts'
import type { Context } from '../action.ts'
import { CommandError } from '../commandError.ts'
import { runOnChain } from '../runOnChain.ts'
import { openSession } from '../session.ts'
import { showState } from './changeRun.ts'

/** For how long the command waits until the claim is decided. */
const CLAIM_TIMEOUT_SECONDS = 120

/** With a note the agent applies for the run, without one it withdraws. */
export type ApplyOptions = { agent: bigint; note?: string; withdraw?: true }

/** Signs an application, or its withdrawal, which the API stores. It is off chain. */
export async function apply(context: Context<ApplyOptions>, id: bigint) {
  const { agent: agentId, note, withdraw, output } = context
  if (withdraw === undefined && note === undefined) {
    throw new CommandError(
      'NO_NOTE',
      'Name what the poster reads with --note, or take an application back with --withdraw.',
    )
  }
  const { runline, node } = await openSession(context)
  const options = { agentId, signer: node.account }
  const { runs } = runline
  const done = note === undefined ? await runs.withdrawApplication(id, options) : await runs.apply(id, note, options)
  output.line(done.message)
  output.result(done)
}

/** The terms that the user agrees to, where they are not the market's defaults. Base units, seconds. */
export type ClaimTerms = { agent: bigint; stake?: bigint; workPeriod?: number; evaluator?: Address }

/** Signs the claim for the market of the session, and has the API send it, which pays the gas. */
export async function claim(context: Context<ClaimTerms>, id: bigint) {
  const { agent: agentId, stake, workPeriod, evaluator, dryRun, output } = context
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
  const { run, txHash, blockNumber } = await session.runline.runs.claim(await runOnChain(session, id), {
    agentId,
    expected: { stake, workPeriod, evaluator },
    signer: account,
    timeoutSeconds: CLAIM_TIMEOUT_SECONDS,
  })
  output.transaction({ action, txHash, blockNumber })
  showState(context, run)
  output.result({ run })
}
