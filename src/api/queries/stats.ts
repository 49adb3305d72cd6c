import { and, count, eq, gte, sql, sum } from 'drizzle-orm'
import { agent, marketDay, payee, recordOf, run, runStates } from '../../../ponder.schema.ts'
import type { Read, Tx } from '../index/reader.ts'
import { type Snapshot, validityOf } from '../index/snapshot.ts'
import { agentStatuses, inStatus } from './agents.ts'

/**
 * The market's counts, and amounts in USDC base units: see `marketDay` and `payee`. Stakes and fees are of all ids, also of agents
 * that the registry burned.
 */
async function readStats(tx: Tx, { now }: Snapshot) {
  const [days] = await tx
    .select({
      ...recordOf(runStates, (state) => sum(marketDay[state]).mapWith(Number)),
      escrowed: sum(marketDay.escrowed).mapWith(BigInt),
      locked: sum(marketDay.locked).mapWith(BigInt),
      paid: sum(marketDay.paid).mapWith(BigInt),
    })
    .from(marketDay)
  const [claimable] = await tx
    .select({ runs: count() })
    .from(run)
    .where(and(eq(run.state, 'OPEN'), gte(run.deadline, now)))
  const [payees] = await tx
    .select({
      owed: sum(payee.owed).mapWith(BigInt),
      feesCollected: sum(payee.feesCollected).mapWith(BigInt),
      unburned: sum(payee.unburned).mapWith(BigInt),
    })
    .from(payee)
  const [agents] = await tx
    .select({
      ...recordOf(agentStatuses, (status) => sql`count(*) filter (where ${inStatus(status, now)})`.mapWith(Number)),
      staked: sum(agent.stakedAmount).mapWith(BigInt),
      feesPaid: sum(agent.feesPaid).mapWith(BigInt),
    })
    .from(agent)
  return {
    runs: { ...recordOf(runStates, (state) => days?.[state] ?? 0), claimableRuns: claimable?.runs ?? 0 },
    market: {
      escrowed: days?.escrowed ?? 0n,
      locked: days?.locked ?? 0n,
      paid: days?.paid ?? 0n,
      feesPaid: agents?.feesPaid ?? 0n,
    },
    agents: { ...recordOf(agentStatuses, (status) => agents?.[status] ?? 0), staked: agents?.staked ?? 0n },
    payees: {
      owed: payees?.owed ?? 0n,
      feesCollected: payees?.feesCollected ?? 0n,
      unburned: payees?.unburned ?? 0n,
    },
  }
}

export type Stats = Awaited<ReturnType<typeof readStats>>

export type ReadStats = Read<Stats>

/** Creates a function that reads the stats, once a second: claimable runs and agents are counted one by one. */
export function createStats(): ReadStats {
  let known: { validity: string; stats: Stats } | undefined
  return async (tx, block) => {
    const validity = validityOf(block)
    if (known?.validity !== validity) known = { validity, stats: await readStats(tx, block) }
    return known.stats
  }
}
