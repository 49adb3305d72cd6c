import { ponder } from 'ponder:registry'
import { head } from 'ponder:schema'
import { storeBlock } from './storeBlock.ts'

// Ponder runs a block's handler after the handlers of its logs and commits them in one transaction, so a reader that
// sees this row sees all rows of its block.
ponder.on('head:block', async ({ event, context }) => {
  const { number, hash, timestamp } = event.block
  // Row exists from the first live block on.
  await context.db
    .insert(head)
    .values({ chainId: context.chain.id, number, hash, timestamp })
    .onConflictDoUpdate({ number, hash, timestamp })
  await storeBlock(context, event.block)
})
