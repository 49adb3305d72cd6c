import { type Column, type SQL, sql } from 'drizzle-orm'
import { payee, rewardBand, runStates } from '../../../ponder.schema.ts'
import { agentBands } from './agentBands.ts'
import { type AgentStatus, agentStatuses } from './agents.ts'
import type { RunState } from './runFilter.ts'
import { expiredTotal } from './runTotal.ts'
import { type SnapshotQuery, snapshotQuery } from './snapshot.ts'

/** Counts, and amounts in USDC base units. */
export type Stats = {
  runs: Record<RunState, number> & {
    claimableRuns: number
    /** Rewards and fees that the market holds: of funded runs that have not ended. */
    escrowed: bigint
    /** Stakes of the agents that work on live runs. */
    locked: bigint
    /** Rewards of approved runs. */
    paid: bigint
  }
  agents: Record<AgentStatus, number> & { staked: bigint }
  /** Payments that USDC refused and nobody collected yet. */
  payees: { owed: bigint }
}

const countOf = (counter: Column | SQL.Aliased, alias: string) =>
  sql<number>`coalesce(sum(${counter}), 0)`.mapWith(Number).as(alias)

const sumOf = (amount: Column | SQL.Aliased, alias: string) =>
  sql<bigint>`coalesce(sum(${amount}), 0)`.mapWith(BigInt).as(alias)

/** A column for each key: the sum of the counters that have its name. */
function countEach<Key extends string>(keys: readonly Key[], counters: Record<Key, Column | SQL.Aliased>) {
  return Object.fromEntries(keys.map((key) => [key, countOf(counters[key], key)])) as Record<
    Key,
    ReturnType<typeof countOf>
  >
}

const runTotals = {
  ...countEach(runStates, rewardBand),
  escrowed: sumOf(rewardBand.escrowed, 'escrowed'),
  locked: sumOf(rewardBand.locked, 'locked'),
  paid: sumOf(rewardBand.paid, 'paid'),
}

const readTotals = snapshotQuery('stats', (db, snapshot) => {
  const bands = agentBands(db)
  const expiredRuns = sql<number>`${expiredTotal(db)}`.mapWith(Number).as('expiredRuns')
  const runs = db
    .select({ ...runTotals, expiredRuns })
    .from(rewardBand)
    .as('runs')
  const agents = db
    .select({ ...countEach(agentStatuses, bands), staked: sumOf(bands.staked, 'staked') })
    .from(bands)
    .as('agents')
  const payees = db
    .select({ owed: sumOf(payee.owed, 'owed') })
    .from(payee)
    .as('payees')
  return db
    .with(snapshot, bands)
    .select()
    .from(snapshot)
    .innerJoin(runs, sql`true`)
    .innerJoin(agents, sql`true`)
    .innerJoin(payees, sql`true`)
})

/** The market in figures. It reads the bands, not the runs and agents. */
export const stats: SnapshotQuery<Stats> = readTotals({}, ({ runs: { expiredRuns, ...runs }, agents, payees }) => ({
  runs: { ...runs, claimableRuns: runs.OPEN - expiredRuns },
  agents,
  payees,
}))
