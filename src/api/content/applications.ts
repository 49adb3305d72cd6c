import pg from 'pg'
import type { Address } from 'viem'
import { inTransactionOf } from '../../../core/database/transaction.ts'

/** The most open applications of an agent, and for a run. */
export const MOST_OF_AGENT = 20
export const MOST_OF_RUN = 200

/** After so many days an application is gone. */
export const MAX_AGE_DAYS = 30

/** How old a claim is, in seconds, before the applications for its run are deleted: no reorg undoes it then. */
const FINAL_SECONDS = 3_600

/** The advisory locks of agents and of runs: applications of one agent, and those for one run, follow one another. */
const AGENT_LOCKS = 728_654_303
const RUN_LOCKS = 728_654_304

export type Applicant = { agentId: bigint; wallet: Address }

export type Application = Applicant & { bountyId: bigint; note: string }

/** Why an application is not stored: the agent has as many as it may, or the run has as many with better records. */
export type ApplyResult = 'stored' | 'agentFull' | 'runFull'

const IS_FRESH = `applied_at > now() - interval '${MAX_AGE_DAYS} days'`

/**
 * Stores an application in place of the agent's former one for the run.
 * @param indexSchema the schema of the index, which knows the runs that are open.
 * @param findWeakest chooses the applicant that a full run drops.
 */
export async function storeApplication(
  pool: pg.Pool,
  indexSchema: string,
  { bountyId, agentId, wallet, note }: Application,
  findWeakest: (applicants: readonly Applicant[]) => Promise<bigint>,
): Promise<ApplyResult> {
  return inTransactionOf(pool, async (client) => {
    for (const [locks, id] of [[AGENT_LOCKS, agentId] as const, [RUN_LOCKS, bountyId] as const]) {
      await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [locks, String(id)])
    }
    // What a former wallet has asked for, the agent cannot withdraw.
    await client.query('DELETE FROM content.application WHERE agent_id = $1 AND wallet <> $2', [agentId, wallet])
    const { rows: open } = await client.query(
      `SELECT 1 FROM content.application JOIN ${pg.escapeIdentifier(indexSchema)}.run USING (bounty_id)
       WHERE agent_id = $1 AND bounty_id <> $2 AND state = 'OPEN' AND ${IS_FRESH}`,
      [agentId, bountyId],
    )
    if (open.length >= MOST_OF_AGENT) return 'agentFull'
    const { rows } = await client.query<{ agent_id: string; wallet: Address }>(
      `SELECT agent_id, wallet FROM content.application WHERE bounty_id = $1 AND agent_id <> $2 AND ${IS_FRESH}`,
      [bountyId, agentId],
    )
    if (rows.length >= MOST_OF_RUN) {
      const others = rows.map((row) => ({ agentId: BigInt(row.agent_id), wallet: row.wallet }))
      const weakest = await findWeakest([...others, { agentId, wallet }])
      if (weakest === agentId) return 'runFull'
      await client.query('DELETE FROM content.application WHERE bounty_id = $1 AND agent_id = $2', [bountyId, weakest])
    }
    await client.query(
      `INSERT INTO content.application (bounty_id, agent_id, wallet, note) VALUES ($1, $2, $3, $4)
       ON CONFLICT (bounty_id, agent_id) DO UPDATE SET note = $4, applied_at = now()`,
      [bountyId, agentId, wallet, note],
    )
    return 'stored'
  })
}

/** Deletes the application, which only its wallet may withdraw. */
export async function withdrawApplication(pool: pg.Pool, application: Omit<Application, 'note'>): Promise<void> {
  const { bountyId, agentId, wallet } = application
  await pool.query('DELETE FROM content.application WHERE bounty_id = $1 AND agent_id = $2 AND wallet = $3', [
    bountyId,
    agentId,
    wallet,
  ])
}

/** Deletes what is too old, and the applications for runs whose claim is final. @returns how many. */
export async function deleteOldApplications(pool: pg.Pool, chainId: number, indexSchema: string): Promise<number> {
  const index = pg.escapeIdentifier(indexSchema)
  // An index that is made anew shows old claims of runs that are open again: it deletes nothing until it has the last hour.
  const { rowCount } = await pool.query(
    `DELETE FROM content.application WHERE NOT ${IS_FRESH} OR bounty_id IN (
       SELECT bounty_id FROM ${index}.run, ${index}.head
       WHERE chain_id = $1 AND timestamp > extract(epoch FROM now()) - ${FINAL_SECONDS}
         AND state NOT IN ('DRAFT', 'OPEN') AND claimed_at < timestamp - ${FINAL_SECONDS}
         AND bounty_id IN (SELECT bounty_id FROM content.application))`,
    [chainId],
  )
  return rowCount ?? 0
}
