import type { Address } from 'viem'
import { type Database, stored } from './database.ts'

/** What a signer has on its way, and what it has spent. */
export type Backlog = {
  /** How many of its transactions are signed and not known to be mined. */
  unmined: number
  isUnfunded: boolean
  /** The node does not take what it signed. */
  isStuck: boolean
  /** What was mined within the last 24 hours cost, in wei. */
  spent: bigint
  /**
   * What its unmined transactions cost at most, in wei, apart from what a rollup takes for their data: that is known
   * only once they are mined, so a budget may be exceeded by that much of as many as may be unmined.
   */
  committed: bigint
}

export async function backlogOf(database: Database, signer: Address): Promise<Backlog> {
  const { rows } = await stored(
    database.query(
      `SELECT count(*)::int AS unmined, coalesce(bool_or(last_result = 'unfunded'), false) AS "isUnfunded",
         coalesce(bool_or(last_result IN ('refused', 'unsent', 'unknown')), false) AS "isStuck",
         coalesce(sum(ceiling), 0)::text AS committed,
         (SELECT coalesce(sum(fee), 0) FROM relay.tx WHERE signer = $1 AND mined_at > now() - interval '1 day')::text AS spent
       FROM relay.tx, LATERAL (
         SELECT max(gas * max_fee_per_gas) AS ceiling FROM relay.attempt WHERE attempt.tx = tx.id) AS attempt
       WHERE signer = $1 AND state IN ('signed', 'accepted')`,
      [signer],
    ),
  )
  const { spent, committed, ...flags } = rows[0]
  return { ...flags, spent: BigInt(spent), committed: BigInt(committed) }
}
