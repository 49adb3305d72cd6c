import type pg from 'pg'
import type { Address } from 'viem'
import { type Database, query } from '../../store/database.ts'

/** How long a lease is valid without a renewal. Seconds. */
export const LEASE_SECONDS = 6

/**
 * The right to change the stored transactions of a signer. The token (a fencing token) grows each time a keeper takes
 * the lease, so that a late statement of an earlier keeper changes nothing.
 */
export type Lease = { signer: Address; token: bigint }

/** The name of a replica's connections, by which other replicas see that it is running. */
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

/** An expired lease is not renewed: data read under it may be outdated, and another keeper may have the lease. */
export async function renewLease(database: Database, { signer, token }: Lease): Promise<boolean> {
  const text = `
    UPDATE relay.keeper SET expires_at = now() + interval '${LEASE_SECONDS} seconds'
    WHERE signer = $1 AND token = $2 AND expires_at > now() RETURNING token`
  return (await query(database, text, [signer, token])).length === 1
}

export const releaseLease = (database: Database, { signer, token }: Lease) =>
  query(database, 'UPDATE relay.keeper SET expires_at = now() WHERE signer = $1 AND token = $2', [signer, token])

/** Whether a lease is valid: `$1` and `$2` are its signer and token. */
export const isHeld =
  'EXISTS (SELECT FROM relay.keeper WHERE signer = $1 AND token = $2::bigint AND expires_at > now())'

/**
 * Runs a keeper's write. It is one statement, so that a paused process leaves no transaction open. The statement joins
 * the relation `lease`, so that it changes nothing if the lease has expired or belongs to another keeper. A keeper that
 * takes the lease waits for the statement's row lock.
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

/**
 * The signers with work for a keeper: with transactions that are not final, or with actions that no transaction decides.
 * @param hasStranded see `Actions`.
 */
export function signersWithWork(database: Database, holder: string, hasStranded: string) {
  const text = `
    SELECT signer.address, ${isFree} AS "isFree" FROM relay.signer JOIN relay.keeper ON keeper.signer = signer.address
    WHERE EXISTS (SELECT FROM relay.tx WHERE tx.signer = address AND state IN ('signed', 'accepted', 'mined'))
      OR ${hasStranded}`
  return query<{ address: Address; isFree: boolean }>(database, text, [holder])
}
