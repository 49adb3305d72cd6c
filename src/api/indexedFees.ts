import { LRUCache } from 'lru-cache'
import { refusalOfRead } from './http/refusals.ts'
import type { IndexReader } from './index/reader.ts'
import { agentsById } from './queries/agents.ts'
import { within } from './relay/chain/client.ts'
import type { FeesPaid } from './relay/pipeline/context.ts'
import { unlessUnavailable } from './relay/refusal.ts'

/** The most agents in the cache. Beyond it, the least recently used one is dropped. */
const MAX_AGENTS = 10_000

/** How old an answer may be. Fees only grow, so an older one is used, too, while the next is read. */
const LIFETIME_MS = 10_000

/** How long a claim of an agent waits for the first answer. Without one, it counts as a newcomer's. */
const TIMEOUT_MS = 500

/** What the index shows of the fees of agents, for the relay. */
export const indexedFees = (index: IndexReader): FeesPaid =>
  reuseFees(async (agentIds) => {
    const { data } = await index
      .read(undefined, (tx, { now }) => agentsById(tx, now, agentIds))
      .catch((error) => {
        throw refusalOfRead(error)
      })
    return new Map(data.flatMap((agent) => (agent ? [[agent.id, agent.feesPaid] as const] : [])))
  })

/** Reads fees once per agent and lifetime. @param read throws Refusal RELAY_UNAVAILABLE if the index cannot be read. */
export function reuseFees(read: FeesPaid): FeesPaid {
  const known = new LRUCache<bigint, { fees: bigint; at: number }>({ max: MAX_AGENTS })

  async function readDue(agentIds: readonly bigint[]) {
    const at = performance.now()
    const due = agentIds.filter((agentId) => at - (known.get(agentId)?.at ?? Number.NEGATIVE_INFINITY) > LIFETIME_MS)
    if (due.length === 0) return
    for (const [agentId, fees] of await read(due)) known.set(agentId, { fees, at })
  }

  return async function feesPaid(agentIds) {
    const isNeeded = agentIds.some((agentId) => !known.has(agentId))
    const reading = within(TIMEOUT_MS, readDue(agentIds), 'The index does not answer in time.').catch(unlessUnavailable)
    if (isNeeded) await reading
    return new Map(agentIds.map((agentId) => [agentId, known.get(agentId)?.fees ?? 0n]))
  }
}
