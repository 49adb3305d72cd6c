import type { Hash } from 'viem'
import type { RowDecision } from '../../ledger/decisions.ts'
import type { Refusal, RefusalCode } from '../../refusal.ts'
import type { StoredAction } from './actions.ts'

/** What the chain decided. An action may be refused without a block: before its transaction is mined. */
export type ActionDecision =
  | { state: 'done'; blockNumber: bigint; txHash: Hash; result: bigint | null }
  | { state: 'refused'; problem: Refusal; blockNumber?: bigint; txHash?: Hash }

export type DecidedAction = [StoredAction, ActionDecision]

/**
 * The reverts that do not count against the party: the run or the agent changed after the simulation, by an action that another
 * party may have made: it ends a claim or a review, uses a nonce, slashes or locks stake, or gives the agent another owner.
 * If they counted, an opponent could pause the party for a day.
 */
const BLAMELESS = new Set<RefusalCode>([
  'WRONG_STATE',
  'WRONG_REVISION',
  'RUN_CLOSING',
  'REVIEW_PERIOD_OVER',
  'SUBMISSION_OVERDUE',
  'SIGNER_MISMATCH',
  'OWNER_MISMATCH',
  'WRONG_NONCE',
  'INSUFFICIENT_STAKE',
  'STAKE_LOCKED',
  'NOTHING_OWED',
  'USDC_REFUSED',
])

/** The decision as the action's row has it. */
export function rowDecisionOf([{ actionId, tx }, decision]: DecidedAction): RowDecision {
  const row = { action: actionId, tx: tx.id }
  if (decision.state === 'done') return { ...decision, ...row }
  const { code, detail, extensions } = decision.problem
  return { ...decision, ...row, problem: { code, detail, extensions }, isOwnFault: !BLAMELESS.has(code) }
}
