import type pg from 'pg'
import { type Hex, isAddressEqual } from 'viem'
import { Problem } from '../../errors.ts'
import { type ClaimRequest, type Market, readBounty } from '../chain/market.ts'
import { bodyHashOf, claimByKey, findClaim, rememberKey, type StoredClaim } from '../store/claims.ts'
import { isUniqueViolation, stored } from '../store/database.ts'

/** Knows again what was asked for before: by the client's key, or by the claim itself. */
export function createSameClaim(pool: pg.Pool, market: Market) {
  /**
   * The claim that the request asks for, where it is stored and must not be judged again: the key's, or one on its way.
   * @param open those of the run.
   * @throws Problem IDEMPOTENCY_CONFLICT if it was asked for in other words.
   */
  return async function findSame(open: StoredClaim[], request: ClaimRequest, key: string | undefined) {
    const named = key === undefined ? undefined : await claimByKey(pool, key)
    if (named && named.bodyHash !== bodyHashOf(request)) throw keyConflict()
    if (named) return findClaim(pool, named.claimId)
    const same = open.find(({ request: other }) => isSameClaim(other, request))
    if (!same) return undefined
    const bodyHash = bodyHashOf(request)
    if (same.bodyHash !== bodyHash) {
      if (key !== undefined || (await isLanded(same))) return undefined
      throw conflict('This claim is on its way with another signature.')
    }
    if (key !== undefined) await remember(key, bodyHash, same.claimId)
    return same
  }

  /** Whether the chain has a claim of this round, or of a later one: the keeper, which tells of it, may not know yet. */
  async function isLanded({ request, round }: StoredClaim) {
    return BigInt((await readBounty(market, request.bountyId)).round) >= round
  }

  async function remember(key: string, bodyHash: Hex, claimId: Hex) {
    await stored(rememberKey(pool, key, bodyHash, claimId)).catch(async (error) => {
      if (!isUniqueViolation(error)) throw error
      const named = await claimByKey(pool, key)
      if (named?.bodyHash !== bodyHash) throw keyConflict()
    })
  }
}

const conflict = (detail: string) => new Problem('IDEMPOTENCY_CONFLICT', detail)

const keyConflict = () => conflict('This Idempotency-Key came with another request before.')

const isSameClaim = (left: ClaimRequest, right: ClaimRequest) =>
  left.agentId === right.agentId && isAddressEqual(left.wallet, right.wallet)
