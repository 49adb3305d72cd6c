import { type Hash, type Hex, stringify } from 'viem'
import type { Made } from '../kinds/kind.ts'
import type { Refusal } from '../refusal.ts'
import type { Effect } from '../sender/action.ts'
import { type Lease, writeUnder } from '../sender/store/leases.ts'
import type { Database } from '../store/database.ts'
import { addSpending } from './spending.ts'

/** The channel of notifications with the ids of decided claims and actions. */
export const DECISIONS_CHANNEL = 'relay_claim'

/**
 * What the chain decided about a row. It may be refused without a block: before its transaction is mined. `txHash`: the
 * transaction, if it is of this relay, or has made the action.
 */
export type Decision =
  | (Made & { state: 'done' })
  | { state: 'refused'; problem: Refusal; blockNumber?: bigint; txHash?: Hash }

/**
 * The decision as it is stored.
 * - `tx`: the transaction that the row had when it was decided.
 * - `isOwnFault`: if its own transaction reverted, that counts against its party, or against the agent of a claim.
 */
export type RowDecision = { action: Hex; tx: bigint; decision: Decision; isOwnFault: boolean }

/** The members of the decisions, as SQL reads them. */
const recordsOf = (decisions: readonly RowDecision[]) =>
  stringify(
    decisions.map(({ action, tx, decision, isOwnFault }) => {
      if (decision.state === 'done') return { action, tx, ...decision }
      const { code, detail, extensions } = decision.problem
      return { action, tx, ...decision, problem: { code, detail, extensions }, isOwnFault }
    }),
  )

/** SQL: whether no other row has the slot. */
export const isFree = (slot: string) => `NOT EXISTS (
  SELECT FROM relay.action AS other WHERE other.slot = ${slot} AND other.holds_slot AND other.id <> action.id)`

/**
 * Updates open rows with their decisions, which free their slots; a claim that was won keeps its own. A refused row may still
 * become done: an expired one is refused before its transaction is mined. If another row has its slot by then, the chain
 * refuses that other one. A row that its own transaction reverted by its fault has when.
 */
const decide = (decisions: string, from: string) => `
  UPDATE relay.action SET state = new.state, problem = new.problem, tx_hash = "txHash", block_number = "blockNumber",
    result = new.result, round = coalesce(new.round, action.round), slot = coalesce(new.slot, action.slot),
    holds_slot = new.state = 'done' AND kind = 'claim' AND ${isFree('coalesce(new.slot, action.slot)')},
    reverted_at = CASE WHEN "isOwnFault" AND EXISTS (
      SELECT FROM relay.attempt WHERE hash = "txHash" AND NOT filler) THEN now() ELSE reverted_at END
  FROM ${from}, jsonb_to_recordset(${decisions}) AS new (action text, tx bigint, state text, problem jsonb, "txHash" text,
    "blockNumber" bigint, result numeric, "isOwnFault" boolean, round bigint, slot text)
  WHERE action.id = new.action AND action.tx = new.tx
    AND (action.state = 'open' OR action.state = 'refused' AND new.state = 'done')`

/**
 * Stores the decisions of transactions that are mined now, and what the transactions cost their subjects, in equal parts: the claims of a transaction take about the same gas. A decision whose row has another
 * transaction by now, or is decided, changes nothing.
 */
export const storeDecisions = (decisions: readonly RowDecision[]): Effect => ({
  text: (first) => `,
    decided AS (
      ${decide(`$${first}`, 'changed')} AND new.tx = changed.id RETURNING action.id, action.tx),
    part AS (
      SELECT subjects, ceil(changed.fee / count(*) OVER (PARTITION BY changed.id)) AS wei
      FROM changed JOIN relay.action ON action.tx = changed.id),
    cost AS (SELECT unnest(subjects) AS subject, wei FROM part),
    counted AS (${addSpending('cost')})
    SELECT changed.id AS tx, decided.id AS action, pg_notify('${DECISIONS_CHANNEL}', decided.id)
    FROM changed LEFT JOIN decided ON decided.tx = changed.id`,
  values: [recordsOf(decisions)],
})

/**
 * Reopens the rows that a block decided which a reorg removed, and forgets their reverts. Each has its slot again, unless
 * another row has it by now: the chain decides between them.
 */
export const reopenRows: Effect = {
  text: () => `,
    reopened AS (
      UPDATE relay.action SET state = 'open', problem = NULL, tx_hash = NULL, block_number = NULL, result = NULL,
        reverted_at = NULL, holds_slot = ${isFree('action.slot')}
      FROM changed WHERE action.tx = changed.id AND action.block_number IS NOT NULL RETURNING action.id, action.tx)
    SELECT changed.id AS tx, reopened.id AS action FROM changed LEFT JOIN reopened ON reopened.tx = changed.id`,
  values: [],
}

/** Stores a decision about a row that its transaction did not make. @returns whether it changed the row. */
export async function recordDecision(database: Database, lease: Lease, decision: RowDecision): Promise<boolean> {
  const text = `, decided AS (${decide('$3', 'lease')} RETURNING action.id)
    SELECT id, pg_notify('${DECISIONS_CHANNEL}', id) FROM decided`
  return (await writeUnder(database, lease, text, [recordsOf([decision])])).length > 0
}
