import { LRUCache } from 'lru-cache'
import pLimit, { type LimitFunction } from 'p-limit'
import type { Hash } from 'viem'
import type { ChainHead } from './heads.ts'
import type { Verdict } from './judge.ts'

/** How many claims of one run are judged at a time: one can win it, and the node's time belongs to other runs too. */
const AT_ONCE = 4

/** Of how many runs it is remembered that they cannot be claimed. */
const REMEMBERED = 1_000

type Turn<Judged> = {
  /** The newest block when it was this claim's turn to be looked at. */
  head: ChainHead
  /** Whether a claim of the run has been sent meanwhile. */
  isTaken: () => Promise<boolean>
  judge: () => Promise<Judged>
}

/**
 * Lets the many who want one run be judged a few at a time. What one of them learns of the run itself holds for all
 * others until the next block.
 */
export function createCrowds<Judged extends { verdict: Verdict }>() {
  const limits = new Map<bigint, LimitFunction>()
  const refusals = new LRUCache<bigint, { head: Hash; judged: Judged }>({ max: REMEMBERED })

  /** @returns undefined if another claim of the run was sent while this one waited for its turn. */
  async function inTurn(bountyId: bigint, { head, isTaken, judge }: Turn<Judged>): Promise<Judged | undefined> {
    const limit = limits.get(bountyId) ?? pLimit(AT_ONCE)
    limits.set(bountyId, limit)
    const isCrowded = limit.activeCount >= AT_ONCE
    try {
      return await limit(async () => {
        const known = refusals.get(bountyId)
        if (known?.head === head.hash) return known.judged
        if (isCrowded && (await isTaken())) return undefined
        const judged = await judge()
        const { verdict } = judged
        if (verdict.verdict === 'refuse' && verdict.isOfRun) refusals.set(bountyId, { head: head.hash, judged })
        return judged
      })
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) limits.delete(bountyId)
    }
  }

  return inTurn
}
