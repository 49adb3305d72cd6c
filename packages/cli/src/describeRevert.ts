import type { ContractFunctionRevertedError } from 'viem'
import { bountyStates } from '../../client/src/runStates.ts'
import { formatUsdc } from './arguments.ts'

/** The arguments of the contracts' errors that are USDC base units, and those that are times. */
const amounts = ['staked', 'required', 'unlocked', 'remaining', 'amount', 'balance', 'needed', 'allowance', 'reward']
const times = ['deadline', 'timestamp', 'reviewBy', 'limit', 'earliest', 'latest']
/** The errors whose `minimum` and `maximum` are USDC base units. */
const limitsOfAmounts = ['RewardOutOfRange', 'StakeTooLarge']

/** The error with its arguments by name: `BountyNotOpen(bountyId 3, state CLAIMED)`. */
export function describeRevert({
  errorName,
  args = [],
  abiItem,
}: NonNullable<ContractFunctionRevertedError['data']>): string {
  const inputs = abiItem && 'inputs' in abiItem ? abiItem.inputs : []
  const values = inputs.map(({ name = '' }, index) => `${name} ${describe(errorName, name, args[index])}`)
  return `${errorName}(${values.join(', ')})`
}

function describe(errorName: string, name: string, value: unknown): string {
  const isLimit = name === 'minimum' || name === 'maximum'
  if (typeof value === 'bigint') {
    if (amounts.includes(name) || (isLimit && limitsOfAmounts.includes(errorName))) return formatUsdc(value)
    // `Date` has no larger times.
    if (times.includes(name) && value < 8_640_000_000_000n) return new Date(Number(value) * 1_000).toISOString()
  }
  if (name === 'state') return bountyStates[Number(value)] ?? String(value)
  return String(value)
}
