import { BaseError, decodeErrorResult, type Hex, parseAbi } from 'viem'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { formatTime } from '../format.ts'
import { decodeRunError, explainRunError } from './actionErrors.ts'

/** The codes with which the market refuses calls that anyone may ask for. */
export const openErrorCodes = ['RUN_NOT_FOUND', 'WRONG_STATE', 'TOO_EARLY', 'NOTHING_OWED', 'USDC_REFUSED'] as const

export type OpenErrorCode = (typeof openErrorCodes)[number]

type OpenRefusal = { code: OpenErrorCode; sentence: string; extensions: Record<string, unknown> }

/** USDC's refusals are texts. */
const abi = [...bountyMarketAbi, ...parseAbi(['error Error(string reason)'])] as const

const known: readonly string[] = openErrorCodes

/** @param last the last second at which the call is too early. */
const tooEarly = (bountyId: bigint, last: bigint): OpenRefusal => ({
  code: 'TOO_EARLY',
  sentence: `This can be done about run ${bountyId} after ${formatTime(last)}.`,
  extensions: { after: formatTime(last) },
})

/** Explains the revert of a call that anyone may ask for; undefined if its reason is none of the contracts' own. */
export function explainOpenError(data: Hex): OpenRefusal | undefined {
  const ofRun = decodeRunError(data)
  if (ofRun) {
    const explained = explainRunError(ofRun)
    return known.includes(explained.code) ? (explained as OpenRefusal) : undefined
  }
  try {
    const { errorName, args } = decodeErrorResult({ abi, data })
    switch (errorName) {
      case 'BountyDeadlineNotPassed':
      case 'ReviewPeriodNotOver':
      case 'SubmissionNotOverdue':
        return tooEarly(args[0], args[1])
      case 'NothingOwed':
        return { code: 'NOTHING_OWED', sentence: `The market owes nothing to ${args[0]}.`, extensions: {} }
      case 'Error':
        return { code: 'USDC_REFUSED', sentence: `USDC refuses the payment: ${args[0]}.`, extensions: {} }
      default:
        return undefined
    }
  } catch (error) {
    // viem knows no such error of the market.
    if (error instanceof BaseError) return undefined
    throw error
  }
}
