import { onchainTable } from 'ponder'
import type { Address } from 'viem'

/** The eight states of a run. NONE, the contract's state of a bounty that does not exist, is never stored. */
export const runStates = [
  'DRAFT',
  'OPEN',
  'CLAIMED',
  'IN_PROGRESS',
  'SUBMITTED',
  'APPROVED',
  'REVISION_REQUESTED',
  'REJECTED',
] as const

/** The Solidity names of the market's events of a run, which are all but `PaymentCollected`. */
export const runEventNames = [
  'BountyCreated',
  'ClaimantNamed',
  'BountyFunded',
  'BountyWithdrawn',
  'BountyClosing',
  'BountyClaimed',
  'ClaimRefused',
  'WorkStarted',
  'WorkSubmitted',
  'RevisionRequested',
  'BountyApproved',
  'BountyRejected',
  'ClaimSlashed',
  'ClaimAbandoned',
  'PaymentDeferred',
] as const

/** Why a run was rejected, as the contract numbers it from 0: by its evaluator, for lack of a revision, or by its agent. */
export const rejections = ['REJECTED', 'OVERDUE', 'ABANDONED'] as const

/**
 * A string from the chain as a text column can store it. PostgreSQL refuses NUL, and Ponder would remove it, which
 * could turn one IPFS hash into another. So U+FFFD replaces NUL, as it already replaces bytes that are not UTF-8.
 */
export const storedText = (chainString: string) => chainString.replaceAll('\0', '\uFFFD')

/** The most bytes of an agent's URI that are stored, as UTF-8. Lists and streams repeat it, and anyone may set any URI. */
const MAX_URI_BYTES = 2_048

/** JSON writes most control characters with six bytes. No valid URI has one. */
const controlCharacters = /\p{Cc}/gu

const encoder = new TextEncoder()

/** The columns of an agent's URI. It is cut at the end of a character. */
export function storedURI(chainString: string) {
  const whole = chainString.replaceAll(controlCharacters, '\uFFFD')
  const { read } = encoder.encodeInto(whole, new Uint8Array(MAX_URI_BYTES))
  return { agentURI: whole.slice(0, read), agentURITruncated: read < whole.length }
}

/** What lists of runs are sorted by. */
export const runSorts = ['createdAt', 'reward', 'deadline'] as const

/**
 * The steps of the trust ladder, without their dependence on time. A PROVEN agent has the completions that ESTABLISHED
 * needs: it is PROVISIONAL for 30 days after `stakedAt`, then ESTABLISHED.
 */
export const agentSteps = ['UNVERIFIED', 'PROVISIONAL', 'PROVEN', 'FROZEN', 'BANNED'] as const

/** AgentStaking.ESTABLISHED_COMPLETIONS, in approved runs. */
export const ESTABLISHED_COMPLETIONS = 5

export type AgentStep = (typeof agentSteps)[number]

type Account = { owner: string | null; banned: boolean; frozen: boolean; stakedAt: bigint; completions: number }

/** AgentStaking.statusOf without its dependence on time; null if the agent is not registered. */
export function stepOf({ owner, banned, frozen, stakedAt, completions }: Account): AgentStep | null {
  if (owner === null) return null
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  // The contract keeps `stakedAt` at zero while the stake is below MIN_STAKE.
  if (stakedAt === 0n) return 'UNVERIFIED'
  return completions >= ESTABLISHED_COMPLETIONS ? 'PROVEN' : 'PROVISIONAL'
}

const DAY_SECONDS = 86_400n

/** The first second of the day, UTC. */
export function dayOf(timestamp: bigint): bigint {
  return timestamp - (timestamp % DAY_SECONDS)
}

/**
 * One row per bounty. Amounts are USDC base units, times are block timestamps in seconds.
 *
 * Ids, rewards and times fit int8: the contract counts ids from 1, caps a reward at 1e15 and a deadline at a year
 * ahead. They are sort keys, and numeric(78), the type of `t.bigint()`, sorts several times slower.
 *
 * The state is text. An enum would be a separate type in every build's schema, and readers' prepared statements would
 * fail with "cached plan must not change result type" when the views switch to the next build.
 */
