import { type Log, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { Action, ReadRun, Run, RunlineClient } from '../../../client/src/index.ts'
import type { MarketFunction } from '../../../client/src/transactions.ts'
import type { Context } from '../action.ts'
import { formatUsdc } from '../arguments.ts'
import { runOnChain } from '../runOnChain.ts'
import { openSession, relayOptions, type Session } from '../session.ts'
import { type Call, transact } from '../transact.ts'
import type { RelayOptions } from './relay.ts'

/** The same by a signature, which the API sends. */
type RelayedAction = (
  runs: RunlineClient['runs'],
  run: ReadRun,
  options: ReturnType<typeof relayOptions>,
) => Promise<Action>

/**
 * Acts on a run: calls the market, or has the API send what the account signs for the market of the session.
 * @param args the arguments of the function after the run’s id.
 */
export async function actOnRun(
  context: Context<RelayOptions>,
  name: string,
  id: bigint,
  functionName: MarketFunction,
  args: (string | number)[],
  relayed: RelayedAction,
) {
  const { output } = context
  const session = await openSession(context)
  const action = `${name} run ${id}`
  // A dry run shows what the call would do, which is the same.
  if (context.relay && !context.dryRun) {
    const read = await runOnChain(session, id)
    const { run, txHash, blockNumber } = await relayed(session.runline.runs, read, relayOptions(session))
    output.transaction({ action, txHash, blockNumber })
    showState(context, run)
    return output.result({ run })
  }
  const call: Call = { action, address: session.contracts.market, functionName, args: [id, ...args] }
  await changeRun(session, context, [call], () => id)
}

/**
 * Sends the calls, and shows the run after them.
 * @param idOf the run’s id, which a new run gets from the receipt of the last call.
 */
export async function changeRun(
  session: Session,
  context: Context,
  calls: Call[],
  idOf: (receipt: TransactionReceipt) => bigint,
) {
  const receipt = await transact(session, context, calls)
  if (!receipt) return context.output.result({ dryRun: true })
  const run = await session.runline.runs.get(idOf(receipt), { minBlock: Number(receipt.blockNumber) })
  showState(context, run)
  showDeferred(context, receipt.logs)
  context.output.result({ run })
}

/** Prints the state of the run, with what was paid and what is due next. */
export function showState({ output }: Context, run: Run) {
  const { bountyId, state, claimedBy, claimedByWallet, reward, stake } = run
  output.line(`Run ${bountyId} is ${state}.`)
  if (state === 'APPROVED') {
    output.line(`Agent ${claimedBy} earns ${formatUsdc(reward)} for its wallet ${claimedByWallet}.`)
  }
  if (state === 'CLAIMED') output.line(`${formatUsdc(stake ?? 0n)} of the stake of agent ${claimedBy} is locked.`)
  if (run.closing && !run.endedAt)
    output.line('The run is closing: if the claim is lost, the escrow returns to the poster.')
  if (run.submitBy) output.line(`Submit by ${run.submitBy}.`)
  if (run.reviewBy) output.line(`Review by ${run.reviewBy}.`)
}

/** USDC may refuse to pay an address. The market then owes the amount. */
function showDeferred({ output }: Context, logs: Log[]) {
  for (const { args } of parseEventLogs({ abi: bountyMarketAbi, eventName: 'PaymentDeferred', logs })) {
    output.line(`USDC refused to pay ${args.payee}: the market owes it ${formatUsdc(args.amount)}, see docs/market.md.`)
  }
}
