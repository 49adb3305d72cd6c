import { type Hash, stringify } from 'viem'
import type { Refusal, RefusalCode } from '../../refusal.ts'
import type { Effect } from '../../sender/action.ts'
import { type Lease, writeUnder } from '../../sender/store/leases.ts'
import type { Database } from '../../store/database.ts'
import { DECISIONS_CHANNEL } from '../../store/decisionsChannel.ts'
import { addSpending } from '../../store/spending.ts'
import type { StoredAction, StoredRefusal } from './actions.ts'

/**
 * What the chain decided. An action may be refused without a block: before its transaction is mined.
 * `isRevert`: its own transaction reverted in its block.
 */
export type Decision =
  | { state: 'done'; blockNumber: bigint; txHash: Hash; result: bigint | null }
  | { state: 'refused'; problem: Refusal; blockNumber?: bigint; txHash?: Hash; isRevert?: boolean }

export type DecidedAction = [StoredAction, Decision]

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

/**
 * Updates open actions with their decisions, which free their slots. A refused action may still become done: an expired one is
 * refused before its transaction is mined.
 */
const decide = (decisions: string, from: string) => `
  UPDATE relay.action SET state = new.state, holds_slot = false, problem = new.problem, tx_hash = "txHash",
    block_number = "blockNumber", result = new.result, reverted_at = CASE WHEN "isRevert" THEN now() END
  FROM ${from}, jsonb_to_recordset(${decisions}) AS new (action text, tx bigint, state text, problem jsonb,
    "txHash" text, "blockNumber" bigint, result numeric, "isRevert" boolean)
  WHERE action.id = new.action AND action.tx = new.tx
    AND (action.state = 'open' OR action.state = 'refused' AND new.state = 'done')`

/** Stores the decisions of transactions that are mined now, and what the transactions cost. */
export const storeDecisions = (decisions: readonly DecidedAction[]): Effect => ({
  text: (first) => `,
    decided AS (${decide(`$${first}`, 'changed')} AND new.tx = changed.id RETURNING action.id, action.tx),
    cost AS (
      SELECT unnest(subjects) AS subject, changed.fee AS wei
      FROM changed JOIN relay.action ON action.tx = changed.id),
    counted AS (${addSpending('cost')})
    SELECT changed.id AS tx, decided.id AS action, pg_notify('${DECISIONS_CHANNEL}', decided.id)
    FROM changed LEFT JOIN decided ON decided.tx = changed.id`,
  values: [jsonOf(decisions)],
})

/**
 * Reopens the actions that a block decided which a reorg removed, and forgets their reverts. Each has its slot again, unless
 * another action has it by now: the chain decides between them.
 */
export const reopenActions: Effect = {
  text: () => `,
    reopened AS (
      UPDATE relay.action SET state = 'open', problem = NULL, tx_hash = NULL, block_number = NULL, result = NULL,
        reverted_at = NULL, holds_slot = NOT EXISTS (
          SELECT FROM relay.action AS other WHERE other.slot = action.slot AND other.holds_slot)
      FROM changed WHERE action.tx = changed.id AND action.block_number IS NOT NULL RETURNING action.id, action.tx)
    SELECT changed.id AS tx, reopened.id AS action FROM changed LEFT JOIN reopened ON reopened.tx = changed.id`,
  values: [],
}

/** Stores a decision about an action that its transaction did not make. @returns whether it changed the action. */
export async function recordDecision(database: Database, lease: Lease, decided: DecidedAction): Promise<boolean> {
  const text = `, decided AS (${decide('$3', 'lease')} RETURNING action.id)
    SELECT id, pg_notify('${DECISIONS_CHANNEL}', id) FROM decided`
  return (await writeUnder(database, lease, text, [jsonOf([decided])])).length > 0
}

function jsonOf(decisions: readonly DecidedAction[]) {
  const rows = decisions.map(([{ actionId, tx }, decision]) => {
    const row = { action: actionId, tx: tx.id, ...decision }
    if (decision.state === 'done') return row
    const { code, detail, extensions } = decision.problem
    const problem: StoredRefusal = { code, detail, extensions }
    return { ...row, problem, isRevert: decision.isRevert === true && !BLAMELESS.has(code) }
  })
  return stringify(rows)
}
