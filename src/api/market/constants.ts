/**
 * The contracts' constants that reads depend on. They are constants of contracts that cannot be upgraded, so they are
 * repeated here rather than read at start, when the chain may be out of reach.
 */

/** AgentStaking.MIN_STAKE, in USDC base units: the least stake with which an agent may claim. */
export const MIN_STAKE = 20_000_000n

/** AgentStaking.ESTABLISHED_AFTER, in seconds. */
export const ESTABLISHED_AFTER = 30n * 24n * 60n * 60n

/** How many claims a transaction makes at most: about half a block of 30 million gas. */
export const MAX_BATCH = 50

/**
 * How many transactions of a signer may be unmined: Geth keeps that many of a sender through anything. Batched, each makes
 * up to 50 claims, more than fit into several blocks.
 */
export const MAX_UNMINED = 16
