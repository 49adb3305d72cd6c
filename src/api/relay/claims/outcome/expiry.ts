import { readBounty, tryCall } from '../../chain/market.ts'
import { REORG_MARGIN_SECONDS } from '../../chain/validity.ts'
import type { Turn } from '../../sender/context.ts'
import { claimCall } from '../chain/market.ts'
import type { ClaimsContext } from '../context.ts'
import { type StoredClaim, unminedClaimsOf } from '../store/claims.ts'
import type { DecideClaim } from './decideClaim.ts'
import { decide } from './decision.ts'

/**
 * An unmined claim that is older than this is checked on chain, because its run may have ended before its signature.
 */
const STUCK_SECONDS = 60

/** The interval between checks of a signer's claims. A check calls the node once per claim. */
const INTERVAL_MS = 5_000

/** The most claims of one check. */
const MAX_CLAIMS = 50

/**
 * Refuses unmined claims that can no longer succeed, so that other claims of their runs can proceed. Their transactions
 * may still be mined and revert. If this process has the signer's key, a filler replaces them.
 */
export function createRefuseExpired({ pool, market, logger }: ClaimsContext, decideClaim: DecideClaim) {
  const lookedAt = new Map<string, number>()

  /** @param latest in seconds: an earlier deadline has passed, even after a reorg. */
  async function refuseIfExpired(turn: Turn, claim: StoredClaim, latest: bigint) {
    const { lease, head } = turn
    const { request } = claim
    const [trial, bounty] = await Promise.all([
      tryCall(market, claimCall(market, lease.signer, request), head.number),
      readBounty(market, request.bountyId, head.number),
    ])
    if (!('failure' in trial)) return
    const { error } = trial.failure
    const isSignatureDead = request.signed !== undefined && request.signed.deadline < latest
    const isRunOver = error?.errorName === 'BountyDeadlinePassed' && error.args[1] < latest
    if (!isSignatureDead && !isRunOver) return
    const decision = decide(claim, trial.failure, bounty, head.number)
    logger.warn({ claimId: claim.claimId, txHash: claim.tx.hash }, 'an unmined claim can no longer succeed')
    await decideClaim(lease, claim, decision)
  }

  return async function refuseExpired(turn: Turn, used: number) {
    const { lease, head } = turn
    const now = performance.now()
    if (now - (lookedAt.get(lease.signer) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return
    lookedAt.set(lease.signer, now)
    const latest = head.timestamp - REORG_MARGIN_SECONDS
    const claims = await unminedClaimsOf(pool, lease.signer, {
      used,
      latest,
      stuckSeconds: STUCK_SECONDS,
      limit: MAX_CLAIMS,
    })
    await Promise.all(claims.map((claim) => refuseIfExpired(turn, claim, latest)))
  }
}
