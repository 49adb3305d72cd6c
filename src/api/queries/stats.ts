import { type Column, count, type SQL, sql } from 'drizzle-orm'
import { agent, payee, rewardBand, run, runStates } from '../../../ponder.schema.ts'
import { type AgentStatus, agentStatus, agentStatuses, isRegistered } from './agents.ts'
import { expired, type RunState } from './runFilter.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

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

const sumOf = (column: Column, alias: string) => sumWhere(sql`${column}`, sql`true`, alias)

const inState = Object.fromEntries(
  runStates.map((state) => [state, sql<number>`coalesce(sum(${rewardBand[state]}), 0)`.mapWith(Number).as(state)]),
) as Record<RunState, ReturnType<typeof countWhere>>

const runTotals = {
  ...inState,
  escrowed: sumOf(rewardBand.escrowed, 'escrowed'),
  paid: sumOf(rewardBand.paid, 'paid'),
}

const agentTotals = {
  ...countEach(agentStatuses, (status) => sql`${isRegistered} and ${agentStatus} = ${status}`),
  staked: sumOf(agent.stakedAmount, 'staked'),
  locked: sumOf(agent.lockedAmount, 'locked'),
}

const payeeTotals = { owed: sumOf(payee.owed, 'owed') }

const expiredTotals = { expiredRuns: count().as('expiredRuns') }

const readTotals = snapshotQuery('stats', (db, snapshot) => {
  const runs = db.select(runTotals).from(rewardBand).as('runs')
  const late = db.select(expiredTotals).from(run).where(expired).as('late')
  const agents = db.select(agentTotals).from(agent).as('agents')
  const payees = db.select(payeeTotals).from(payee).as('payees')
  return db
    .with(snapshot)
    .select()
    .from(snapshot)
    .innerJoin(runs, sql`true`)
    .innerJoin(late, sql`true`)
    .innerJoin(agents, sql`true`)
    .innerJoin(payees, sql`true`)
})

/** The market in figures. Of runs it reads the bands; it reads every agent. */
export const stats: SnapshotQuery<Stats> = readTotals({}, ({ runs, late, agents, payees }) => ({
  runs: { ...runs, claimableRuns: runs.OPEN - late.expiredRuns },
  agents,
  payees,
}))
