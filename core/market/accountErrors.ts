import { formatUnits, type Hex } from 'viem'
import { formatId, formatTime } from '../format.ts'
import { decodeError, explainClaimError } from './contractErrors.ts'

/** The codes with which the chain refuses posts, registrations, stakes and unstakes. */
export const accountErrorCodes = [
  'AGENT_NOT_FOUND',
  'INVALID_SIGNATURE',
  'SIGNATURE_EXPIRED',
  'SIGNER_MISMATCH',
  'OWNER_MISMATCH',
  'TERMS_REFUSED',
  'INSUFFICIENT_BALANCE',
  'INSUFFICIENT_STAKE',
  'STAKE_LOCKED',
  'WRONG_NONCE',
  'AUTHORIZATION_USED',
  'USDC_REFUSED',
] as const

export type AccountErrorCode = (typeof accountErrorCodes)[number]

/** Why the chain refuses an action of an account. */
export type AccountRefusal = { code: AccountErrorCode; sentence: string; extensions: Record<string, unknown> }

const usdc = (amount: bigint) => `${formatUnits(amount, 6)} USDC`

const refusal = (
  code: AccountErrorCode,
  sentence: string,
  extensions: Record<string, unknown> = {},
): AccountRefusal => ({ code, sentence, extensions })

/** The refusals of Circle's token that callers tell apart, by their texts. The others are its own affair. */
const usdcTexts: Record<string, AccountRefusal> = {
  'FiatTokenV2: authorization is used or canceled': refusal(
    'AUTHORIZATION_USED',
    'The payer has canceled the authorization, or it was used long ago. Sign a new message.',
  ),
  'FiatTokenV2: authorization is expired': refusal(
    'SIGNATURE_EXPIRED',
    'The authorization is no longer valid. Sign a new message.',
  ),
  'FiatTokenV2: invalid signature': refusal(
    'INVALID_SIGNATURE',
    'USDC does not accept the signature of the authorization.',
  ),
  'ERC20: transfer amount exceeds balance': refusal('INSUFFICIENT_BALANCE', 'The payer has too little USDC.'),
}

const refusedTerm = (field: string, sentence: string) => refusal('TERMS_REFUSED', sentence, { field })

/**
 * Explains the revert of an action of an account; undefined if its reason is none of the contracts' own.
 * @param deadline the last second at which what was signed is valid. USDC does not repeat it.
 */
export function explainAccountError(data: Hex, deadline?: bigint): AccountRefusal | undefined {
  const explained = explainError(data)
  if (explained?.code !== 'SIGNATURE_EXPIRED' || deadline === undefined) return explained
  return { ...explained, extensions: { deadline: deadline.toString(), ...explained.extensions } }
}

function explainError(data: Hex): AccountRefusal | undefined {
  const error = decodeError(data)
  if (!error) return undefined
  const { errorName, args } = error
  switch (errorName) {
    case 'SignatureExpired':
    case 'SignatureTooLong':
      return explainClaimError(error) as AccountRefusal
    case 'Error':
      return usdcTexts[args[0]] ?? refusal('USDC_REFUSED', `USDC refuses the payment: ${args[0]}.`)
    case 'ERC20InsufficientBalance':
      return refusal('INSUFFICIENT_BALANCE', `${args[0]} has ${usdc(args[1])}; ${usdc(args[2])} are required.`, {
        balance: args[1].toString(),
        required: args[2].toString(),
      })
    case 'RewardOutOfRange':
      return refusedTerm('reward', `The reward ${usdc(args[0])} must be from ${usdc(args[1])} to ${usdc(args[2])}.`)
    case 'DeadlineOutOfRange':
      return refusedTerm(
        'deadline',
        `The deadline ${args[0]} of the run must be from ${formatTime(args[1])} to ${formatTime(args[2])}.`,
      )
    case 'InvalidWorkPeriod':
      return refusedTerm(
        'workPeriod',
        `The work period of ${args[0]} s must be whole hours, from ${args[1]} to ${args[2]} s.`,
      )
    case 'StakePercentOutOfRange':
      return refusedTerm('stakePercent', `The stake of ${args[0]} % of the reward must be at most ${args[1]} %.`)
    case 'InvalidStringLength':
      return refusedTerm('ipfsHash', `The text has ${args[0]} bytes; it must have 1 to ${args[1]}.`)
    case 'StakeTooLarge':
      return refusedTerm(
        'amount',
        `Agent ${args[0]} would have ${usdc(args[1])} at stake; ${usdc(args[2])} is the most.`,
      )
    case 'ZeroAmount':
      return refusedTerm('amount', 'The amount must not be 0.')
    case 'AgentNotFound':
      return refusal('AGENT_NOT_FOUND', `There is no agent ${args[0]}.`, { agentId: formatId(args[0]) })
    case 'NotAgentOwner':
      return refusal('OWNER_MISMATCH', `${args[1]} does not own agent ${args[0]}; ${args[2]} does.`, {
        owner: args[1],
        expected: args[2],
      })
    case 'AmountExceedsStake':
      return refusal('INSUFFICIENT_STAKE', `Agent ${args[0]} has ${usdc(args[2])} at stake, not ${usdc(args[1])}.`, {
        stakedAmount: args[2].toString(),
        required: args[1].toString(),
      })
    case 'StakeIsLocked':
      return refusal(
        'STAKE_LOCKED',
        `Agent ${args[0]} would have ${usdc(args[1])} left at stake; its runs require ${usdc(args[2])}.`,
        { remaining: args[1].toString(), required: args[2].toString() },
      )
    case 'WrongNonce':
      return refusal(
        'WRONG_NONCE',
        `The message is about withdrawal ${args[1]} of agent ${args[0]}; ${args[2]} is the next.`,
        { nonce: args[1].toString(), expected: args[2].toString() },
      )
    case 'InvalidUnstakeSignature':
      return refusal('INVALID_SIGNATURE', `The signature is not ${args[1]}’s of this withdrawal of agent ${args[0]}.`)
    default:
      return undefined
  }
}