export const run = onchainTable('run', (t) => ({
  bountyId: t.int8({ mode: 'bigint' }).primaryKey(),
  /** Stored with EIP-55 checksum, because computing it takes longer than the rest of an answer. */
  posterAddress: t.text().$type<Address>().notNull(),
  ipfsHash: t.text().notNull(),
  reward: t.int8({ mode: 'bigint' }).notNull(),
  fee: t.int8({ mode: 'bigint' }).notNull(),
  deadline: t.int8({ mode: 'bigint' }).notNull(),
  state: t.text({ enum: runStates }).notNull(),
  /**
   * The columns of the current claim: the agent, its wallet, its stake and its work, and when the run was claimed and
   * the work last submitted. Null before a claim and after one that was slashed or abandoned. They remain when the
   * run ends.
   */
  claimedBy: t.bigint(),
  claimedByWallet: t.text().$type<Address>(),
  stake: t.int8({ mode: 'bigint' }),
  deliverableHash: t.text(),
  /** Of the last revision request of this claim. */
  feedbackHash: t.text(),
  claimedAt: t.int8({ mode: 'bigint' }),
  submittedAt: t.int8({ mode: 'bigint' }),
  /** When delivery is due; null unless the agent must act next. */
  submitBy: t.int8({ mode: 'bigint' }),
  /** When review is due; null unless the evaluator must act next. */
  reviewBy: t.int8({ mode: 'bigint' }),
  /** When the run last became OPEN: when it was funded, or its claim slashed or abandoned. Null before. */
  openedAt: t.int8({ mode: 'bigint' }),
  /** When the run was approved or rejected. */
  endedAt: t.int8({ mode: 'bigint' }),
  /** How many revisions of this claim were requested. */
  revisions: t.integer().notNull().default(0),
  /** How many times the run was claimed; a claim signature names the next. */
  round: t.integer().notNull().default(0),
  createdAt: t.int8({ mode: 'bigint' }).notNull(),
  /** How long an agent has to deliver, in seconds. */
  workPeriod: t.integer().notNull(),
  /** How much of the agent's stake a claim locks. */
  stakeRequired: t.int8({ mode: 'bigint' }).notNull(),
  /** Requests revisions and rejects; null means the poster. */
  evaluator: t.text().$type<Address>(),
  /** Whether the poster closed the run during a claim: a lost claim then makes it a DRAFT, which is not closing. */
  closing: t.boolean().notNull().default(false),
  /** Who paid when the run was last funded; null before. */
  payer: t.hex(),
  /** The only wallet that may claim; null means any, and the poster none yet. */
  claimant: t.text().$type<Address>(),
  /** How often a claimant was named, by the terms too; a signature that names one counts the namings before. */
  namings: t.integer().notNull().default(0),
}))

type Indexes<Table extends { $inferSelect: object }> = Record<string, (keyof Table['$inferSelect'])[]>

/**
 * The indexes of `run`. The indexer creates all indexes itself once a build has caught up (ops/builds/indexes.ts), so
 * they do not slow a backfill. Ponder would drop its own at each restart and rebuild them before it indexes again, which
 * takes 15 s with a million runs.
 *
 * There is one for each filter and for each order of a state: a list is read along one of them. Ids count up in the order of
 * creation, so their order is the order of `createdAt`. Each ends with the columns of other filters, so that skipping or
 * counting many runs does not read the table.
 */
export const runIndexes = {
  newest: ['bountyId', 'state', 'reward', 'deadline'],
  reward: ['reward', 'bountyId', 'state', 'deadline', 'evaluator', 'claimant'],
  deadline: ['deadline', 'bountyId', 'state', 'reward', 'evaluator', 'claimant'],
  stateNewest: ['state', 'bountyId', 'reward', 'deadline', 'claimant'],
  stateReward: ['state', 'reward', 'bountyId', 'deadline', 'claimant'],
  stateDeadline: ['state', 'deadline', 'bountyId', 'reward', 'claimant'],
  poster: ['posterAddress', 'bountyId', 'state', 'reward', 'deadline'],
  claimedBy: ['claimedBy', 'bountyId', 'state', 'reward', 'deadline'],
} satisfies Indexes<typeof run>

/** Of the runs whose terms name an evaluator. */
export const evaluatorIndexes = { evaluator: ['evaluator', 'bountyId'] } satisfies Indexes<typeof run>

/** Of the runs that one wallet alone may claim. */
export const claimantIndexes = { claimant: ['claimant', 'bountyId'] } satisfies Indexes<typeof run>

/**
 * An index of the runs that name a brief, by bytes (COLLATE "C"), as `content.brief_words` has its URIs: to compare them by
 * the rules of a language takes several times as long. It has the other columns that a search reads of all its matches.
 */
export const briefIndexes = { ipfsHash: ['bountyId', 'state', 'reward', 'deadline'] } satisfies Indexes<typeof run>

type ColumnBuilders = Parameters<Extract<Parameters<typeof onchainTable>[1], (builders: never) => unknown>>[0]

