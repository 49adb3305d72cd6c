import type { Context } from 'ponder:registry'
import {
  dayOf,
  deadlineBand,
  deadlineBandKeysOf,
  lowestOfRewardBand,
  marketDay,
  ofClaimant,
  partiesOf,
  partyCount,
  recordOf,
  rewardBand,
  type run,
  runStates,
} from 'ponder:schema'

type Run = typeof run.$inferSelect
type State = (typeof runStates)[number]

/** The columns that counts depend on and changes may change. */
export type Counted = Pick<Run, 'state' | 'stake' | 'claimedBy'>

const noRuns = recordOf(runStates, () => 0)

/** States in which the market holds reward and fee. */
const escrowing: ReadonlySet<State> = new Set(['OPEN', 'CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** States in which the agent's stake is locked. */
const locking: ReadonlySet<State> = new Set(['CLAIMED', 'IN_PROGRESS', 'SUBMITTED', 'REVISION_REQUESTED'])

/** Counts a run by its state now, and no longer by its state before. */
export async function countRun({ db }: Context, after: Run, before: Counted | undefined) {
  const { posterAddress, evaluator, state: to } = after
  // A claim begins and ends, but never passes from one agent to another.
  const claimedBy = after.claimedBy ?? before?.claimedBy ?? null
  const parties = partiesOf({ poster: posterAddress, evaluator, claimedBy })
  // A row exists if it counted a run before, as every row that the run leaves did. One call for all rows of a table,
  // because each call of Ponder's store waits for its lock.
  await db
    .insert(rewardBand)
    .values({ lowest: lowestOfRewardBand(after.reward), [to]: 1 })
    .onConflictDoUpdate((band) => moveCounts(band, before?.state, to))
  const opened = Number(to === 'OPEN') - Number(before?.state === 'OPEN')
  if (opened !== 0) {
    await db
      .insert(deadlineBand)
      .values(deadlineBandKeysOf(after.deadline).map((band) => ({ ...band, open: opened })))
      .onConflictDoUpdate((band) => ({ open: band.open + opened }))
  }
  await db
    .insert(partyCount)
    .values(parties.map((party) => ({ party, [to]: 1 })))
    .onConflictDoUpdate((count) => {
      const isClaimants = claimedBy !== null && count.party === ofClaimant(claimedBy)
      const from = isClaimants && before?.claimedBy === null ? undefined : before?.state
      return moveCounts(count, from, isClaimants && after.claimedBy === null ? undefined : to)
    })
}

/** The changed counts of a row from which a run or an agent leaves one count, into which it enters another, or both. */
export function moveCounts<Key extends string>(counts: Record<Key, number>, from?: Key | null, to?: Key | null) {
  const changed: Partial<Record<Key, number>> = {}
  if (from) changed[from] = counts[from] - 1
  if (to) changed[to] = (changed[to] ?? counts[to]) + 1
  return changed
}

/** Adds what a change of the run's state changes in the market's figures to its day. */
export async function countDay({ db }: Context, timestamp: bigint, after: Run, before: Counted | undefined) {
  const { state: to, reward, fee } = after
  const isClaim = to === 'CLAIMED'
  const change = {
    escrowed: (escrowing.has(to) ? reward + fee : 0n) - (before && escrowing.has(before.state) ? reward + fee : 0n),
    locked: lockedBy(after) - (before ? lockedBy(before) : 0n),
    paid: to === 'APPROVED' ? reward : 0n,
    claims: isClaim ? 1 : 0,
    claimSeconds: isClaim && after.openedAt !== null ? timestamp - after.openedAt : 0n,
  }
  // Row exists if a run changed on that day before.
  await db
    .insert(marketDay)
    .values({ day: dayOf(timestamp), ...change, ...moveCounts(noRuns, before?.state, to) })
    .onConflictDoUpdate((day) => ({
      escrowed: day.escrowed + change.escrowed,
      locked: day.locked + change.locked,
      paid: day.paid + change.paid,
      claims: day.claims + change.claims,
      claimSeconds: day.claimSeconds + change.claimSeconds,
      ...moveCounts(day, before?.state, to),
    }))
}

function lockedBy({ state, stake }: Pick<Counted, 'state' | 'stake'>): bigint {
  return locking.has(state) ? (stake ?? 0n) : 0n
}
