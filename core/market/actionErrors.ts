import type { Address, Hex } from 'viem'
import { formatTime } from '../format.ts'
import {
  type ClaimError,
  decodeError,
  type ErrorOf,
  explainBy,
  explainClaimError,
  isClaimError,
  type Rows,
  stateName,
} from './contractErrors.ts'

/** The signer is none of the accounts that may sign. */
const mismatch = (signer: Address, expected: Address[]) => ({ signer, expected: [...new Set(expected)] })

const rows = {
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
      `The message names revision ${revision} of run ${bountyId}; ${actual} is the one that it can be about now.` +
      (revision < actual ? ' A later one has come.' : ''),
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
  // A claimant is named in OPEN only.
  NoClaimantNamed: {
    code: 'WRONG_STATE',
    sentence: ([bountyId]) => `Run ${bountyId} is OPEN to any wallet for good: no claimant can be named.`,
    extensions: () => ({ state: 'OPEN' }),
  },
  WrongNaming: {
    code: 'WRONG_NONCE',
    sentence: ([bountyId, naming, expected]) =>
      `The message is about naming ${naming} of a claimant of run ${bountyId}; ${expected} is the next.`,
    extensions: ([, naming, expected]) => ({ nonce: String(naming), expected: String(expected) }),
  },
} as const satisfies Rows

type ActionErrorName = keyof typeof rows

/** A contract error with which the market refuses actions about a run, and no claim. */
type ActionError = ErrorOf<ActionErrorName>

/** A contract error with which the market refuses what the relay sends. */
export type RunError = ClaimError | ActionError

/** The code with which the API explains a `RunError`. */
export type RunErrorCode = (typeof rows)[ActionErrorName]['code'] | ReturnType<typeof explainClaimError>['code']

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
  return { code: rows[error.errorName].code, ...explainBy(rows, error.errorName, error.args) }
}

const isActionError = (error: { errorName: string }): error is ActionError => Object.hasOwn(rows, error.errorName)

/** Reads the revert data of a claim or another action about a run. @returns undefined if it is not one of the market's refusals. */
export function decodeRunError(data: Hex): RunError | undefined {
  const error = decodeError(data)
  return error && (isClaimError(error) || isActionError(error)) ? error : undefined
}
