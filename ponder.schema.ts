import { onchainTable, primaryKey } from 'ponder'
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

/** How many seconds a band of deadlines spans: a quarter of a day. */
export const DEADLINE_BAND_SECONDS = 21_600n

/** How many seconds a wide band of deadlines spans: four days. */
export const WIDE_BAND_SECONDS = 16n * DEADLINE_BAND_SECONDS

export const HOUR_SECONDS = 3_600n

/** How many seconds the bands of deadlines span whose OPEN runs are counted. */
const countedBandSeconds = [HOUR_SECONDS, WIDE_BAND_SECONDS] as const

/** How many base units the band of the reward spans: the rewards of a band share two leading digits. */
export function rewardBandWidth(reward: bigint): bigint {
  return 10n ** BigInt(Math.max(reward.toString().length - 2, 0))
}

/** What lists of runs are sorted by. */
export const runSorts = ['createdAt', 'reward', 'deadline'] as const

/** The lowest reward of the reward's band: 123.45 USDC is in the band of 120. */
export function lowestOfRewardBand(reward: bigint): bigint {
  return reward - (reward % rewardBandWidth(reward))
}

/** The keys of the bands that count the deadline. */
export function deadlineBandKeysOf(deadline: bigint) {
  return countedBandSeconds.map((seconds) => ({ seconds: Number(seconds), lowest: deadline - (deadline % seconds) }))
}

/** The party that an agent is as a claimant. */
export const ofClaimant = (agentId: bigint) => `claimedBy ${agentId}`

type Parties = {
  poster?: Address | undefined
  evaluator?: Address | null | undefined
  claimedBy?: bigint | null | undefined
}

/** The parties that are named, as `partyCount` has them: posters, evaluators and agents. */
export function partiesOf({ poster, evaluator, claimedBy }: Parties): string[] {
  const parties = [
    poster && `poster ${poster}`,
    evaluator && `evaluator ${evaluator}`,
    claimedBy == null ? undefined : ofClaimant(claimedBy),
  ]
  return parties.filter((party) => party != null)
}

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

export const DAY_SECONDS = 86_400n

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
}))

type Indexes<Table extends { $inferSelect: object }> = Record<string, (keyof Table['$inferSelect'])[]>

/**
 * The indexes of `run`. The indexer creates all indexes itself once a build has caught up (ops/builds/indexes.ts), so
 * they do not slow a backfill. Ponder would drop its own at each restart and rebuild them before it indexes again, which
 * takes 15 s with a million runs.
 *
 * There is an index for every pair of filter and sort, so that a list is read along one of them from the start of its
 * page, without a sort. Ids count up in the order of creation, so their order is the order of `createdAt`. Each index
 * ends with the columns of the other filters, so that skipping or counting many rows does not read the table. No index
 * begins with `minReward` or `claimable`: these are ranges, checked per row or read in their own order. The indexes of a
 * party and a state in the order of deadlines also count the party's expired runs, and runs of two parties.
 */
export const runIndexes = {
  newest: ['bountyId', 'state', 'reward', 'deadline'],
  reward: ['reward', 'bountyId', 'state', 'deadline'],
  deadline: ['deadline', 'bountyId', 'state', 'reward'],
  stateNewest: ['state', 'bountyId', 'reward', 'deadline'],
  stateReward: ['state', 'reward', 'bountyId', 'deadline'],
  stateDeadline: ['state', 'deadline', 'bountyId', 'reward'],
  posterNewest: ['posterAddress', 'bountyId', 'state', 'reward', 'deadline'],
  posterReward: ['posterAddress', 'reward', 'bountyId', 'state', 'deadline'],
  posterDeadline: ['posterAddress', 'deadline', 'bountyId', 'state', 'reward'],
  posterStateNewest: ['posterAddress', 'state', 'bountyId', 'reward', 'deadline'],
  posterStateDeadline: ['posterAddress', 'state', 'deadline', 'bountyId', 'reward', 'evaluator'],
  claimedByNewest: ['claimedBy', 'bountyId', 'state', 'reward', 'deadline'],
  claimedByReward: ['claimedBy', 'reward', 'bountyId', 'state', 'deadline'],
  claimedByDeadline: ['claimedBy', 'deadline', 'bountyId', 'state', 'reward'],
  claimedByStateNewest: ['claimedBy', 'state', 'bountyId', 'reward', 'deadline'],
  claimedByStateDeadline: ['claimedBy', 'state', 'deadline', 'bountyId', 'reward', 'posterAddress', 'evaluator'],
  evaluatorNewest: ['evaluator', 'bountyId', 'state', 'reward', 'deadline'],
  evaluatorReward: ['evaluator', 'reward', 'bountyId', 'state', 'deadline'],
  evaluatorDeadline: ['evaluator', 'deadline', 'bountyId', 'state', 'reward'],
  evaluatorStateNewest: ['evaluator', 'state', 'bountyId', 'reward', 'deadline'],
  evaluatorStateDeadline: ['evaluator', 'state', 'deadline', 'bountyId', 'reward'],
} satisfies Indexes<typeof run>

