import { type ContractFunctionName, type Log, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { Action, ReadRun, Run, RunlineClient } from '../../../client/src/index.ts'
import type { Context } from '../action.ts'
import { formatUsdc } from '../arguments.ts'
import { runOnChain } from '../runOnChain.ts'
import { openSession, relayOptions, type Session } from '../session.ts'
import { type Call, transact } from '../transact.ts'

/** A function of the market that a transaction may call. */
export type MarketFunction = ContractFunctionName<typeof bountyMarketAbi, 'nonpayable'>

/** An action that the API sends with the account's signature. */
export type RelayedAction = (
  runs: RunlineClient['runs'],
  run: ReadRun,
  options: ReturnType<typeof relayOptions>,
) => Promise<Action>

/** Signs the action for the market of the session, and has the API send it. */
export async function relayForRun({ output, ...context }: Context, name: string, id: bigint, act: RelayedAction) {
  const session = await openSession(context)
  const { run, txHash, blockNumber } = await act(
    session.runline.runs,
    await runOnChain(session, id),
    relayOptions(session),
  )
  output.transaction({ action: `${name} run ${id}`, txHash, blockNumber })
  showState({ ...context, output }, run)
  output.result({ run })
}

/** Calls the market for a run. @param rest the arguments after the run’s id. */
export async function callForRun(
  context: Context,
  name: string,
  functionName: MarketFunction,
  id: bigint,
  ...rest: (string | number)[]
) {
  const session = await openSession(context)
  const address = session.contracts.market
  const calls: Call[] = [{ action: `${name} run ${id}`, address, functionName, args: [id, ...rest] }]
  await changeRun(session, context, calls, () => id)
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
