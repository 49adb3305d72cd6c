import { and, type Column, count, eq, gte, sql } from 'drizzle-orm'
import { marketDay, payee, recordOf, run, runStates } from '../../../ponder.schema.ts'
import type { Read, Tx } from '../index/reader.ts'
import { type Snapshot, validityOf } from '../index/snapshot.ts'
import { countAgents } from './agents.ts'

/** The market's counts, and amounts in USDC base units: see `marketDay` and `payee`. */
async function readStats(tx: Tx, { now }: Snapshot) {
  const [days] = await tx
    .select({
      runs: recordOf(runStates, (state) => total(marketDay[state]).mapWith(Number)),
      market: {
        escrowed: total(marketDay.escrowed).mapWith(BigInt),
        locked: total(marketDay.locked).mapWith(BigInt),
        paid: total(marketDay.paid).mapWith(BigInt),
        feesPaid: total(marketDay.feesPaid).mapWith(BigInt),
      },
      staked: total(marketDay.staked).mapWith(BigInt),
    })
    .from(marketDay)
  const [open] = await tx
    .select({ claimableRuns: count() })
    .from(run)
    .where(and(eq(run.state, 'OPEN'), gte(run.deadline, now)))
  const [payees] = await tx
    .select({
      owed: total(payee.owed).mapWith(BigInt),
      feesCollected: total(payee.feesCollected).mapWith(BigInt),
      unburned: total(payee.unburned).mapWith(BigInt),
    })
    .from(payee)
  if (!days || !open || !payees) throw new Error('PostgreSQL answered no row for a total')
  const { market, staked } = days
  const agents = { ...(await countAgents(tx, now)), staked }
  return { runs: { ...days.runs, ...open }, market, agents, payees }
}

const total = (column: Column) => sql`coalesce(sum(${column}), 0)`

export type Stats = Awaited<ReturnType<typeof readStats>>

export type ReadStats = Read<Stats>

/** Creates a function that reads the stats, once a second: claimable runs and ESTABLISHED agents are counted one by one. */
export function createStats(): ReadStats {
  let known: { validity: string; stats: Stats } | undefined
  return async (tx, block) => {
    const validity = validityOf(block)
    if (known?.validity !== validity) known = { validity, stats: await readStats(tx, block) }
    return known.stats
  }
}