/** An object with these keys. */
export function recordOf<Key extends string, Value>(keys: readonly Key[], create: (key: Key) => Value) {
  return Object.fromEntries(keys.map((key) => [key, create(key)])) as Record<Key, Value>
}

/** A column for each key, which counts runs or agents. */
const countsPer = <Key extends string>(keys: readonly Key[], t: ColumnBuilders) =>
  recordOf(keys, () => t.integer().notNull().default(0))

/**
 * One row per poster: what agents want to know before they work for it. The decisions are those of the poster or of the
 * evaluator that its run names. Anyone may post in any poster's name, so the row has only the runs that the poster paid
 * itself or by a signature, and drafts; of the others it has the number.
 */
export const poster = onchainTable('poster', (t) => ({
  /** As `posterAddress` of a run. */
  address: t.text().$type<Address>().primaryKey(),
  /** How many of its runs are in each state. */
  ...countsPer(runStates, t),
  /** How many runs in its name were last funded by other accounts. */
  paidByOthers: t.integer().notNull().default(0),
  /** Rewards of its approved runs. USDC base units, as `burned`. */
  paid: t.bigint().notNull().default(0n),
  /** Stake that the rejections of its runs have burned. */
  burned: t.bigint().notNull().default(0n),
  /** How often the escrow of an OPEN run was refunded after its deadline. */
  expired: t.integer().notNull().default(0),
  /** How many deliveries were approved, rejected, or sent back for a revision; also those approved by timeout. */
  reviews: t.integer().notNull().default(0),
  /** Sum over these reviews, and the longest, from the delivery to the decision, in seconds. */
  reviewSeconds: t.int8({ mode: 'bigint' }).notNull().default(0n),
  longestReview: t.int8({ mode: 'bigint' }).notNull().default(0n),
}))

/**
 * One row per day, UTC, with a change of a run or an agent: what the day's changes add to each figure of the market. The sum of
 * the rows up to a day is the market at its end, and the sum of all rows is the market now. Amounts are USDC base units.
 */
export const marketDay = onchainTable('market_day', (t) => ({
  /** See `dayOf`. */
  day: t.int8({ mode: 'bigint' }).primaryKey(),
  /** How many more runs are in the state after the day than before. The sum over the states is the runs created. */
  ...countsPer(runStates, t),
  /** Rewards and fees of the runs that are funded and have not ended. */
  escrowed: t.bigint().notNull().default(0n),
  /** Stake that the claims of live runs have locked. */
  locked: t.bigint().notNull().default(0n),
  /** Rewards of approved runs. */
  paid: t.bigint().notNull().default(0n),
  /** How many claims were made. */
  claims: t.integer().notNull().default(0),
  /** Sum over these claims of the seconds for which the run was OPEN. */
  claimSeconds: t.int8({ mode: 'bigint' }).notNull().default(0n),
  /** How many more agents are on the step. A shared registry has so many agents that no answer counts them. */
  ...countsPer(agentSteps, t),
  /** `stakedAmount` and `feesPaid` of all ids, also of agents that the registry burned. */
  staked: t.bigint().notNull().default(0n),
  feesPaid: t.bigint().notNull().default(0n),
}))

/**
 * One row per agent id that any event named. The status on the trust ladder also depends on time, so only its `step` is
 * stored, and queries derive the status from it.
 *
 * Ids and amounts are numeric(78): a foreign ERC-8004 registry may use any uint256, and nothing sorts by an amount.
 */
export const agent = onchainTable('agent', (t) => ({
  id: t.bigint().primaryKey(),
  /** Null if the agent is not registered: a ban may name any id, and a foreign registry may burn a token. */
  owner: t.hex(),
  /** The wallet the registry names; null means unset, and the owner acts for the agent. */
  agentWallet: t.hex(),
  agentURI: t.text(),
  registeredAt: t.int8({ mode: 'bigint' }),
  /** The log of `Registered`, `<transaction hash>:<log index>`, to recognise a `MetadataSet` right after it. */
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
  /** Sum of the fees that the treasury earned by its runs: those that a party approved. */
  feesPaid: t.bigint().notNull().default(0n),
  /** See `stepOf`. */
  step: t.text({ enum: agentSteps }),
  /** The last block with an event of the agent. */
  updatedBlock: t.int8({ mode: 'bigint' }).notNull().default(0n),
  /** Whether `agentURI` is only the beginning of the URI on chain. */
  agentURITruncated: t.boolean().notNull().default(false),
  /** The last block that set the URI, or that changed the agent while it was not registered: streams send the URI once. */
  agentURIBlock: t.int8({ mode: 'bigint' }).notNull().default(0n),
}))

