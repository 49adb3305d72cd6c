import type { Context, Event } from 'ponder:registry'
import { RECENT_BLOCKS, recentBlock } from 'ponder:schema'

/** The columns that handlers take from a block. */
export type Block = Pick<Event<'head:block'>['block'], 'number' | 'hash' | 'timestamp'>

/** Stores the block among the recent ones. */
export async function storeBlock(context: Context, { number, hash, timestamp }: Block) {
  // Row exists once the ring is full, or if another event of the block stored it.
  await context.db
    .insert(recentBlock)
    .values({ slot: number % RECENT_BLOCKS, number, hash, timestamp })
    .onConflictDoUpdate({ number, hash, timestamp })
}
