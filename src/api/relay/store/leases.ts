import type pg from 'pg'
import type { Address } from 'viem'
import { type Database, query } from './database.ts'

/** How long a keeper may write about a signer without renewing its lease. Seconds. */
export const LEASE_SECONDS = 6

/**
 * The right to write about the transactions of a signer. The token grows each time that a keeper takes the lease, so
 * that a statement of an earlier keeper, which was paused meantime, changes nothing.
 */
export type Lease = { signer: Address; token: bigint }

/** How a replica's connections are named, by which the others see that it lives. */
export const connectionName = (holder: string) => `runline_relay ${holder}`

/**
 * A lease that this replica may take: its own, one that expired, or one of a replica without a connection to the
 * database, which has ended. `$1` is the name of this replica.
 */
const isFree = `(holder = $1 OR expires_at <= now() OR NOT EXISTS (
  SELECT FROM pg_stat_activity WHERE application_name = '${connectionName('')}' || holder))`

/** @returns undefined while another replica has it. */
export async function takeLease(database: Database, holder: string, signer: Address): Promise<Lease | undefined> {
  const text = `
    UPDATE relay.keeper SET token = token + 1, holder = $1, expires_at = now() + interval '${LEASE_SECONDS} seconds'
    WHERE signer = $2 AND ${isFree} RETURNING token`
  const [row] = await query<{ token: bigint }>(database, text, [holder, signer])
  return row && { signer, token: row.token }
}

/** A lease that has expired is not renewed: what was read under it may be old, and another keeper may be at work. */
export async function renewLease(database: Database, { signer, token }: Lease): Promise<boolean> {
  const text = `
    UPDATE relay.keeper SET expires_at = now() + interval '${LEASE_SECONDS} seconds'
    WHERE signer = $1 AND token = $2 AND expires_at > now() RETURNING token`
  return (await query(database, text, [signer, token])).length === 1
}

export const releaseLease = (database: Database, { signer, token }: Lease) =>
  query(database, 'UPDATE relay.keeper SET expires_at = now() WHERE signer = $1 AND token = $2', [signer, token])

/** Whether a lease holds: `$1` and `$2` are its signer and token. */
export const isHeld =
  'EXISTS (SELECT FROM relay.keeper WHERE signer = $1 AND token = $2::bigint AND expires_at > now())'

/**
 * Runs a keeper's write, which is one statement: a process that is paused leaves no transaction open. The statement
 * joins the relation `lease`, so that it changes nothing once the lease has expired or belongs to another. The row lock
 * makes a keeper that takes the lease wait for the statement.
 * @param text follows `WITH lease AS (…)`; its own parameters begin with `$3`.
 */
export function writeUnder<Row extends pg.QueryResultRow>(
  database: Database,
  { signer, token }: Lease,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const statement = `
    WITH lease AS MATERIALIZED (
      SELECT FROM relay.keeper WHERE signer = $1 AND token = $2::bigint AND expires_at > now() FOR SHARE)
    ${text}`
  return query<Row>(database, statement, [signer, token, ...values])
}

/** The signers with transactions that are not final, or open claims without a transaction that could decide them. */
export function signersWithWork(database: Database, holder: string) {
  const text = `
    SELECT signer.address, ${isFree} AS "isFree" FROM relay.signer JOIN relay.keeper ON keeper.signer = signer.address
    WHERE EXISTS (SELECT FROM relay.tx WHERE tx.signer = address AND state IN ('signed', 'accepted', 'mined'))
      OR EXISTS (SELECT FROM relay.claim JOIN relay.tx ON tx.id = claim.tx
        WHERE claim.state = 'open' AND tx.signer = address)`
  return query<{ address: Address; isFree: boolean }>(database, text, [holder])
}
