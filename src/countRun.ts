import type { Context } from 'ponder:registry'
import {
  ALL_RUNS,
  lowestOfBand,
  market,
  ofClaimant,
  ofEvaluator,
  ofPoster,
  type run,
  runBand,
  runSorts,
  type runStates,
} from 'ponder:schema'

type Run = typeof run.$inferSelect
type State = (typeof runStates)[number]

/** The columns that counts depend on and changes may change. */
export type Counted = Pick<Run, 'state' | 'stake' | 'claimedBy'>

/** States in which the market holds reward and fee. */
const escrowing: ReadonlySet<State> = new Set(['OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** States in which the agent's stake is locked. */
const locking: ReadonlySet<State> = new Set(['CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** Counts a run in its bands by its state now, and no longer by its state before. */
export async function countRun({ db }: Context, after: Run, before: Counted | undefined) {
  const { posterAddress, evaluator, state: to } = after
  // A claim begins and ends, but never passes from one agent to another.
  const claimedBy = after.claimedBy ?? before?.claimedBy ?? null
  const claimant = claimedBy === null ? undefined : ofClaimant(claimedBy)
  const lists = [ofPoster(posterAddress), evaluator && ofEvaluator(evaluator), claimant].filter((list) => list != null)
  const lowest = lowestOfBand.createdAt(after)
  const bands: (typeof runBand.$inferInsert)[] = [
    ...runSorts.map((sort) => ({ list: ALL_RUNS, sort, lowest: lowestOfBand[sort](after), [to]: 1 })),
    ...lists.map((list) => ({ list, sort: 'createdAt' as const, lowest, [to]: 1 })),
  ]
  // A row exists if the band had a run before, as every band that the run leaves had. One call for all rows, because
  // each call of Ponder's store waits for its lock.
  await db
    .insert(runBand)
    .values(bands)
    .onConflictDoUpdate((band) => {
      const isClaimants = band.list === claimant
      const change: Partial<Record<State, number>> = {}
      if (before && !(isClaimants && before.claimedBy === null)) change[before.state] = band[before.state] - 1
      if (!(isClaimants && after.claimedBy === null)) change[to] = (change[to] ?? band[to]) + 1
      return change
    })
}

/** Adds what a change of the run's state changes in the market's amounts. */
export async function countAmounts({ db, chain }: Context, after: Run, before: Counted) {
  const { reward, fee, state } = after
  const escrowed = escrowing.has(state) === escrowing.has(before.state) ? 0n : reward + fee
  const change = {
    escrowed: escrowing.has(state) ? escrowed : -escrowed,
    locked: lockedBy(after) - lockedBy(before),
    paid: state === 'APPROVED' ? reward : 0n,
  }
  if (escrowed === 0n && change.locked === 0n && change.paid === 0n) return
  // Row exists from the first funded run on.
  await db
    .insert(market)
    .values({ chainId: chain.id, ...change })
    .onConflictDoUpdate(({ escrowed, locked, paid }) => ({
      escrowed: escrowed + change.escrowed,
      locked: locked + change.locked,
      paid: paid + change.paid,
    }))
}

function lockedBy({ state, stake }: Pick<Counted, 'state' | 'stake'>): bigint {
  return locking.has(state) ? (stake ?? 0n) : 0n
}