export const agentIndexes = {
  /** For pages of all registered agents, so that a far one does not read the agents before it from the table. */
  registered: ['id', 'step'],
  /** For the pages of a status with few agents. */
  stepId: ['step', 'id', 'stakedAt'],
  /** For the PROVEN agents that are not ESTABLISHED yet, and to count those of a day. */
  stepStakedAt: ['step', 'stakedAt', 'id'],
  /** For the agents that changed after a block. */
  updatedBlock: ['updatedBlock'],
  owner: ['owner'],
  agentWallet: ['agentWallet'],
} satisfies Indexes<typeof agent>

/** Of the agents with a stake: few, where the registry is that of a whole chain. */
export const stakedIndexes = { staked: ['id', 'step'] } satisfies Indexes<typeof agent>

/**
 * One row per market event of a run: its timeline. The agent and wallet of a refused claim are unverified: the sender
 * of the batch can name any.
 */
export const runEvent = onchainTable('run_event', (t) => ({
  /** Ponder's `event.id`: sorts in chain order. */
  id: t.text().primaryKey(),
  bountyId: t.int8({ mode: 'bigint' }).notNull(),
  name: t.text({ enum: runEventNames }).notNull(),
  agentId: t.bigint(),
  /** The account that the event names, else the account that acted. Of a payment, the payee. Null for a claimant of zero. */
  address: t.hex(),
  /** The USDC that the event names, in base units: escrow, reward, refund or stake. */
  amount: t.bigint(),
  /** The run's IPFS hash, the deliverable's or the feedback's. */
  hash: t.text(),
  /** Revert data of a refused claim. */
  reason: t.hex(),
  /** The time limit that the event sets: to claim, to submit or to review. */
  dueAt: t.int8({ mode: 'bigint' }),
  /**
   * Of a claim: which claim of the run it is, from 1. Of a revision request: which request of the claim it is, from 1. Of
   * a delivery: which request it answers; 0 for the claim's first delivery. Of a claimant: which of the run's it is, from 1.
   */
  ordinal: t.integer(),
  /** Which claim of the run the event belongs to, from 1; null if the event names none. */
  round: t.integer(),
  /** Of a funding, the account that paid; of an approval, the party that approved, null where the review period ended. */
  by: t.hex(),
  /** Of a rejection. */
  rejection: t.text({ enum: rejections }),
  timestamp: t.int8({ mode: 'bigint' }).notNull(),
  blockNumber: t.int8({ mode: 'bigint' }).notNull(),
  blockHash: t.hex().notNull(),
  logIndex: t.integer().notNull(),
  transactionHash: t.hex().notNull(),
}))

export const runEventIndexes = { bountyId: ['bountyId', 'id'] } satisfies Indexes<typeof runEvent>

/** The events that leave a run as it is. Any account can cause the first in any number. */
export const unchangingEvents = ['ClaimRefused', 'PaymentDeferred'] as const satisfies (typeof runEventNames)[number][]

/** An index of the other events, so that the changes of a run are read without them. */
export const runChangeIndexes = { changeOfRun: ['bountyId', 'id'] } satisfies Indexes<typeof runEvent>

/** What the market owes to a payee to whom USDC refused a transfer, until `collect` pays it. Base units. */
export const payee = onchainTable('payee', (t) => ({
  address: t.hex().primaryKey(),
  owed: t.bigint().notNull(),
  /** What it has collected besides: the treasury's fees. */
  feesCollected: t.bigint().notNull().default(0n),
  /** How much of `owed` the staking contract holds: stake that it could not burn. Only the burn address has any. */
  unburned: t.bigint().notNull().default(0n),
}))

/** The block at which the other tables are true: one row, reverted and replayed with them. */
export const head = onchainTable('head', (t) => ({
  chainId: t.integer().primaryKey(),
  number: t.int8({ mode: 'bigint' }).notNull(),
  hash: t.hex().notNull(),
  timestamp: t.int8({ mode: 'bigint' }).notNull(),
}))

/** How many recent blocks are kept: an hour of a chain with ten blocks a second. */
export const RECENT_BLOCKS = 36_000n

/**
 * Recent blocks, to recognise whether a block that a client names is still part of the chain. It is a ring: a block
 * overwrites the one that is `RECENT_BLOCKS` older.
 */
export const recentBlock = onchainTable('recent_block', (t) => ({
  /** The number modulo `RECENT_BLOCKS`. */
  slot: t.int8({ mode: 'bigint' }).primaryKey(),
  number: t.int8({ mode: 'bigint' }).notNull(),
  hash: t.hex().notNull(),
  timestamp: t.int8({ mode: 'bigint' }).notNull(),
}))
