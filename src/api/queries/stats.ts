import { eq, inArray, type SQL, sql } from 'drizzle-orm'
import { agent, payee, run, runStates } from '../../../ponder.schema.ts'
import { type AgentStatus, agentStatus, agentStatuses, isRegistered } from './agents.ts'
import { claimable, type RunState } from './runs.ts'
import type { SnapshotQuery } from './snapshot.ts'

/** Counts, and amounts in USDC base units. */
export type Stats = {
  runs: Record<RunState, number> & {
    claimableRuns: number
    /** Rewards and fees that the market holds: of funded runs that have not ended. */
    escrowed: bigint
    /** Rewards of approved runs. */
    paid: bigint
  }
  agents: Record<AgentStatus, number> & { staked: bigint; locked: bigint }
  /** Payments that USDC refused and nobody collected yet. */
  payees: { owed: bigint }
}

/** Between funding and the end. */
const escrowing: RunState[] = ['OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED']

const countWhere = (condition: SQL, alias: string) =>
  sql<number>`count(*) filter (where ${condition})`.mapWith(Number).as(alias)

const sumWhere = (amount: SQL, condition: SQL, alias: string) =>
  sql<bigint>`coalesce(sum(${amount}) filter (where ${condition}), 0)`.mapWith(BigInt).as(alias)

function countEach<Key extends string>(keys: readonly Key[], condition: (key: Key) => SQL) {
  return Object.fromEntries(keys.map((key) => [key, countWhere(condition(key), key)])) as Record<
    Key,
    ReturnType<typeof countWhere>
  >
}

const runTotals = {
  ...countEach(runStates, (state) => eq(run.state, state)),
  claimableRuns: countWhere(claimable, 'claimableRuns'),
  escrowed: sumWhere(sql`${run.reward} + ${run.fee}`, inArray(run.state, escrowing), 'escrowed'),
  paid: sumWhere(sql`${run.reward}`, eq(run.state, 'APPROVED'), 'paid'),
}

const agentTotals = {
  ...countEach(agentStatuses, (status) => sql`${isRegistered} and ${agentStatus} = ${status}`),
  staked: sumWhere(sql`${agent.stakedAmount}`, sql`true`, 'staked'),
  locked: sumWhere(sql`${agent.lockedAmount}`, sql`true`, 'locked'),
}

const payeeTotals = { owed: sumWhere(sql`${payee.owed}`, sql`true`, 'owed') }

/** The market in figures. It reads every run and agent. */
export const stats: SnapshotQuery<Stats> = async (db, snapshot) => {
  const runs = db.select(runTotals).from(run).as('runs')
  const agents = db.select(agentTotals).from(agent).as('agents')
  const payees = db.select(payeeTotals).from(payee).as('payees')
  const [row] = await db
    .with(snapshot)
    .select()
    .from(snapshot)
    .innerJoin(runs, sql`true`)
    .innerJoin(agents, sql`true`)
    .innerJoin(payees, sql`true`)
  return row && { snapshot: row.snapshot, data: row }
}
