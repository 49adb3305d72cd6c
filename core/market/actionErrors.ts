import { type Address, BaseError, type ContractErrorArgs, decodeErrorResult, type Hex } from 'viem'
import { formatTime } from '../format.ts'
import {
  type ClaimError,
  contractsAbi,
  decodeClaimError,
  explainClaimError,
  isClaimError,
  stateName,
} from './contractErrors.ts'

type ActionErrorName =
  | 'InvalidState'
  | 'NotClaimingWallet'
  | 'NotPoster'
  | 'NotEvaluator'
  | 'NotPosterOrEvaluator'
  | 'WrongRevision'
  | 'ReviewPeriodOver'
  | 'NoRevisionsLeft'
  | 'RevisionsLeft'
  | 'BountyIsClosing'
  | 'SubmissionOverdue'

type Arguments<Name extends ActionErrorName> = Extract<ContractErrorArgs<typeof contractsAbi, Name>, readonly unknown[]>

/** A contract error with which the market refuses actions about a run, and no claim. */
export type ActionError = {
  [Name in ActionErrorName]: { errorName: Name; args: Arguments<Name> }
}[ActionErrorName]

/** A contract error with which the market refuses what the relay sends. */
export type RunError = ClaimError | ActionError

type ActionErrorCode =
  | 'WRONG_STATE'
  | 'SIGNER_MISMATCH'
  | 'WRONG_REVISION'
  | 'REVIEW_PERIOD_OVER'
  | 'NO_REVISIONS_LEFT'
  | 'REVISIONS_LEFT'
  | 'RUN_CLOSING'
  | 'SUBMISSION_OVERDUE'

/** The code with which the API explains a `RunError`. */
export type RunErrorCode = ActionErrorCode | ReturnType<typeof explainClaimError>['code']

type Row<Name extends ActionErrorName> = {
  code: ActionErrorCode
  sentence: (args: Arguments<Name>) => string
  extensions?: (args: Arguments<Name>) => Record<string, unknown>
}

/** The signer is none of the accounts that may sign. */
const mismatch = (signer: Address, expected: Address[]) => ({ signer, expected: [...new Set(expected)] })

const rows: { [Name in ActionErrorName]: Row<Name> } = {
  InvalidState: {
    code: 'WRONG_STATE',
    sentence: ([bountyId, state]) => `Run ${bountyId} is ${stateName(state)}, which does not allow this.`,
    extensions: ([, state]) => ({ state: stateName(state) }),
  },
  NotClaimingWallet: {
    code: 'SIGNER_MISMATCH',
    sentence: ([bountyId, signer, expected]) => `${signer} has not claimed run ${bountyId}; ${expected} has.`,
    extensions: ([, signer, expected]) => mismatch(signer, [expected]),
  },
  NotPoster: {
    code: 'SIGNER_MISMATCH',
    sentence: ([bountyId, signer, expected]) => `${signer} is not the poster of run ${bountyId}; ${expected} is.`,
    extensions: ([, signer, expected]) => mismatch(signer, [expected]),
  },
  NotEvaluator: {
    code: 'SIGNER_MISMATCH',
    sentence: ([bountyId, signer, expected]) => `${signer} does not evaluate run ${bountyId}; ${expected} does.`,
    extensions: ([, signer, expected]) => mismatch(signer, [expected]),
  },
  NotPosterOrEvaluator: {
    code: 'SIGNER_MISMATCH',
    sentence: ([bountyId, signer, poster, evaluator]) =>
      `${signer} is neither the poster of run ${bountyId}, ${poster}, nor its evaluator, ${evaluator}.`,
    extensions: ([, signer, poster, evaluator]) => mismatch(signer, [poster, evaluator]),
  },
  WrongRevision: {
    code: 'WRONG_REVISION',
    sentence: ([bountyId, revision, actual]) =>
      `The message names revision ${revision} of run ${bountyId}; ${actual} is the one that it can be about now.`,
    extensions: ([, revision, actual]) => ({ revision: Number(revision), expected: Number(actual) }),
  },
  ReviewPeriodOver: {
    code: 'REVIEW_PERIOD_OVER',
    sentence: ([bountyId, reviewBy]) => `Run ${bountyId} could be reviewed until ${formatTime(reviewBy)}.`,
    extensions: ([, reviewBy]) => ({ reviewBy: formatTime(reviewBy) }),
  },
  NoRevisionsLeft: {
    code: 'NO_REVISIONS_LEFT',
    sentence: ([bountyId, revisions]) => `${revisions} revisions of run ${bountyId} were requested, which is the most.`,
    extensions: ([, revisions, maximum]) => ({ revisions: Number(revisions), maximum: Number(maximum) }),
  },
  RevisionsLeft: {
    code: 'REVISIONS_LEFT',
    sentence: ([bountyId, revisions, required]) =>
      `The poster of run ${bountyId} has requested ${revisions} revisions; it may reject after ${required}.`,
    extensions: ([, revisions, required]) => ({ revisions: Number(revisions), required: Number(required) }),
  },
  BountyIsClosing: {
    code: 'RUN_CLOSING',
    sentence: ([bountyId]) => `The poster has closed run ${bountyId} already: it ends with its claim.`,
  },
  SubmissionOverdue: {
    code: 'SUBMISSION_OVERDUE',
    sentence: ([bountyId, submitBy]) =>
      `The claim of run ${bountyId} could be abandoned until ${formatTime(submitBy)}. Deliver, or it is slashed.`,
    extensions: ([, submitBy]) => ({ submitBy: formatTime(submitBy) }),
  },
}

/** The codes with which the market refuses actions about runs. */
export const actionErrorCodes = [
  'RUN_NOT_FOUND',
  'INVALID_SIGNATURE',
  'SIGNATURE_EXPIRED',
  ...new Set(Object.values(rows).map(({ code }) => code)),
] as const

/** Explains the market's refusal of a claim or of another action about a run. */
export function explainRunError(error: RunError): {
  code: RunErrorCode
  sentence: string
  extensions: Record<string, unknown>
} {
  if (isClaimError(error)) return explainClaimError(error)
  const { code, sentence, extensions } = rows[error.errorName] as Row<ActionErrorName>
  return { code, sentence: sentence(error.args as never), extensions: extensions?.(error.args as never) ?? {} }
}

const isActionErrorName = (name: string): name is ActionErrorName => Object.hasOwn(rows, name)

/**
 * Reads the revert data of a claim or another action about a run.
 * @returns undefined if it is not one of the market's refusals: see `decodeClaimError`.
 */
export function decodeRunError(data: Hex): RunError | undefined {
  const ofClaim = decodeClaimError(data)
  if (ofClaim) return ofClaim
  try {
    const { errorName, args } = decodeErrorResult({ abi: contractsAbi, data })
    return isActionErrorName(errorName) ? ({ errorName, args } as ActionError) : undefined
  } catch (error) {
    if (error instanceof BaseError) return undefined
    throw error
  }
}
