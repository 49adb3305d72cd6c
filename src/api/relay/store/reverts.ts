import type { ProblemCode } from '../../errors.ts'
import type { Database } from './database.ts'

/**
 * Why a good claim may revert through no fault of its agent: another was faster, or the relay was too slow. Were these
 * counted, a rival that takes three runs from an agent could shut it out for a day. A signature that has expired in its
 * block does count: the relay asks for more validity than a block takes.
 */
const BLAMELESS: ProblemCode[] = ['RUN_NOT_OPEN', 'RUN_DEADLINE_PASSED']

/** Keeps which claims of these transactions have cost gas for nothing, once their decisions are stored: `admission` counts them. */
export const recordReverts = (database: Database, txs: bigint[]) =>
  database.query(
    `INSERT INTO relay.revert (tx_hash, claim, agent_id)
     SELECT claim.tx_hash, claim.id, claim.agent_id
     FROM relay.claim JOIN relay.attempt ON attempt.hash = claim.tx_hash
     WHERE claim.tx = ANY($1) AND claim.state = 'refused' AND NOT attempt.filler AND claim.problem->>'code' <> ALL($2)
     ON CONFLICT DO NOTHING`,
    [txs, BLAMELESS],
  )

/** A reorg undid the transaction: nothing of it has cost anything. */
export const forgetReverts = (database: Database, tx: bigint) =>
  database.query('DELETE FROM relay.revert USING relay.attempt WHERE tx_hash = attempt.hash AND attempt.tx = $1', [tx])
