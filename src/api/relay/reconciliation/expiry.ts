import { claimCall, readBounty, tryCall } from '../chain/market.ts'
import { type StoredClaim, unminedClaimsOf } from '../store/claims.ts'
import { decide } from './decision.ts'
import { decideClaim, type Turn } from './settlement.ts'

/**
 * How long after its last second, by the newest block's time, a claim is given up. Seconds.
 *
 * A claim is made only in a block whose timestamp is not after its signature's and its run's deadline, and timestamps
 * grow along a chain. So once the newest block is later than a deadline, only a reorg can still put the transaction into
 * a block that is early enough, and the reorg must reach back behind the deadline. This margin is ten slots of Ethereum
 * or sixty blocks of a rollup with blocks of two seconds, more than any reorg that these chains had since they run on
 * proof of stake. Were there one, the contract would still let one claim of the round win, and the transaction's receipt
 * corrects what is stored (`recordMined`).
 */
const REORG_MARGIN_SECONDS = 120n

/** From this age on an unmined claim is asked about whose run may have ended before its signature. Seconds. */
const STUCK_SECONDS = 60

/** How often a signer's claims are looked at: each look asks the node about each of them. Milliseconds. */
const INTERVAL_MS = 5_000

/** How many claims a look asks about at most. */
const MAX_CLAIMS = 50

/**
 * Refuses the unmined claims that can no longer succeed, so that other claims of their runs go on. Their bytes may still
 * be mined, and revert: with the signer's key the nonce is filled instead.
 */
export function createRefuseExpired() {
  const lookedAt = new Map<string, number>()

  return async function refuseExpired(turn: Turn) {
    const { pool, lease, head } = turn
    const now = performance.now()
    if (now - (lookedAt.get(lease.signer) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return
    lookedAt.set(lease.signer, now)
    const latest = head.timestamp - REORG_MARGIN_SECONDS
    const claims = await unminedClaimsOf(pool, lease.signer, latest, STUCK_SECONDS, MAX_CLAIMS)
    await Promise.all(claims.map((claim) => refuseIfExpired(turn, claim, latest)))
  }
}

/** @param latest A deadline before it has passed for good. */
async function refuseIfExpired(turn: Turn, claim: StoredClaim, latest: bigint) {
  const { market, logger, lease, head } = turn
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
  const decision = await decide(market, request, trial.failure, bounty, head.number)
  logger.warn({ claimId: claim.claimId, txHash: claim.tx.hash }, 'an unmined claim can no longer succeed')
  await decideClaim(turn, claim, decision)
}
