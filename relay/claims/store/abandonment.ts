import type pg from 'pg'
import type { Address, Hex } from 'viem'
import { GAP } from '../../sender/store/transactions.ts'
import type { Database } from '../../store/database.ts'
import { DECISIONS_CHANNEL } from '../../store/decisionsChannel.ts'
import { CLAIM } from './claims.ts'

/** What an abandonment takes: an open claim, with its transaction. Seconds since it was first signed. */
export type Abandonable = { claim: Hex; bountyId: string; agentId: string; wallet: Address; txHash: Hex; age: number }

/** What an abandonment gives up: transactions of other kinds are for actions that it does not know. */
const IS_ABANDONABLE = `tx.state IN ('signed', 'accepted') AND tx.kind IN ('${CLAIM}', '${GAP}')`

const refuse = (where: string) => `
  UPDATE relay.claim SET state = 'refused', problem = jsonb_build_object(
    'code', 'CLAIM_REVERTED', 'extensions', '{}'::jsonb, 'detail',
    'An operator abandoned the claim before it was mined. Its transaction may still be mined: look at the run.')
  ${where} AND claim.state = 'open' RETURNING claim.id`

const select = `
  SELECT claim.id AS claim, bounty_id::text AS "bountyId", agent_id::text AS "agentId", wallet, last.hash AS "txHash",
    round(extract(epoch FROM now() - last.signed_at))::int AS age
  FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
  CROSS JOIN LATERAL (
    SELECT hash, signed_at FROM relay.attempt WHERE attempt.tx = tx.id ORDER BY signed_at DESC LIMIT 1) AS last`

/** The claim, and its state: only an open one is abandoned. Undefined where no claim has this id. */
export async function findAbandonable(database: Database, claim: Hex) {
  const { rows } = await database.query<Abandonable & { state: string }>(
    `SELECT found.*, state FROM (${select}) AS found JOIN relay.claim ON claim.id = found.claim WHERE found.claim = $1`,
    [claim],
  )
  return rows[0]
}

/** How many unmined transactions for claims a signer has, and their open claims. */
export async function findUnmined(database: Database, signer: Address) {
  const isUnmined = `tx.signer = $1 AND ${IS_ABANDONABLE}`
  const txs = await database.query(`SELECT FROM relay.tx WHERE ${isUnmined}`, [signer])
  const text = `${select} WHERE ${isUnmined} AND claim.state = 'open' ORDER BY claim.tx`
  const claims = await database.query<Abandonable>(text, [signer])
  return { transactions: txs.rowCount ?? 0, claims: claims.rows }
}

/** Refuses the claim, if it is open still, and tells the replicas. @returns whether it was. */
export async function abandonClaim(client: pg.Client, claim: Hex): Promise<boolean> {
  const text = `WITH refused AS (${refuse('WHERE claim.id = $1')}) SELECT pg_notify('${DECISIONS_CHANNEL}', id) FROM refused`
  return (await client.query(text, [claim])).rowCount === 1
}

/** Gives up all unmined transactions for claims of the signer and refuses their claims. @returns how many claims. */
export async function abandonSigner(client: pg.Client, signer: Address): Promise<number> {
  const text = `
    WITH abandoned AS (
      UPDATE relay.tx SET state = 'abandoned' WHERE signer = $1 AND ${IS_ABANDONABLE} RETURNING tx.id),
    refused AS (${refuse('FROM abandoned WHERE claim.tx = abandoned.id')})
    SELECT pg_notify('${DECISIONS_CHANNEL}', id) FROM refused`
  return (await client.query(text, [signer])).rowCount ?? 0
}
