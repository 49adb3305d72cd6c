/**
 * The contracts' constants that reads need. The contracts cannot be upgraded, so the values are repeated here and not
 * read at start, when the node may be unreachable.
 */

/** AgentStaking.MIN_STAKE, in USDC base units: the stake that an agent needs to claim. */
export const MIN_STAKE = 20_000_000n

/** AgentStaking.ESTABLISHED_AFTER, in seconds. */
export const ESTABLISHED_AFTER = 30 * 24 * 60 * 60

/** The most claims in a transaction: they take about half a block of 30 million gas. */
export const MAX_BATCH = 50

/**
 * How many transactions of a signer may be unmined: Geth never drops that many of one sender. With up to 50 claims in
 * each, they fill several blocks.
 */
export const MAX_UNMINED = 16
