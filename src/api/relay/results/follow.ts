import type pg from 'pg'
import type { Hash } from 'viem'
import { Problem } from '../../http/errors.ts'
import type { NamedClaim } from '../chain/market.ts'
import type { ClaimOutcome, IndexedWin } from '../relay.ts'
import { findClaim, type StoredClaim } from '../store/claims.ts'
import { outcomeOf } from './decisions.ts'
import type { Watch } from './watch.ts'

type Options = {
  pool: pg.Pool
  /** Claims as the keepers decide them. */
  decisions: Pick<Watch<StoredClaim>, 'until'>
  /** Claims as the index shows them won, which may be sooner; absent where there is no index. */
  wins: Pick<Watch<IndexedWin>, 'until'> | undefined
}

export type Follow = ReturnType<typeof createFollow>

/** Waits for the outcome of stored claims, until `until` aborts. */
export function createFollow({ pool, decisions, wins }: Options) {
  /** Returns the first refusal, from keeper or index; reports a win only once the index shows it. */
  async function follow(claim: NamedClaim, until: AbortSignal): Promise<ClaimOutcome> {
    const { claimId, round } = claim
    const done = new AbortController()
    const either = AbortSignal.any([until, done.signal])
    const toOutcome = (win: IndexedWin | undefined): ClaimOutcome | undefined =>
      win && { claimId, round, status: 'won', blockNumber: win.blockNumber, txHash: win.txHash }
    const indexed = wins?.until(claim, either).then(toOutcome)
    try {
      const decided = decisions.until(claim, either).then((found) => found && outcomeOf(found))
      const outcome = await Promise.race(indexed ? [decided, indexed] : [decided])
      if (outcome && outcome.status !== 'won') return outcome
      const won = indexed ? await indexed : outcome
      if (won) return won
    } finally {
      done.abort()
    }
    return outcomeOf(await findClaim(pool, claimId))
  }

  /** As `follow`, for a claim that was stored just now: it continues whatever fails here. */
  const followPlaced = (claim: NamedClaim, txHash: Hash, until: AbortSignal) =>
    follow(claim, until).catch((error): ClaimOutcome => {
      if (!(error instanceof Problem && error.code === 'RELAY_UNAVAILABLE')) throw error
      const { claimId, round } = claim
      return { claimId, round, status: 'signed', txHash }
    })

  return { follow, followPlaced }
}
