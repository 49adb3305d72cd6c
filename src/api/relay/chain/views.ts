import { LRUCache } from 'lru-cache'
import type { Address, Hash } from 'viem'
import { answer } from './client.ts'
import type { ChainHead, Heads } from './heads.ts'
import { type Bounty, type Market, readBounty } from './market.ts'

/** How many runs, and how many wallets, are remembered: those not asked for longest are forgotten. */
const MAX_ENTRIES = 10_000

/** What the chain says of a claim’s run and wallet at a head. */
export type ChainView = { head: ChainHead; bounty: Bounty; hasCode: (wallet: Address) => Promise<boolean> }

/** Reads runs and wallets for claims that are not authenticated yet: once per head, however many claims ask. */
export type ChainViews = {
  /**
   * @param since by `performance.now()`: the view is no older. Without it, it may be one interval of `Heads` old.
   * @throws Problem RELAY_UNAVAILABLE
   */
  of(bountyId: bigint, since?: number): Promise<ChainView>
}

/** @param market with a client of its own, so that a flood of claims does not delay simulations. */
export function createChainViews(market: Market, heads: Heads): ChainViews {
  const bounties = oncePerHead((bountyId: bigint) => readBounty(market, bountyId))
  const codes = oncePerHead(async (address: Address) => {
    const code = await answer(market.client.getCode({ address }))
    return code !== undefined && code !== '0x'
  })

  return {
    async of(bountyId, since) {
      const head = await (since === undefined ? heads.latest() : heads.since(since))
      const bounty = await bounties(head.hash, bountyId)
      return { head, bounty, hasCode: (wallet) => codes(head.hash, wallet) }
    },
  }
}

/** Remembers each answer until the head changes, but no failure. */
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
