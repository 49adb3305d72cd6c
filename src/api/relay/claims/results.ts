import type { Hash } from 'viem'
import type { Notifications } from '../../../../core/database/notifications.ts'
import type { ClaimOutcome } from '../events.ts'
import { openStateOf } from '../ledger/rows.ts'
import { isUnavailable, Refusal } from '../refusal.ts'
import { createWatch, watchDecisions } from '../results/watch.ts'
import type { NamedClaim } from './chain/market.ts'
import type { ClaimsContext, IndexedWin } from './context.ts'
import { claimRows, type StoredClaim } from './store/claims.ts'

export type Results = ReturnType<typeof createResults>

/** Waits for the decisions of stored claims, which the keeper of any replica may make. */
export function createResults({ pool, indexedClaims, events, logger }: ClaimsContext, notifications: Notifications) {
  const decisions = watchDecisions<NamedClaim, StoredClaim>({
    notifications,
    idOf: ({ claimId }) => claimId,
    read: (claimIds) => claimRows.byId(pool, claimIds),
    logger,
  })
  events.on('claimDecided', ({ claimId }) => decisions.hint(claimId))
  const wins =
    indexedClaims && createWatch<NamedClaim, IndexedWin>({ ...indexedClaims, idOf: ({ claimId }) => claimId, logger })

  /** Resolves at the first refusal, or at a win once the index, if there is one, shows it. */
  async function follow(claim: NamedClaim, until: AbortSignal): Promise<ClaimOutcome> {
    const { claimId, round } = claim
    const done = new AbortController()
    const either = AbortSignal.any([until, done.signal])
    const toOutcome = (win: IndexedWin | undefined): ClaimOutcome | undefined =>
      win && { claimId, round, status: 'won', blockNumber: win.blockNumber, txHash: win.txHash }
    const indexed = wins?.until(claim, either).then(toOutcome)
    try {
      const decided = decisions.of(claim, either).then((found) => found && outcomeOf(found))
      const outcome = await Promise.race(indexed ? [decided, indexed] : [decided])
      if (outcome && outcome.status !== 'won') return outcome
      const won = indexed ? await indexed : outcome
      if (won) return won
    } finally {
      done.abort()
    }
    return outcomeOf(await claimRows.get(pool, claimId))
  }

  return {
    /** The decided claim; undefined if it is not decided until `until` aborts. */
    decisionOf: decisions.of,

    follow,

    /** As `follow`, for a claim that was just stored. The claim continues even if this fails. */
    followPlaced: (claim: NamedClaim, txHash: Hash, until: AbortSignal) =>
      follow(claim, until).catch((error): ClaimOutcome => {
        if (!isUnavailable(error)) throw error
        return { claimId: claim.claimId, round: claim.round, status: 'signed', txHash }
      }),
  }
}

/** The outcome of a stored claim now. @throws Refusal with the reason if it was refused. */
export function outcomeOf({ claimId, round, state, tx, txHash, blockNumber, problem }: StoredClaim): ClaimOutcome {
  if (state === 'refused') {
    if (!problem) throw new Error(`Claim ${claimId} is refused without a reason`)
    throw new Refusal(problem.code, problem.detail, problem)
  }
  if (state === 'open') {
    return { claimId, round, status: openStateOf(tx), txHash: tx.hash }
  }
  if (blockNumber === null) throw new Error(`Claim ${claimId} is won in no block`)
  return { claimId, round, status: 'won', blockNumber, ...(txHash && { txHash }) }
}
