import { and, count, eq, gte, sum } from 'drizzle-orm'
import { marketDay, payee, recordOf, run, runStates } from '../../../ponder.schema.ts'
import type { Read } from '../index/reader.ts'
import { agentCounts } from './agentPages.ts'
import { oncePerSecond } from './oncePerSecond.ts'

/** The market's counts, and amounts in USDC base units: see `marketDay`, `payee` and `agentCounts`. */
async function readStats(...[tx, block]: Parameters<Read<unknown>>) {
  const [days] = await tx
    .select({
      ...recordOf(runStates, (state) => sum(marketDay[state]).mapWith(Number)),
      escrowed: sum(marketDay.escrowed),
      locked: sum(marketDay.locked),
      paid: sum(marketDay.paid),
    })
    .from(marketDay)
  const [claimable] = await tx
    .select({ runs: count() })
    .from(run)
    .where(and(eq(run.state, 'OPEN'), gte(run.deadline, block.now)))
  const [payees] = await tx.select({ owed: sum(payee.owed) }).from(payee)
  const { byStatus, staked, feesPaid } = await agentCounts(tx, block)
  return {
    runs: { ...recordOf(runStates, (state) => days?.[state] ?? 0), claimableRuns: claimable?.runs ?? 0 },
    market: {
      escrowed: BigInt(days?.escrowed ?? 0),
      locked: BigInt(days?.locked ?? 0),
      paid: BigInt(days?.paid ?? 0),
      feesPaid,
    },
    agents: { ...byStatus, staked },
    payees: { owed: BigInt(payees?.owed ?? 0) },
  }
}

export type Stats = Awaited<ReturnType<typeof readStats>>

/** The counts that the routes of an app share: claimable runs and agents are counted one by one, but once a second. */
export const createFigures = () => ({ stats: oncePerSecond(readStats), agents: oncePerSecond(agentCounts) })

export type Figures = ReturnType<typeof createFigures>
