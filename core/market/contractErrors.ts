import {
  type Address,
  BaseError,
  type ContractErrorArgs,
  type ContractErrorName,
  decodeErrorResult,
  formatUnits,
  type Hex,
  parseAbi,
} from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { runStates } from '../../ponder.schema.ts'
import { formatId, formatTime } from '../format.ts'

/**
 * The union of all contracts' ABIs. The market calls staking and registry in a claim, so a claim may revert with an
 * error of any of them.
 */
export const contractsAbi = [...bountyMarketAbi, ...agentStakingAbi, ...agentRegistryAbi] as const

type ErrorName = ContractErrorName<typeof contractsAbi>
type Arguments<Name extends ErrorName> = Extract<ContractErrorArgs<typeof contractsAbi, Name>, readonly unknown[]>

/** The contracts' errors with these names. */
export type ErrorOf<Name extends ErrorName> = { [Each in Name]: { errorName: Each; args: Arguments<Each> } }[Name]

/** The agent that claimed a run, and its wallet. */
export type Holder = { agentId: bigint; wallet: Address }

/** By a contract's error: the code with which the API explains it, and the sentence and members of the problem. */
export type Rows = {
  [Name in ErrorName]?: {
    code: string
    sentence: (args: Arguments<Name>, holder?: Holder) => string
    extensions?: (args: Arguments<Name>, holder?: Holder) => Record<string, unknown>
  }
}

const usdc = (amount: bigint) => `${formatUnits(amount, 6)} USDC`

/** The API's name of a state by its number in the market. The API has no name for NONE, the contract's state 0. */
export const stateName = (state: number) => runStates[state - 1]

const rows = {
  BountyNotFound: {
    code: 'RUN_NOT_FOUND',
    sentence: ([bountyId]) => `There is no run ${bountyId}.`,
    extensions: ([bountyId]) => ({ bountyId: formatId(bountyId) }),
  },
  BountyNotOpen: {
    code: 'RUN_NOT_OPEN',
    sentence: ([bountyId, state], holder) =>
      holder
        ? `Run ${bountyId} is ${stateName(state)}: agent ${holder.agentId} (${holder.wallet}) claimed it.`
        : `Run ${bountyId} is ${stateName(state)}.`,
    extensions: ([, state], holder) => ({
      state: stateName(state),
      claimedBy: holder ? formatId(holder.agentId) : null,
      holder: holder?.wallet ?? null,
    }),
  },
  BountyDeadlinePassed: {
    code: 'RUN_DEADLINE_PASSED',
    sentence: ([bountyId, deadline]) => `Run ${bountyId} could be claimed until ${formatTime(deadline)}.`,
    extensions: ([, deadline]) => ({ deadline: formatTime(deadline) }),
  },
  NotRelayer: {
    code: 'SIGNATURE_REQUIRED',
    sentence: ([account]) => `${account} may not claim for a wallet without its signature.`,
  },
  InvalidSignature: {
    code: 'INVALID_SIGNATURE',
    sentence: ([bountyId, wallet, round]) =>
      `The signature is not ${wallet}’s of this claim of run ${bountyId} in round ${round}.`,
    extensions: ([, , round]) => ({ round: Number(round) }),
  },
  SignatureExpired: {
    code: 'SIGNATURE_EXPIRED',
    sentence: ([deadline]) => `The signature was valid until ${formatTime(deadline)}.`,
    extensions: ([deadline]) => ({ deadline: deadline.toString() }),
  },
  SignatureTooLong: {
    code: 'SIGNATURE_EXPIRED',
    sentence: ([deadline, latest]) =>
      `The signature’s deadline ${deadline} is too far ahead; the latest accepted now is ${latest}.`,
    extensions: ([deadline, latest]) => ({ deadline: deadline.toString(), latest: latest.toString() }),
  },
  NotClaimant: {
    code: 'NOT_CLAIMANT',
    sentence: ([bountyId, wallet, claimant]) =>
      `Only ${claimant} may claim run ${bountyId}, not ${wallet}. If that is the poster, it has named no wallet yet.`,
    extensions: ([, wallet, claimant]) => ({ walletAddress: wallet, claimant }),
  },
  AgentNotFound: {
    code: 'AGENT_NOT_FOUND',
    sentence: ([agentId]) => `There is no agent ${agentId}.`,
    extensions: ([agentId]) => ({ agentId: formatId(agentId) }),
  },
  NotAgentWallet: {
    code: 'WALLET_MISMATCH',
    sentence: ([agentId, wallet, expected]) => `${wallet} is not the wallet of agent ${agentId}; ${expected} is.`,
    extensions: ([, wallet, expected]) => ({ walletAddress: wallet, expected }),
  },
  AgentIsBanned: {
    code: 'AGENT_BANNED',
    sentence: ([agentId]) => `Agent ${agentId} is banned.`,
  },
  AgentIsFrozen: {
    code: 'AGENT_FROZEN',
    sentence: ([agentId]) => `Agent ${agentId} is frozen until it stakes again.`,
  },
  InsufficientStake: {
    code: 'INSUFFICIENT_STAKE',
    sentence: ([agentId, staked, required]) =>
      `Agent ${agentId} has ${usdc(staked)} at stake; ${usdc(required)} are required.`,
    extensions: ([, staked, required]) => ({ stakedAmount: staked.toString(), required: required.toString() }),
  },
  InsufficientUnlockedStake: {
    code: 'INSUFFICIENT_UNLOCKED_STAKE',
    sentence: ([agentId, unlocked, required]) =>
      `Agent ${agentId} has ${usdc(unlocked)} of stake unlocked; this run locks ${usdc(required)}.`,
    extensions: ([, unlocked, required]) => ({ unlockedAmount: unlocked.toString(), required: required.toString() }),
  },
} as const satisfies Rows

