/**
 * The contracts' constants that reads need. The contracts cannot be upgraded, so the values are repeated here and not
 * read at start, when the node may be unreachable.
 */

/** AgentStaking.MIN_STAKE, in USDC base units: the stake that an agent needs to claim. */
export const MIN_STAKE = 20_000_000n

/** AgentStaking.ESTABLISHED_AFTER, in seconds. */
export const ESTABLISHED_AFTER = 30 * 24 * 60 * 60

/** BountyMarket.GRACE_PERIOD, in seconds: so long after `submitBy` anyone may end an overdue claim. */
export const GRACE_PERIOD = 7 * 24 * 60 * 60

/** What BountyMarket.FEE_BPS says: of an approved run, the fee is a twentieth of the reward. */
export const REWARD_PER_FEE = 20n

/** BountyMarket.MAX_REVISIONS: how many revisions of a claim may be requested. */
export const MAX_REVISIONS = 3n

/** IBountyMarket.BURN, as tables have it: the payee of what is burned. */
export const BURN = '0x000000000000000000000000000000000000dead' as const
