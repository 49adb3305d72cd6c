import { index, onchainTable } from 'ponder'

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

export const agent = onchainTable('agent', (t) => ({
  id: t.bigint().primaryKey(),
  staked: t.bigint().notNull(),
  locked: t.bigint().notNull().default(0n),
  completions: t.integer().notNull().default(0),
  volume: t.bigint().notNull().default(0n),
}))
