import { type Log, parseEventLogs, type TransactionReceipt } from 'viem'
import { bountyMarketAbi } from '../../../../abis/BountyMarket.ts'
import type { Action, ReadRun, Run, RunlineClient } from '../../../client/src/index.ts'
import { lastDeliveryOf } from '../../../client/src/run.ts'
import type { MarketFunction } from '../../../client/src/transactions.ts'
import type { Context } from '../action.ts'
import { formatUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'
import { asks, type Confirmed, confirm } from '../confirm.ts'
import { runOnChain } from '../runOnChain.ts'
import { isRelayed, openSession, relayOptions, type Session } from '../session.ts'
import { indented, storedText } from '../storedText.ts'
import { type Call, transact } from '../transact.ts'
import type { RelayOptions } from './relay.ts'

/** The argument of a call after the run’s id, if it has one: a URI, a wallet, or the number of a delivery. */
type Argument = string | number | undefined

/** An action about a run: a call of the market, or a signature that the API sends. */
export type RunAct = {
  name: string
  functionName: MarketFunction
  relayed: (
    runs: RunlineClient['runs'],
    run: ReadRun,
    options: ReturnType<typeof relayOptions>,
    argument: Argument,
  ) => Promise<Action>
  /** Whether it is about the last delivery, which is then shown. */
  isReview?: boolean
  /** What a person on a terminal confirms. */
  question?: (run: Run, delivery: number) => string
}

/**
 * Acts on a run as the user’s node has it.
 * @param argumentOf the argument of the call, which is read once `run show` would show the same.
 */
export async function actOnRun(
  context: Context<RelayOptions & Confirmed>,
  { name, functionName, relayed, ...shown }: RunAct,
  id: bigint,
  argumentOf: (run: ReadRun) => Argument = () => undefined,
) {
  const { output } = context
  const session = await openSession(context)
  const action = `${name} run ${id}`
  const read = await runOnChain(session, id)
  const argument = argumentOf(read)
  // The contract refuses the approval of another delivery than the last.
  const isOther = typeof argument === 'number' && argument !== lastDeliveryOf(read)
  if (!isOther) await showBefore(context, session, read, shown)
  if (await isRelayed(context, session)) {
    const acted = await relayed(session.runline.runs, read, relayOptions(session), argument)
    const { run, txHash, blockNumber, actionId } = acted
    output.transaction({ action, txHash, blockNumber, actionId })
    showState(context, run)
    return output.result({ run })
  }
  const args = argument === undefined ? [id] : [id, argument]
  const call: Call = { action, address: session.contracts.market, functionName, args }
  await changeRun(session, context, [call], () => id)
}

/** Shows the delivery that the action is about, and asks for what cannot be undone. @throws CommandError unless it is confirmed. */
async function showBefore(
  context: Context<Confirmed>,
  { node, runline }: Session,
  read: ReadRun,
  { isReview, question }: Pick<RunAct, 'isReview' | 'question'>,
) {
  const isAsked = question !== undefined && asks(context)
  if (!isReview && !isAsked) return
  const minBlock = Number(await node.getBlockNumber({ cacheTime: 0 }))
  const run = await runline.runs.get(read.bountyId, { minBlock })
  if (run.round !== read.round || run.revisions !== read.revisions) {
    const message = `The API shows run ${run.bountyId} with other claims or revisions than your node. Try again.`
    throw new CommandError('RUN_CHANGED', message, { kind: 'unreachable' })
  }
  // The contract refuses a review where there is no delivery.
  const delivery = (lastDeliveryOf(read) ?? 0) + 1
  const hasDelivery = run.state === 'SUBMITTED' || run.state === 'REVISION_REQUESTED'
  if (isReview && !hasDelivery) return
  if (isReview) context.output.line(`Delivery ${delivery} of run ${run.bountyId}: ${run.deliverableHash}`)
  if (!isAsked) return
  const text = isReview ? await storedText(runline.content, run.deliverableHash) : null
  if (text !== null) for (const line of indented(text)) context.output.line(line)
  await confirm(context, question(run, delivery))
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
