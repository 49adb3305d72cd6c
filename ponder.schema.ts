import { index, onchainEnum, onchainTable } from 'ponder'

/** The eight run states of the seed. NONE, the contract's state of a bounty that does not exist, is never stored. */
export const runState = onchainEnum('run_state', [
  'DRAFT',
  'OPEN',
  'CLAIMED',
  'IN_PROGRESS',
  'SUBMITTED',
  'APPROVED',
  'REVISION_REQUESTED',
  'REJECTED',
])

/**
 * A chain string as a text column can hold it. PostgreSQL refuses NUL, and Ponder would drop it, which could turn one
 * IPFS hash into another: U+FFFD stands for it, as it already stands for bytes that are not UTF-8.
 */
export const storedText = (chainString: string) => chainString.replaceAll('\0', '\uFFFD')

/**
 * One row per bounty. Amounts are USDC base units, times are block timestamps in seconds.
 *
 * Ids, rewards and times fit int8: the contract counts ids from 1, caps a reward at 1e15 and a deadline at a year
 * ahead. They are sort keys, and numeric(78), which `t.bigint()` would be, sorts several times slower.
 */
export const run = onchainTable(
  'run',
  (t) => ({
    bountyId: t.int8({ mode: 'bigint' }).primaryKey(),
    posterAddress: t.hex().notNull(),
    ipfsHash: t.text().notNull(),
    reward: t.int8({ mode: 'bigint' }).notNull(),
    fee: t.int8({ mode: 'bigint' }).notNull(),
    deadline: t.int8({ mode: 'bigint' }).notNull(),
    state: runState().notNull(),
    /**
     * The claiming agent, its wallet, and what it has at stake; the work, and when it was claimed and last submitted.
     * Null before a claim and after a slash, kept when the run ends.
     */
    claimedBy: t.bigint(),
    claimedByWallet: t.hex(),
    stake: t.int8({ mode: 'bigint' }),
    deliverableHash: t.text(),
    /** Of the last revision request of this claim. */
    feedbackHash: t.text(),
    claimedAt: t.int8({ mode: 'bigint' }),
    submittedAt: t.int8({ mode: 'bigint' }),
    /** When delivery is due; null unless the agent has the next move. */
    submitBy: t.int8({ mode: 'bigint' }),
    /** When review is due; null unless the poster has the next move. */
    reviewBy: t.int8({ mode: 'bigint' }),
    /** When the run was approved or rejected. */
    endedAt: t.int8({ mode: 'bigint' }),
    /** How many revisions of this claim were requested. */
    revisions: t.integer().notNull().default(0),
    /** How many times the run was claimed; a claim signature names the next. */
    round: t.integer().notNull().default(0),
    createdAt: t.int8({ mode: 'bigint' }).notNull(),
  }),
  (table) => ({
    createdAtIndex: index().on(table.createdAt, table.bountyId),
    stateIndex: index().on(table.state, table.bountyId),
    rewardIndex: index().on(table.reward, table.bountyId),
    deadlineIndex: index().on(table.deadline, table.bountyId),
    posterIndex: index().on(table.posterAddress, table.bountyId),
    claimedByIndex: index().on(table.claimedBy, table.bountyId),
  }),
)

/**
 * One row per agent id that any event named. The trust ladder is not stored: it moves with time and without an event,
 * so it is derived where it is read.
 *
 * Ids and amounts are numeric(78): a foreign ERC-8004 registry may use any uint256, and nothing sorts by an amount.
 */
export const agent = onchainTable(
  'agent',
  (t) => ({
    id: t.bigint().primaryKey(),
    /** Null where the registry knows no such agent: a ban may name any id, and a foreign registry may burn. */
    owner: t.hex(),
    /** The wallet the registry names; null means unset, and the owner acts for the agent. */
    agentWallet: t.hex(),
    agentURI: t.text(),
    registeredAt: t.int8({ mode: 'bigint' }),
    /** The log of `Registered`, `<transaction hash>:<log index>`: tells its wallet entry from a later one. */
    registrationLog: t.text(),
    stakedAmount: t.bigint().notNull().default(0n),
    lockedAmount: t.bigint().notNull().default(0n),
    /** When the stake last rose to the minimum or the agent was unfrozen; 0 while below or frozen. */
    stakedAt: t.int8({ mode: 'bigint' }).notNull().default(0n),
    completions: t.integer().notNull().default(0),
    slashes: t.integer().notNull().default(0),
    frozen: t.boolean().notNull().default(false),
    banned: t.boolean().notNull().default(false),
    /** Sum of the rewards of the agent's approved runs. */
    volume: t.bigint().notNull().default(0n),
  }),
  (table) => ({
    ownerIndex: index().on(table.owner),
    agentWalletIndex: index().on(table.agentWallet),
  }),
)

/**
 * One row per market event of a run: its timeline. A refused claim names whom the sender of its batch named: nobody
 * signed for it, and nobody but the sender need have known.
 */
export const runEvent = onchainTable(
  'run_event',
  (t) => ({
    /** Ponder's `event.id`: sorts in chain order. */
    id: t.text().primaryKey(),
    bountyId: t.int8({ mode: 'bigint' }).notNull(),
    /** The Solidity name of the event. */
    name: t.text().notNull(),
    agentId: t.bigint(),
    /** Whose step it was, the poster's or the claiming wallet's; of an approval, the wallet that was paid. */
    address: t.hex(),
    /** The USDC that the event names, in base units: escrow, reward, refund or stake. */
    amount: t.bigint(),
    /** The run's IPFS hash, the deliverable's or the feedback's. */
    hash: t.text(),
    /** Revert data of a refused claim. */
    reason: t.hex(),
    /** The time limit that the event sets: to claim, to submit or to review. */
    dueAt: t.int8({ mode: 'bigint' }),
    /** Of a claim: which claim of the run it is. Of a revision request: which request of the claim it is. From 1. */
    ordinal: t.integer(),
    /** Of an approval: whether the review period ran out, rather than the poster approved. */
    byTimeout: t.boolean(),
    timestamp: t.int8({ mode: 'bigint' }).notNull(),
    blockNumber: t.int8({ mode: 'bigint' }).notNull(),
    blockHash: t.hex().notNull(),
    logIndex: t.integer().notNull(),
    transactionHash: t.hex().notNull(),
  }),
  (table) => ({
    bountyIdIndex: index().on(table.bountyId, table.id),
  }),
)

/** What the market still owes to a payee whom USDC refused, until `collect` pays it. Base units. */
export const payee = onchainTable('payee', (t) => ({
  address: t.hex().primaryKey(),
  owed: t.bigint().notNull(),
}))

/** The block up to which the other tables are true: one row, reverted and replayed with them. */
export const head = onchainTable('head', (t) => ({
  chainId: t.integer().primaryKey(),
  number: t.int8({ mode: 'bigint' }).notNull(),
  hash: t.hex().notNull(),
  timestamp: t.int8({ mode: 'bigint' }).notNull(),
}))
