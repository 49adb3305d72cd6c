import type pg from 'pg'
import { type Address, type Hex, stringify } from 'viem'
import { Refusal } from '../refusal.ts'
import { query } from '../store/database.ts'
import { isFree } from './decisions.ts'
import type { StoredRefusal } from './storedActions.ts'

/** What a row of `relay.action` says of the request. */
export type NewRow = {
  id: Hex
  kind: string
  party: Address | null
  agentId: bigint | null
  amount: bigint
  /** Of a claim. */
  runId?: bigint
  round?: bigint
  slot: string
  body: Record<string, unknown>
  deadline: bigint | null
  signature: Hex | null
  /** The client’s idempotency key. */
  key?: string | undefined
}

/** SQL: whether a refused claim may be sent again: a signed one that reverted by the fault of its agent would do so without end. */
const MAY_REOPEN = "action.state = 'refused' AND (action.reverted_at IS NULL OR action.signature IS NULL)"

type StoredRow = NewRow & { former: bigint | undefined; reserve: bigint; place: number | undefined; counted: unknown }

/**
 * Stores the rows of free slots. A refused claim that may be sent again, or an action that may be made again, gets its slot and a
 * transaction anew, and no key: once it was sent, anyone may repeat it. All in one order of slots, which excludes deadlocks.
 * @returns the transaction of each stored row.
 */
export async function storeRows(db: pg.PoolClient, rows: readonly StoredRow[]): Promise<Map<Hex, bigint>> {
  if (rows.length === 0) return new Map()
  const text = `
    WITH new_tx AS MATERIALIZED (
      SELECT place, nextval('relay.tx_id') AS tx FROM generate_series(0, $2::int - 1) AS place),
    new AS MATERIALIZED (
      SELECT id, kind, party, "agentId", amount, "runId", round, slot, body, deadline, signature, key, former, reserve,
        ARRAY(SELECT jsonb_array_elements_text(counted)) AS subjects, tx
      FROM jsonb_to_recordset($1) AS asked (id text, kind text, party text, "agentId" numeric, amount numeric, "runId" numeric,
        round bigint, slot text, body jsonb, deadline numeric, signature text, key text, former bigint, reserve numeric,
        counted jsonb, place int)
      JOIN new_tx USING (place)),
    reopened AS (
      UPDATE relay.action SET amount = new.amount, reserve = new.reserve, subjects = new.subjects, tx = new.tx,
        state = 'open', holds_slot = true, tx_hash = NULL, block_number = NULL, result = NULL, problem = NULL,
        created_at = now()
      FROM new WHERE action.id = new.id AND ${isFree('action.slot')} AND CASE WHEN new.former IS NULL
        THEN action.kind = 'claim' AND ${MAY_REOPEN} ELSE action.tx = new.former AND action.state <> 'open' END
      RETURNING action.id, action.tx),
    inserted AS (
      INSERT INTO relay.action (id, kind, party, agent_id, amount, run_id, round, slot, body, deadline, signature,
        idempotency_key, reserve, subjects, tx)
      SELECT id, kind, party, "agentId", amount, "runId", round, slot, body, deadline, signature, key, reserve, subjects, tx
      FROM new ORDER BY slot
      ON CONFLICT DO NOTHING RETURNING id, tx)
    SELECT id, tx FROM reopened UNION ALL SELECT id, tx FROM inserted`
  const values = [stringify(rows), Math.max(...rows.map(({ place = 0 }) => place + 1))]
  const stored = await query<{ id: Hex; tx: bigint }>(db, text, values)
  return new Map(stored.map(({ id, tx }) => [id, tx]))
}

/** Why claims are not stored whose own transaction reverted before. */
export async function revertsOf(db: pg.PoolClient, ids: Hex[]): Promise<Map<Hex, Refusal>> {
  if (ids.length === 0) return new Map()
  const text = `
    SELECT id, problem FROM relay.action
    WHERE id = ANY($1) AND kind = 'claim' AND state = 'refused' AND NOT (${MAY_REOPEN})`
  const rows = await query<{ id: Hex; problem: StoredRefusal }>(db, text, [ids])
  return new Map(
    rows.map(({ id, problem: { code, detail, extensions } }) => [
      id,
      new Refusal(code, `${detail} A message that reverted is not sent again: sign a new one.`, { extensions }),
    ]),
  )
}
