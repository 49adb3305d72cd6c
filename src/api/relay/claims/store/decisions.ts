import type { Hash } from 'viem'
import type { RowDecision } from '../../ledger/decisions.ts'
import type { Refusal, RefusalCode } from '../../refusal.ts'
import { type StoredClaim, slotOfClaim } from './claims.ts'

/** The block that decided a claim, and the transaction if it is of this relay. */
export type Landing = { blockNumber: bigint; txHash?: Hash }

/** A claim may be refused without a block: before its transaction is mined. */
export type Decision =
  | (Landing & { state: 'won'; round: bigint })
  | (Partial<Landing> & { state: 'refused'; problem: Refusal })

export type DecidedClaim = [StoredClaim, Decision]

const BLAMELESS = new Set<RefusalCode>(['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED', 'NOT_CLAIMANT'])

/**
 * Whether a revert is not the agent's fault: another claim came first, which may be lost by now, the relay was too slow, or the
 * poster has named another claimant. If it counted, a rival that wins three runs from an agent, or a poster that names
 * another claimant three times, could pause it for a day. An expired signature counts, because the
 * relay requires more validity than a block takes.
 */
const isBlameless = ({ code, extensions }: Refusal, round: bigint) =>
  BLAMELESS.has(code) || (code === 'INVALID_SIGNATURE' && Number(extensions.round) > round)

/** The decision as the claim's row has it. */
export function rowDecisionOf([{ claimId, request, tx, round }, decision]: DecidedClaim): RowDecision {
  if (decision.state === 'won') {
    return {
      ...decision,
      action: claimId,
      tx: tx.id,
      state: 'done',
      slot: slotOfClaim(request.bountyId, decision.round),
    }
  }
  const { code, detail, extensions } = decision.problem
  const problem = { code, detail, extensions }
  return { ...decision, action: claimId, tx: tx.id, problem, isOwnFault: !isBlameless(decision.problem, round) }
}
