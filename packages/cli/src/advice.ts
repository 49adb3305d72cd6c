const wrongAccount = 'Use the key of that account.'
const unknownRun = '`run list` shows the runs.'
const unknownAgent = '`agent register` makes an agent.'
const stakeMore = 'Stake more with `agent stake`.'
const freeStake = 'Stake more with `agent stake`, or wait until one of the agent’s runs ends.'
const otherRun = '`run list --claimable` shows the runs that can be claimed.'
const unfreeze = 'Stake again with `agent stake`, up to 20 USDC or more.'

/** What to do about an error of a contract, a code of the API, or a code of the CLI. */
export const adviceFor: Record<string, string> = {
  API_UNREACHABLE: 'Start it with `npm run dev`, or correct --api.',
  NODE_UNREACHABLE: 'Start it with `npm run dev`, or correct --rpc.',
  NO_GAS: 'Send it some ether; on a devnet `faucet` does.',

  BountyNotFound: unknownRun,
  RUN_NOT_FOUND: unknownRun,
  AgentNotFound: unknownAgent,
  ERC721NonexistentToken: unknownAgent,
  AGENT_NOT_FOUND: unknownAgent,

  NotPoster: wrongAccount,
  NotEvaluator: wrongAccount,
  NotPosterOrEvaluator: wrongAccount,
  NotClaimingWallet: wrongAccount,
  NotAgentWallet: wrongAccount,
  NotAgentWalletOrOwner: 'Use the key of the agent’s wallet or owner.',
  WALLET_MISMATCH: wrongAccount,

  InvalidState: '`run show` shows the state of the run; docs/market.md says what each state allows.',
  BountyNotOpen: otherRun,
  RUN_NOT_OPEN: otherRun,
  NotClaimant: otherRun,
  NOT_CLAIMANT: otherRun,
  BountyDeadlinePassed: otherRun,
  RUN_DEADLINE_PASSED: otherRun,
  RevisionsLeft: 'Request a revision with `run revise`, or approve.',
  NoRevisionsLeft: 'Approve or reject the work.',
  WrongRevision: 'There is a later delivery, or none yet: `run show` shows the last.',
  NoClaimantNamed: 'Any wallet may claim the run: a claimant is named when the run is posted.',
  BountyIsClosing: 'It is closed already: `run show` shows it.',
  ReviewPeriodOver: 'Approve the work.',
  SubmissionOverdue: 'Deliver the work with `run submit`, or wait for the slash.',

  REWARD_TOO_LOW: 'Call claimBounty of the market with the wallet, or claim a run with a higher reward.',
  InsufficientStake: stakeMore,
  INSUFFICIENT_STAKE: stakeMore,
  InsufficientUnlockedStake: freeStake,
  INSUFFICIENT_UNLOCKED_STAKE: freeStake,
  AgentIsFrozen: unfreeze,
  AGENT_FROZEN: unfreeze,
  StakeIsLocked: 'Unstake less, or wait until the agent’s runs have ended.',
  AmountExceedsStake: '`agent show` shows the stake.',
  ERC20InsufficientBalance: 'Get USDC; on a devnet `faucet` mints it.',
}
