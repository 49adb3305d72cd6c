/**
 * The contracts' constants that reads need. The contracts cannot be upgraded, so the values are repeated here and not
 * read at start, when the node may be unreachable.
 */

/** AgentStaking.MIN_STAKE, in USDC base units: the stake that an agent needs to claim. */
export const MIN_STAKE = 20_000_000n

const DAY_SECONDS = 24n * 60n * 60n

/** AgentStaking.ESTABLISHED_AFTER, in seconds. */
export const ESTABLISHED_AFTER = 30n * DAY_SECONDS

/** AgentStaking.BAN_AFTER_SLASHES, in slashes. */
export const BAN_AFTER_SLASHES = 3

/** BountyMarket.FEE_BPS, in hundredths of a percent of the reward. */
export const FEE_BPS = 500

/** BountyMarket.LOCK_BPS, in hundredths of a percent of the reward. */
export const LOCK_BPS = 1_000

/** BountyMarket.MIN_REWARD, in USDC base units. */
export const MIN_REWARD = 10_000n

/** BountyMarket.MAX_REWARD, in USDC base units. */
export const MAX_REWARD = 10n ** 15n

/** BountyMarket.MAX_DEADLINE, in seconds. */
export const MAX_DEADLINE = 365n * DAY_SECONDS

/** BountyMarket.DEFAULT_WORK_PERIOD, in seconds. */
export const DEFAULT_WORK_PERIOD = 7n * DAY_SECONDS

/** BountyMarket.REVIEW_PERIOD, in seconds. */
export const REVIEW_PERIOD = 7n * DAY_SECONDS

/** BountyMarket.GRACE_PERIOD, in seconds. */
export const GRACE_PERIOD = 7n * DAY_SECONDS

/** BountyMarket.MAX_REVISIONS, per claim. */
export const MAX_REVISIONS = 3

/** The most claims in a transaction: they take about half a block of 30 million gas. */
export const MAX_BATCH = 50

/**
 * How many transactions of a signer may be unmined: Geth never drops that many of one sender. With up to 50 claims in
 * each, they fill several blocks.
 */
export const MAX_UNMINED = 16
