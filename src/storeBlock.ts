import type { Context, Event } from 'ponder:registry'
import { RECENT_BLOCKS, recentBlock } from 'ponder:schema'

/** The columns that handlers take from a block. */
export type Block = Pick<Event<'head:block'>['block'], 'number' | 'hash' | 'timestamp'>

/** Stores the block among the recent ones. */
export async function storeBlock({ db }: Context, { number, hash, timestamp }: Block) {
  const slot = number % RECENT_BLOCKS
  // Several events of a block store it. Without this, Ponder would write the same row twice.
  if ((await db.find(recentBlock, { slot }))?.hash === hash) return
  // Row exists once the ring is full.
  await db.insert(recentBlock).values({ slot, number, hash, timestamp }).onConflictDoUpdate({ number, hash, timestamp })
}
