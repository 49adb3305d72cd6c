import { onchainTable } from 'ponder'

/** An event as the chain has it. */
export const plainEvent = onchainTable('plain_event', (t) => ({
  id: t.text().primaryKey(),
  name: t.text().notNull(),
  topics: t.text().notNull(),
  data: t.hex().notNull(),
  timestamp: t.int8({ mode: 'bigint' }).notNull(),
  blockNumber: t.int8({ mode: 'bigint' }).notNull(),
  blockHash: t.hex().notNull(),
  logIndex: t.integer().notNull(),
  transactionHash: t.hex().notNull(),
}))