/**
 * Further indexes of `run`: each has the OPEN runs of a band of deadlines (`DEADLINE_BAND_SECONDS`) in the order of a list.
 * They find claimable runs without the expired ones, however many expired, and in any order: only the current band has
 * both. No write marks a run as expired, because a run expires without an event. A run has an entry only while it is OPEN.
 */
export const openRunIndexes = {
  openBandNewest: ['bountyId', 'deadline'],
  openBandReward: ['reward', 'bountyId', 'deadline'],
} satisfies Indexes<typeof run>

/** The same of wide bands (`WIDE_BAND_SECONDS`), so that a page is merged from few bands: a month has 120 of the others. */
export const wideOpenRunIndexes = {
  openWideBandNewest: ['bountyId', 'deadline'],
  openWideBandReward: ['reward', 'bountyId', 'deadline'],
} satisfies Indexes<typeof run>

/**
 * Each has the runs whose rewards have the same number of digits, in the order of a list. They find the runs of a
 * `minReward` without those of smaller rewards, however many of these are where the page begins.
 */
export const magnitudeIndexes = {
  magnitudeNewest: ['bountyId', 'reward', 'state', 'deadline'],
  magnitudeDeadline: ['deadline', 'bountyId', 'reward', 'state'],
} satisfies Indexes<typeof run>

/** The same of one state. To merge these for a list of all states takes 0.4 ms longer. */
export const stateMagnitudeIndexes = {
  stateMagnitudeNewest: ['bountyId', 'reward', 'deadline'],
  stateMagnitudeDeadline: ['deadline', 'bountyId', 'reward'],
} satisfies Indexes<typeof run>

/**
 * How many values PostgreSQL assumes in the columns that filters compare; a negative number is a share of the rows. A
 * sample of a market whose runs almost all have one state, or one poster, has one value. PostgreSQL would then expect that
 * every run matches, and read a list of few runs by an index of all.
 *
 * Runs of two parties are counted by the index of the party with more values: first an agent's, which has the other
 * parties, then a poster's, which has the evaluator.
 */
export const runDistinctValues = { state: 8, claimedBy: -0.2, posterAddress: -0.02, evaluator: -0.0005 }

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
 * One row per band of rewards: how many of the band's runs are in each state.
 *
 * Lists give exact totals, and counting a million rows takes longer than the rest of an answer. So a total is a sum of
 * bands or of days (`marketDay`), or the count of a party (`partyCount`). Bands count the runs from a reward on, or with
 * `deadlineBand` from the current time on; only the runs of the band that it splits are counted one by one.
 *
 * The handlers update these rows with each change of a run, so that they are reverted and replayed with the runs. A row
 * has a column per state, so that a change of state costs one write, not two.
 */
export const rewardBand = onchainTable('reward_band', (t) => ({
  /** See `lowestOfRewardBand`. */
  lowest: t.int8({ mode: 'bigint' }).primaryKey(),
  ...countsPer(runStates, t),
}))

/**
 * One row per hour of deadlines, and one per wide band: how many of its runs are OPEN. Claimable runs are counted by hours
 * up to the next wide band, and by wide bands from there on. Nothing is written when a run changes between other states.
 */
export const deadlineBand = onchainTable(
  'deadline_band',
  (t) => ({
    /** How many seconds the band spans. */
    seconds: t.integer().notNull(),
    /** The first deadline of the band. */
    lowest: t.int8({ mode: 'bigint' }).notNull(),
    open: t.integer().notNull().default(0),
  }),
  (table) => ({ key: primaryKey({ columns: [table.seconds, table.lowest] }) }),
)

/** One row per poster, evaluator and agent: how many of its runs are in each state. */
export const partyCount = onchainTable('party_count', (t) => ({
  /** See `partiesOf`. */
  party: t.text().primaryKey(),
  ...countsPer(runStates, t),
}))

/**
 * One row per poster with a decision about its runs: what agents want to know before they work for it. Its runs by state are
 * in `partyCount`. The decisions are those of the poster or of the evaluator that its run names.
 */
export const posterRecord = onchainTable('poster_record', (t) => ({
  /** As `posterAddress` of a run. */
  address: t.text().$type<Address>().primaryKey(),
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
 * One row per day, UTC, with a change of a run: what the day's changes add to each figure of the market. The sum of the
 * rows up to a day is the market at its end, and the sum of all rows is the market now. Amounts are USDC base units.
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

/** One row: how many registered agents are on each step. */
export const agentCount = onchainTable('agent_count', (t) => ({
  chainId: t.integer().primaryKey(),
  ...countsPer(agentSteps, t),
  /** Stakes of all ids, including agents that the registry burned. USDC base units. */
  staked: t.bigint().notNull().default(0n),
}))

/** How many PROVEN agents have their `stakedAt` on one day: for 30 days they are not ESTABLISHED. */
export const provenDay = onchainTable('proven_day', (t) => ({
  /** See `dayOf`. */
  day: t.int8({ mode: 'bigint' }).primaryKey(),
  agents: t.integer().notNull(),
}))

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
  /** The account that the event names, else the account that acted. Of a payment, the payee. */
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
   * a delivery: which request it answers; 0 for the claim's first delivery.
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
