import { LRUCache } from 'lru-cache'
import type { Address, Hash } from 'viem'
import { Refusal, unavailable } from '../refusal.ts'
import type { ChainHead, Heads } from './heads.ts'
import type { Intake } from './intake.ts'
import type { Bounty } from './market.ts'

/** The most runs, and the most wallets, in the cache. Beyond it, the least recently used one is dropped. */
const MAX_ENTRIES = 10_000

/** A request’s run and wallet at one head. */
export type ChainView = {
  head: ChainHead
  bounty: Bounty
  /** The run after the node's pending transactions. */
  pendingBounty: () => Promise<Bounty>
  hasCode: (wallet: Address) => Promise<boolean>
}

export type ViewOf = ReturnType<typeof createChainViews>

/**
 * Reads runs and wallets for what is not authenticated yet, once per head for all requests.
 * The functions that it returns throw a Refusal RELAY_UNAVAILABLE.
 */
export function createChainViews({ hasCode }: Pick<Intake, 'hasCode'>, heads: Heads, readRun: Intake['readRun']) {
  const bounties = oncePerHead((bountyId: bigint) => readRun(bountyId, 'latest'))
  const codes = oncePerHead(hasCode)
  const pending = sharedSince((bountyId: bigint) => readRun(bountyId, 'pending'))

  /**
   * @param since by `performance.now()`. The pending state is read at this time or later.
   * @param isFresh whether the head too is read at `since` or later; else it may be one interval of `Heads` old.
   */
  return async function viewOf(bountyId: bigint, since: number, isFresh: boolean): Promise<ChainView> {
    const head = await (isFresh ? heads.since(since) : heads.latest())
    return {
      head,
      bounty: await bounties(head.hash, bountyId),
      pendingBounty: () => pending(bountyId, since),
      hasCode: (wallet) => codes(head.hash, wallet),
    }
  }
}

/**
 * Checks a request against the view, and again against a newer one before it is refused: a refusal uses only reads of the
 * chain that started at `since` or later.
 * @throws the refusal; RELAY_UNAVAILABLE if the node is behind.
 */
export async function checkView<Good>(
  viewOf: ViewOf,
  bountyId: bigint,
  since: number,
  view: ChainView,
  check: (view: ChainView) => Promise<Good | Refusal>,
): Promise<Good> {
  const first = await check(view)
  if (!(first instanceof Refusal)) return first
  const newer = await viewOf(bountyId, since, true)
  const result = newer.head.hash === view.head.hash ? first : await check(newer)
  if (!(result instanceof Refusal)) return result
  // What a node refuses that is behind, the chain may allow.
  const { number, highest } = newer.head
  if (number >= highest) throw result
  throw unavailable(`The chain’s node is at block ${number}, behind block ${highest}.`)
}

/** Shares each read among the callers that wait before it starts. */
function sharedSince<Key extends bigint, T>(read: (key: Key) => Promise<T>) {
  const known = new LRUCache<Key, { startedAt: number; value: Promise<T> }>({ max: MAX_ENTRIES })
  return (key: Key, since: number): Promise<T> => {
    const entry = known.get(key)
    if (entry && entry.startedAt >= since) return entry.value
    const value = read(key)
    known.set(key, { startedAt: performance.now(), value })
    return value
  }
}

/** Caches each answer until the head changes. Failures are not cached. */
function oncePerHead<Key extends bigint | string, T>(read: (key: Key) => Promise<T>) {
  const known = new LRUCache<Key, { head: Hash; value: Promise<T> }>({ max: MAX_ENTRIES })
  return (head: Hash, key: Key): Promise<T> => {
    const entry = known.get(key)
    if (entry?.head === head) return entry.value
    const value = read(key)
    known.set(key, { head, value })
    value.catch(() => known.delete(key))
    return value
  }
}