type ClaimErrorName = keyof typeof rows

/** The contract error with which the market refuses a claim. */
export type ClaimError = ErrorOf<ClaimErrorName>

/** The codes of the problems that explain a `ClaimError`. */
export const claimErrorCodes = [...new Set(Object.values(rows).map(({ code }) => code))]

/**
 * Explains the refusal of a claim.
 * @param holder the agent that claimed the run, if it is not open for that reason.
 */
export function explainClaimError({ errorName, args }: ClaimError, holder?: Holder) {
  return { code: rows[errorName].code, ...explainBy(rows, errorName, args, holder) }
}

/** The sentence and the members of the problem that explains the error. */
export function explainBy(from: Rows, errorName: keyof Rows, args: readonly unknown[], holder?: Holder) {
  const row = from[errorName]
  if (!row) throw new Error(`No problem explains the contract's error ${errorName}`)
  return { sentence: row.sentence(args as never, holder), extensions: row.extensions?.(args as never, holder) ?? {} }
}

/** Whether claims are refused with this error. */
export const isClaimError = (error: { errorName: string }): error is ClaimError => Object.hasOwn(rows, error.errorName)

/** Of OpenZeppelin's ERC-20, and the texts that Circle's token has instead. */
const tokenAbi = parseAbi([
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error Error(string reason)',
])

const abi = [...contractsAbi, ...tokenAbi] as const

/** Reads revert data. @returns undefined for an unknown selector, or no data. */
export function decodeError(data: Hex) {
  try {
    const { abiItem: _, ...error } = decodeErrorResult({ abi, data })
    return error
  } catch (error) {
    if (error instanceof BaseError) return undefined
    throw error
  }
}

/** Reads the revert data of a claim. @returns undefined if it is not one of the market's refusals. */
export function decodeClaimError(data: Hex): ClaimError | undefined {
  const error = decodeError(data)
  return error && isClaimError(error) ? error : undefined
}
