import pLimit, { type LimitFunction } from 'p-limit'
import type { Verdict } from '../simulation/judge.ts'

/**
 * How many claims of one run are judged at a time. One can win it, and those that are judged beside that one only hold it
 * up: of a hundred at once the last was answered after 140 ms by four at a time, and after 118 by two. By one at a time
 * after 105, but then a run's claims would wait for each other where the first are no good.
 */
const AT_ONCE = 2

/** The claims of one run that are being judged or wait for it, and the last refusal of the run itself: since when it holds. */
type Crowd<Judged> = { limit: LimitFunction; refusal?: { since: number; judged: Judged } }

type Turn<Judged> = {
  /** Whether a claim of the run has been sent meanwhile. */
  isTaken: () => Promise<boolean>
  judge: () => Promise<Judged>
}

/**
 * Lets the many who want one run be judged a few at a time. What one of them learns of the run itself holds for all who
 * were there when it asked; who comes later asks again, so that nobody is told what was so before.
 */
export function createCrowds<Judged extends { verdict: Verdict }>() {
  const crowds = new Map<bigint, Crowd<Judged>>()

  /** @returns undefined if another claim of the run was sent while this one waited for its turn. */
  async function inTurn(bountyId: bigint, { isTaken, judge }: Turn<Judged>): Promise<Judged | undefined> {
    const crowd: Crowd<Judged> = crowds.get(bountyId) ?? { limit: pLimit(AT_ONCE) }
    crowds.set(bountyId, crowd)
    const { limit } = crowd
    const came = performance.now()
    const isCrowded = limit.activeCount >= AT_ONCE
    try {
      return await limit(async () => {
        const known = crowd.refusal
        if (known && known.since >= came) return known.judged
        if (isCrowded && (await isTaken())) return undefined
        const since = performance.now()
        const judged = await judge()
        const { verdict } = judged
        if (verdict.verdict === 'refuse' && verdict.isOfRun) crowd.refusal = { since, judged }
        return judged
      })
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) crowds.delete(bountyId)
    }
  }

  return inTurn
}
