import { and, eq, gt, sql } from 'drizzle-orm'
import { agentErrors, runErrors } from '../../../core/market/eligibility.ts'
import type { run as runTable } from '../../../ponder.schema.ts'
import { type Applicant, MAX_AGE_DAYS } from '../content/applications.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { type AgentRow, agentsById } from './agents.ts'
import { application } from './content.ts'

type Run = typeof runTable.$inferSelect

export type ApplicationRow = { agent: AgentRow; note: string; appliedAt: Date }

const isFresh = gt(application.appliedAt, sql.raw(`now() - interval '${MAX_AGE_DAYS} days'`))

/**
 * The applications for a run that waits for a claimant, the best record first. Only those of agents that may claim it now but
 * for its claimant: to apply locks no stake.
 */
export async function applicationsFor(tx: Tx, block: Snapshot, run: Run): Promise<ApplicationRow[]> {
  if (run.claimant === null || [...runErrors(run, block.now)].length > 0) return []
  const { agentId, wallet, note, appliedAt } = application
  const rows = await tx
    .select({ agentId, wallet, note, appliedAt })
    .from(application)
    .where(and(eq(application.bountyId, run.bountyId), isFresh))
  const byAgent = new Map(rows.map((row) => [BigInt(row.agentId), row]))
  const applicants = rows.map((row) => ({ agentId: BigInt(row.agentId), wallet: row.wallet }))
  return (await eligible(tx, block, run, applicants)).flatMap((agent) => {
    const row = byAgent.get(agent.id)
    return row ? { agent, note: row.note, appliedAt: row.appliedAt } : []
  })
}

/** The applicant that a full run drops: one that may not claim it, else the one with the lowest record. */
export async function weakestOf(tx: Tx, block: Snapshot, run: Run, applicants: readonly Applicant[]): Promise<bigint> {
  const ranked = (await eligible(tx, block, run, applicants)).map(({ id }) => id)
  const weakest = applicants.find(({ agentId }) => !ranked.includes(agentId))?.agentId ?? ranked.at(-1)
  if (weakest === undefined) throw new Error(`Run ${run.bountyId} has no applicant to drop`)
  return weakest
}

/** The agents of applicants that may claim the run but for its claimant, the best record first. */
async function eligible(tx: Tx, { now }: Snapshot, { stakeRequired }: Run, applicants: readonly Applicant[]) {
  const agents = await agentsById(
    tx,
    now,
    applicants.map(({ agentId }) => agentId),
  )
  return applicants
    .flatMap(({ wallet }, place) => {
      const agent = agents[place]
      return agent && [...agentErrors(agent, wallet, stakeRequired)].length === 0 ? agent : []
    })
    .sort((one, other) => compareRecords(one, other))
}

/**
 * Fees come first: each unit was lost for good in a run that a party approved, so that runs with oneself cost what they feign.
 * Then stake, which is free again once the application is withdrawn; then the older id.
 */
function compareRecords(one: AgentRow, other: AgentRow): number {
  const lead = other.feesPaid - one.feesPaid || other.stakedAmount - one.stakedAmount || one.id - other.id
  return lead < 0n ? -1 : 1
}
