import { answer } from '../../chain/client.ts'
import { moveRow } from '../../ledger/rows.ts'
import { isUnavailable } from '../../refusal.ts'
import type { Turn } from '../../sender/context.ts'
import { signingRestOf } from '../../sender/keys/signing.ts'
import type { Placer } from '../../sender/placement.ts'
import { claimsCall, gasLimit } from '../chain/gas.ts'
import { checkCall, claimCall } from '../chain/market.ts'
import type { ClaimsContext } from '../context.ts'
import { signatureRequired } from '../intake/refusal.ts'
import { simulate } from '../simulation/simulate.ts'
import { CLAIM, nameOf, type StoredClaim, strandedClaimsOf } from '../store/claims.ts'
import type { DecideClaim } from './decideClaim.ts'
import { decide } from './decision.ts'

/** Decides open claims whose transaction can no longer decide them, or gives them new transactions. */
export function createRenewal(context: ClaimsContext, placer: Placer, decideClaim: DecideClaim) {
  const { pool, market, heads, events, logger } = context

  /**
   * Simulates a claim again whose transaction can no longer decide it, because another transaction has used its nonce.
   * Before that, the claim stays with its signer, even without its key: the signed transaction is public and may be
   * mined, so another signer could make the claim twice.
   * @returns whether the claim is decided or has a new transaction.
   */
  async function renew({ lease }: Turn, claim: StoredClaim): Promise<boolean> {
    const { request } = claim
    const able = await context.signersFor(request)
    // A key that does not sign must not delay a claim that another one can make.
    const signing = able.filter((account) => signingRestOf(account) === 0)
    const chosen = signing.length > 0 ? signing : able
    const signer = chosen.find(({ address }) => address === lease.signer) ?? chosen[0]
    const call = signer ? claimCall(market, signer.address, request) : checkCall(market, request)
    const simulation = await simulate(market, call, request)
    if (simulation.result === 'undecided') return false
    const { bounty } = simulation
    if (simulation.result === 'fails') {
      const block = await answer(market.client.getBlockNumber({ cacheTime: 0 }))
      await decideClaim(lease, claim, decide(claim, simulation.failure, bounty, block))
      return true
    }
    if (!signer) {
      // No signer that could make an unsigned claim is left.
      const { timestamp } = await heads.latest()
      const problem = signatureRequired(market, request, bounty, timestamp)
      await decideClaim(lease, claim, { state: 'refused', problem })
      return true
    }
    // In a transaction of its own, in which no other claim can prevent its decision.
    const own = claimsCall(market, signer.address, [{ request, gas: gasLimit(simulation.gas) }])
    const renewed = await placer.placeAgain(signer, async (db) => {
      const tx = await moveRow(db, lease, claim.claimId, claim.tx.id)
      return tx === undefined ? undefined : { tx, kind: CLAIM, call: own }
    })
    if (!renewed) return true
    if (typeof renewed === 'string') return false
    const { nonce, attempt } = renewed
    events.emit('claimPlaced', { ...nameOf(claim), signer: signer.address, nonce, txHash: attempt.hash })
    logger.warn({ claimId: claim.claimId, txHash: attempt.hash }, 'makes the claim anew')
    return true
  }

  /** @returns whether no claim is left. One that cannot be renewed now does not delay the others. */
  return async function renewStranded(turn: Turn): Promise<boolean> {
    const stranded = await strandedClaimsOf(pool, turn.lease.signer)
    const renewed = stranded.map((claim) =>
      renew(turn, claim).catch((error) => {
        logger[isUnavailable(error) ? 'warn' : 'error']({ err: error, claimId: claim.claimId }, 'cannot renew a claim')
        return false
      }),
    )
    return (await Promise.all(renewed)).every(Boolean)
  }
}
