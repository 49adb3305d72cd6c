import { type Column, type SQL, sql } from 'drizzle-orm'
import { marketDay, payee, recordOf, runStates } from '../../../ponder.schema.ts'
import { agentCounts } from './agentCounts.ts'
import { agentStatuses } from './agents.ts'
import { claimableTotal } from './runTotals.ts'
import { snapshotQuery } from './snapshot.ts'

const countOf = (counter: Column | SQL.Aliased, alias: string) =>
  sql<number>`coalesce(sum(${counter}), 0)`.mapWith(Number).as(alias)

const sumOf = (amount: Column | SQL.Aliased, alias: string) =>
  sql<bigint>`coalesce(sum(${amount}), 0)`.mapWith(BigInt).as(alias)

const readTotals = snapshotQuery('stats', (db, snapshot) => {
  const counts = agentCounts(db)
  const claimableRuns = sql<number>`${claimableTotal}`.mapWith(Number).as('claimableRuns')
  const days = db
    .select({
      ...recordOf(runStates, (state) => countOf(marketDay[state], state)),
      claimableRuns,
      escrowed: sumOf(marketDay.escrowed, 'escrowed'),
      locked: sumOf(marketDay.locked, 'locked'),
      paid: sumOf(marketDay.paid, 'paid'),
    })
    .from(marketDay)
    .as('days')
  const agents = db
    .select({
      ...recordOf(agentStatuses, (status) => countOf(counts[status], status)),
      staked: sumOf(counts.staked, 'staked'),
    })
    .from(counts)
    .as('agents')
  const payees = db
    .select({ owed: sumOf(payee.owed, 'owed') })
    .from(payee)
    .as('payees')
  return db
    .with(snapshot, counts)
    .select()
    .from(snapshot)
    .innerJoin(days, sql`true`)
    .innerJoin(agents, sql`true`)
    .innerJoin(payees, sql`true`)
})

/**
 * The market's counts, and amounts in USDC base units: see `marketDay`, `agentCount` and `payee`. It sums days and
 * bands, so it does not grow with runs and agents.
 */
export const stats = readTotals({}, ({ days, agents, payees }) => {
  const { escrowed, locked, paid, ...runs } = days
  return { runs, market: { escrowed, locked, paid }, agents, payees }
})

export type Stats = NonNullable<Awaited<ReturnType<typeof stats>>>['data']
