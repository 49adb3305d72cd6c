import type { Address, Hex } from 'viem'
import { runStates } from '../../ponder.schema.ts'
import { formatTime } from '../format.ts'
import { decodeRunError, explainRunError } from './actionErrors.ts'
import { GRACE_PERIOD } from './constants.ts'
import { decodeError } from './contractErrors.ts'
import { type OpenRunCallName, openRunCalls } from './openCalls.ts'
import type { RunState } from './runActions.ts'

/** The codes with which the market refuses calls that anyone may ask for. */
export const openErrorCodes = ['RUN_NOT_FOUND', 'WRONG_STATE', 'TOO_EARLY', 'NOTHING_OWED', 'USDC_REFUSED'] as const

export type OpenErrorCode = (typeof openErrorCodes)[number]

export type OpenRefusal = { code: OpenErrorCode; sentence: string; extensions: Record<string, unknown> }

const known: readonly string[] = openErrorCodes

/** @param last the last second at which the call is too early. */
const tooEarly = (bountyId: bigint, last: bigint): OpenRefusal => ({
  code: 'TOO_EARLY',
  sentence: `This can be done about run ${bountyId} after ${formatTime(last)}.`,
  extensions: { after: formatTime(last) },
})

/** What the calls about a run depend on. Times in seconds; null if nothing is due. */
export type OpenRunFacts = {
  bountyId: bigint
  state: RunState
  deadline: bigint
  submitBy: bigint | null
  reviewBy: bigint | null
}

/** The last second at which the call is too early. */
function lastEarlySecond(name: OpenRunCallName, { bountyId, deadline, submitBy, reviewBy }: OpenRunFacts): bigint {
  if (name === 'expire') return deadline
  const due = name === 'finalize' ? reviewBy : submitBy
  if (due === null) throw new Error(`Nothing is due of run ${bountyId}, which ${name} would end`)
  return name === 'finalize' ? due : due + BigInt(GRACE_PERIOD)
}

/**
 * Why the market refuses the call about the run, in the order of its checks; undefined if it makes it.
 * @param now the timestamp of the block that would contain it, in seconds.
 */
export function openRunError(name: OpenRunCallName, run: OpenRunFacts, now: bigint): OpenRefusal | undefined {
  const { bountyId, state } = run
  const states: readonly RunState[] = openRunCalls[name].states
  if (!states.includes(state)) {
    const error = { errorName: 'InvalidState', args: [bountyId, runStates.indexOf(state) + 1] } as const
    return explainRunError(error) as OpenRefusal
  }
  const last = lastEarlySecond(name, run)
  return now > last ? undefined : tooEarly(bountyId, last)
}

export const nothingOwed = (payee: Address): OpenRefusal => ({
  code: 'NOTHING_OWED',
  sentence: `The market owes nothing to ${payee}.`,
  extensions: {},
})

/** Explains the revert of a call that anyone may ask for; undefined if its reason is none of the contracts' own. */
export function explainOpenError(data: Hex): OpenRefusal | undefined {
  const ofRun = decodeRunError(data)
  if (ofRun) {
    const explained = explainRunError(ofRun)
    return known.includes(explained.code) ? (explained as OpenRefusal) : undefined
  }
  const error = decodeError(data)
  if (!error) return undefined
  const { errorName, args } = error
  switch (errorName) {
    case 'BountyDeadlineNotPassed':
    case 'ReviewPeriodNotOver':
    case 'SubmissionNotOverdue':
      return tooEarly(args[0], args[1])
    case 'NothingOwed':
      return nothingOwed(args[0])
    case 'Error':
      return { code: 'USDC_REFUSED', sentence: `USDC refuses the payment: ${args[0]}.`, extensions: {} }
    default:
      return undefined
  }
}
