import { index, onchainTable } from 'ponder'

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

/** A run as a team without Runline would keep it, with an index for each filter. tools/bench/peers.ts fills it. */
export const run = onchainTable(
  'run',
  (t) => ({
    bountyId: t.bigint().primaryKey(),
    posterAddress: t.hex().notNull(),
    ipfsHash: t.text().notNull(),
    reward: t.bigint().notNull(),
    deadline: t.bigint().notNull(),
    state: t.text().notNull(),
    claimedBy: t.bigint(),
    claimedByWallet: t.hex(),
    stake: t.bigint(),
    deliverableHash: t.text(),
    claimedAt: t.bigint(),
    submittedAt: t.bigint(),
    createdAt: t.bigint().notNull(),
  }),
  (table) => ({
    posterIndex: index().on(table.posterAddress),
    rewardIndex: index().on(table.reward),
    deadlineIndex: index().on(table.deadline),
    stateIndex: index().on(table.state),
    claimedByIndex: index().on(table.claimedBy),
  }),
)
