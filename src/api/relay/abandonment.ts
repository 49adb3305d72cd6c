import type pg from 'pg'
import type { Address, Hex } from 'viem'
import { actionNames, CLAIM } from './kinds/request.ts'
import { DECISIONS_CHANNEL } from './ledger/decisions.ts'
import { GAP } from './sender/store/transactions.ts'
import type { Database } from './store/database.ts'

/** What an abandonment takes: an open claim or action, with its transaction. Seconds since it was first signed. */
export type Abandonable = { id: Hex; what: string; txHash: Hex; age: number }

/** What an abandonment gives up. Transactions of other kinds are for actions that this build does not know. */
const kinds = [GAP, ...actionNames].map((name) => `'${name}'`)
const IS_ABANDONABLE = `tx.state IN ('signed', 'accepted') AND tx.kind IN (${kinds.join()})`

/** SQL that refuses open rows, and tells the replicas. @param where follows `UPDATE … SET …`. */
const refuse = (where: string) => `
  refused AS (
    UPDATE relay.action SET state = 'refused', holds_slot = false, problem = jsonb_build_object(
      'code', CASE kind WHEN '${CLAIM}' THEN 'CLAIM_REVERTED' ELSE 'ACTION_REVERTED' END, 'extensions', '{}'::jsonb,
      'detail', 'An operator abandoned it before it was mined. Its transaction may still be mined: look at the run.')
    ${where} AND action.state = 'open' RETURNING action.id)
  SELECT pg_notify('${DECISIONS_CHANNEL}', id) FROM refused`

const select = `
  SELECT action.id, action.state, last.hash AS "txHash", round(extract(epoch FROM now() - last.signed_at))::int AS age,
    CASE action.kind WHEN '${CLAIM}' THEN 'run ' || run_id || ', agent ' || agent_id || ' (' || party || ')'
      ELSE action.kind || ' of ' || slot END AS what
  FROM relay.action JOIN relay.tx ON tx.id = action.tx
  CROSS JOIN LATERAL (
    SELECT hash, signed_at FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS last`

/** The claim or action, and its state: only an open one is abandoned. Undefined where none has this id. */
export async function findAbandonable(database: Database, id: Hex) {
  const found = await database.query<Abandonable & { state: string }>(`${select} WHERE action.id = $1`, [id])
  return found.rows[0]
}

/** How many unmined transactions a signer has that can be abandoned, and what they are for, if that is open. */
export async function findUnmined(database: Database, signer: Address) {
  const isUnmined = `tx.signer = $1 AND ${IS_ABANDONABLE}`
  const txs = await database.query(`SELECT FROM relay.tx WHERE ${isUnmined}`, [signer])
  const text = `${select} WHERE ${isUnmined} AND action.state = 'open' ORDER BY action.tx`
  const open = await database.query<Abandonable>(text, [signer])
  return { transactions: txs.rowCount ?? 0, open: open.rows }
}

/** Refuses the claim or action, if it is open still, and tells the replicas. @returns whether it was. */
export async function abandonOne(client: pg.Client, id: Hex): Promise<boolean> {
  return (await client.query(`WITH ${refuse('WHERE action.id = $1')}`, [id])).rowCount === 1
}

/** Gives up all unmined transactions of the signer, and refuses what they are for. @returns how many of these. */
export async function abandonSigner(client: pg.Client, signer: Address): Promise<number> {
  const text = `
    WITH abandoned AS (
      UPDATE relay.tx SET state = 'abandoned' WHERE signer = $1 AND ${IS_ABANDONABLE} RETURNING tx.id),
    ${refuse('FROM abandoned WHERE action.tx = abandoned.id')}`
  return (await client.query(text, [signer])).rowCount ?? 0
}
