import { LRUCache } from 'lru-cache'
import type { Address, Hash } from 'viem'
import type { ChainHead, Heads } from '../../chain/heads.ts'
import { type Bounty, type Market, readBounty } from './market.ts'
import { createCodeReader } from './walletCode.ts'

/** The most runs, and the most wallets, in the cache. Beyond it, the least recently used one is dropped. */
const MAX_ENTRIES = 10_000

/** A claim’s run and wallet at one head. */
export type ChainView = {
  head: ChainHead
  bounty: Bounty
  /** The run after the node's pending transactions. */
  pendingBounty: () => Promise<Bounty>
  hasCode: (wallet: Address) => Promise<boolean>
}

/**
 * Reads runs and wallets for claims that are not authenticated yet, once per head for all claims.
 * The functions that it returns throw a Refusal RELAY_UNAVAILABLE.
 */
export function createChainViews(market: Market, heads: Heads) {
  const bounties = oncePerHead((bountyId: bigint) => readBounty(market, bountyId))
  const codes = oncePerHead(createCodeReader(market))
  const pending = sharedSince((bountyId: bigint) => readBounty(market, bountyId, 'pending'))

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
