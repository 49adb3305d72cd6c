import { LRUCache } from 'lru-cache'
import { within } from './chain/client.ts'
import { unlessUnavailable } from './refusal.ts'

/** The fees of the runs of these agents that a party approved, in USDC base units. */
export type FeesPaid = (agentIds: readonly bigint[]) => Promise<Map<bigint, bigint>>

/** The most agents in the cache. Beyond it, the least recently used one is dropped. */
const MAX_AGENTS = 10_000

/** How old an answer may be. Fees only grow, so an older one is used, too, while the next is read. */
const LIFETIME_MS = 10_000

/** How long a claim of an agent waits for the first answer. Without one, it counts as a newcomer's. */
const TIMEOUT_MS = 500

/** Reads fees once per agent and lifetime. Without an index, no fees are known. */
export function createFeesPaid(indexed: FeesPaid | undefined): FeesPaid {
  const known = new LRUCache<bigint, { fees: bigint; at: number }>({ max: MAX_AGENTS })

  async function read(agentIds: readonly bigint[]) {
    if (!indexed || agentIds.length === 0) return
    const at = performance.now()
    for (const [agentId, fees] of await indexed(agentIds)) known.set(agentId, { fees, at })
  }

  return async function feesPaid(agentIds) {
    const isDue = (agentId: bigint) => performance.now() - (known.get(agentId)?.at ?? -Infinity) > LIFETIME_MS
    const reading = read(agentIds.filter(isDue))
    const isNeeded = agentIds.some((agentId) => !known.has(agentId))
    const inTime = within(TIMEOUT_MS, reading, 'The index does not answer in time.').catch(unlessUnavailable)
    if (isNeeded) await inTime
    return new Map(agentIds.map((agentId) => [agentId, known.get(agentId)?.fees ?? 0n]))
  }
}
