import type { Address } from 'viem'
import { formatUsdc } from '../../../../core/market/usdc.ts'
import { DEFAULT_WORK_PERIOD_SECONDS, defaultStakeOf } from '../../../client/src/claimMessage.ts'
import type { RunlineClient } from '../../../client/src/index.ts'
import { abi } from '../../../client/src/transactions.ts'
import type { Context } from '../action.ts'
import { CommandError, noDryRun } from '../commandError.ts'
import { runOnChain } from '../runOnChain.ts'
import { openSession } from '../session.ts'
import { showState } from './changeRun.ts'

/** For how long the command waits until the claim is decided. */
const CLAIM_TIMEOUT_SECONDS = 120

/** With a note the agent applies for the run, without one it withdraws. */
export type ApplyOptions = { agent: bigint; note?: string; withdraw?: true }

/** Signs an application, or its withdrawal, which the API stores. It is off chain. */
export async function apply(context: Context<ApplyOptions>, id: bigint) {
  const { agent: agentId, note, withdraw, dryRun, output } = context
  if (dryRun) throw noDryRun('run apply', 'An application is off chain, and --withdraw takes it back.')
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
  await assertAgreed(context, session.runline, id)
  const { run, txHash, blockNumber, claimId } = await session.runline.runs.claim(await runOnChain(session, id), {
    agentId,
    expected: { stake, workPeriod, evaluator },
    signer: account,
    timeoutSeconds: CLAIM_TIMEOUT_SECONDS,
  })
  output.transaction({ action, txHash, blockNumber, actionId: claimId })
  showState(context, run)
  output.result({ run })
}

/** @throws CommandError with the flags to add where the run has terms that are neither named nor the market's defaults. */
async function assertAgreed(
  { stake, workPeriod, evaluator }: Context<ClaimTerms>,
  { runs }: RunlineClient,
  id: bigint,
) {
  const run = await runs.get(id)
  const flags = [
    stake === undefined && BigInt(run.stakeRequired) > defaultStakeOf(BigInt(run.reward))
      ? [`--stake ${formatUsdc(run.stakeRequired)}`]
      : [],
    workPeriod === undefined && run.workPeriod !== DEFAULT_WORK_PERIOD_SECONDS
      ? [`--work-period ${run.workPeriod / 3_600}h`]
      : [],
    evaluator === undefined && run.evaluator !== null ? [`--evaluator ${run.evaluator}`] : [],
  ].flat()
  if (flags.length === 0) return
  const message = `Run ${id} has terms that are not the market’s defaults. If you agree to them, add: ${flags.join(' ')}`
  throw new CommandError('OTHER_TERMS', message, { kind: 'refused' })
}
