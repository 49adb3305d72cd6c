import { type Hash, stringify } from 'viem'
import type { Refusal, RefusalCode } from '../../refusal.ts'
import type { Effect } from '../../sender/action.ts'
import { type Lease, writeUnder } from '../../sender/store/leases.ts'
import type { Database } from '../../store/database.ts'
import { DECISIONS_CHANNEL } from '../../store/decisionsChannel.ts'
import type { StoredClaim, StoredRefusal } from './claims.ts'
import { countSpending } from './spending.ts'

/** The block that decided a claim, and the transaction if it is of this relay. */
export type Landing = { blockNumber: bigint; txHash?: Hash }

/** A claim may be refused without a block: before its transaction is mined. */
export type Decision =
  | (Landing & { state: 'won'; round: bigint })
  | (Partial<Landing> & { state: 'refused'; problem: Refusal })

export type DecidedClaim = [StoredClaim, Decision]

const BLAMELESS = new Set<RefusalCode>(['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED'])

/**
 * Whether a revert is not the agent's fault: another claim came first, which may be lost by now, or the relay was too slow. If
 * it counted, a rival that wins three runs from an agent could pause it for a day. An expired signature counts, because the
 * relay requires more validity than a block takes.
 */
const isBlameless = ({ code, extensions }: Refusal, round: bigint) =>
  BLAMELESS.has(code) || (code === 'INVALID_SIGNATURE' && Number(extensions.round) > round)

/**
 * Updates open claims with their decisions. A refused claim may still become won: an expired claim is refused before
 * its transaction is mined, and after a reorg that transaction may still win. If the round is reserved for another
 * claim by then, the chain refuses that other claim.
 */
const decide = (decisions: string, from: string) => `
  UPDATE relay.claim SET state = new.state, problem = new.problem, tx_hash = "txHash",
    block_number = "blockNumber", round = coalesce(new.round, claim.round),
    reserved = NOT EXISTS (SELECT FROM relay.claim AS other
      WHERE other.bounty_id = claim.bounty_id AND other.round = coalesce(new.round, claim.round)
        AND other.state <> 'refused' AND other.reserved AND other.id <> claim.id)
  FROM ${from}, jsonb_to_recordset(${decisions}) AS new (claim text, tx bigint, state text, problem jsonb,
    "txHash" text, "blockNumber" bigint, round bigint, "isBlameless" boolean)
  WHERE claim.id = new.claim AND claim.tx = new.tx
    AND (claim.state = 'open' OR claim.state = 'refused' AND new.state = 'won')`

/**
 * Stores the decisions of transactions that are mined now, the reverts that count against agents, and what the
 * transactions cost. A decision whose claim has another transaction by now, or is decided, changes nothing.
 */
export const storeDecisions = (decisions: readonly DecidedClaim[]): Effect => ({
  text: (first) => `,
    decided AS (
      ${decide(`$${first}`, 'changed')} AND new.tx = changed.id
      RETURNING claim.id, claim.tx, claim.agent_id, claim.state, claim.tx_hash, new."isBlameless"),
    reverted AS (
      INSERT INTO relay.revert (tx_hash, claim, agent_id)
      SELECT decided.tx_hash, decided.id, decided.agent_id
      FROM decided JOIN relay.attempt ON attempt.hash = decided.tx_hash
      WHERE decided.state = 'refused' AND NOT attempt.filler AND NOT "isBlameless"
      ON CONFLICT DO NOTHING),
    ${countSpending}
    SELECT changed.id AS tx, decided.id AS action, pg_notify('${DECISIONS_CHANNEL}', decided.id)
    FROM changed LEFT JOIN decided ON decided.tx = changed.id`,
  values: [jsonOf(decisions)],
})

/**
 * Reopens the claims that a block decided which a reorg removed, and forgets their reverts. Each claim's round is reserved
 * again, unless another claim has reserved it.
 */
export const reopenClaims: Effect = {
  text: () => `,
    reopened AS (
      UPDATE relay.claim SET state = 'open', problem = NULL, tx_hash = NULL, block_number = NULL,
        reserved = NOT EXISTS (SELECT FROM relay.claim AS other WHERE other.bounty_id = claim.bounty_id
          AND other.round = claim.round AND other.state <> 'refused' AND other.reserved AND other.id <> claim.id)
      FROM changed WHERE claim.tx = changed.id AND claim.block_number IS NOT NULL
      RETURNING claim.id, claim.tx),
    forgotten AS (
      DELETE FROM relay.revert USING relay.attempt, changed WHERE tx_hash = attempt.hash AND attempt.tx = changed.id)
    SELECT changed.id AS tx, reopened.id AS action FROM changed LEFT JOIN reopened ON reopened.tx = changed.id`,
  values: [],
}

/** Stores a decision about a claim that its transaction did not make. @returns whether it changed the claim. */
export async function recordDecision(database: Database, lease: Lease, decided: DecidedClaim): Promise<boolean> {
  const text = `, decided AS (${decide('$3', 'lease')} RETURNING claim.id)
    SELECT id, pg_notify('${DECISIONS_CHANNEL}', id) FROM decided`
  return (await writeUnder(database, lease, text, [jsonOf([decided])])).length > 0
}

function jsonOf(decisions: readonly DecidedClaim[]) {
  const rows = decisions.map(([{ claimId, tx, round }, decision]) => {
    const row = { claim: claimId, tx: tx.id, ...decision }
    if (decision.state === 'won') return row
    const { code, detail, extensions } = decision.problem
    const problem: StoredRefusal = { code, detail, extensions }
    return { ...row, problem, isBlameless: isBlameless(decision.problem, round) }
  })
  return stringify(rows)
}
