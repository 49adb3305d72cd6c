import { BaseError, ContractFunctionRevertedError, HttpRequestError, InsufficientFundsError, TimeoutError } from 'viem'
import {
  NoAnswerError,
  ProblemError,
  UndecidedError,
  UnexpectedContentError,
  UnexpectedMessageError,
} from '../../client/src/index.ts'
import { FalseAnswerError, UnverifiedAnswerError, type UnverifiedReason } from '../../client/src/verify/index.ts'
import { adviceFor } from './advice.ts'
import { CommandError } from './commandError.ts'
import { describeRevert } from './describeRevert.ts'
import type { Settings } from './settings.ts'

/** What a command ends with, so that a script knows whether to correct, to stop, or to try again. */
export const exitCodes = { failed: 1, usage: 2, refused: 3, unreachable: 4 } as const

/**
 * Why a command failed. The code is an error of a contract, a code of the API, or one of the CLI.
 * - `usage`: the user must correct the command, its key or its settings.
 * - `refused`: the API or the contract refuses, or this program refuses to sign what the API asks.
 * - `unreachable`: the API, the node or the relay cannot answer now.
 * - `failed`: anything else.
 *
 * `actionId`: of an action that may still be made.
 */
export type Reason = { code: string; message: string; kind: keyof typeof exitCodes; actionId?: string }

/** What is wrong, with the value, and what to do. */
export function explain(error: unknown, { rpc }: Pick<Settings, 'rpc'>): Reason {
  const { message } = error instanceof Error ? error : { message: String(error) }
  if (error instanceof CommandError) return { code: error.code, message, kind: error.kind }
  if (error instanceof ProblemError) {
    const { status, detail } = error.problem
    return advised(error.code, detail, status === 429 || status >= 500 ? 'unreachable' : 'refused')
  }
  if (error instanceof NoAnswerError) return advised('API_UNREACHABLE', message, 'unreachable')
  if (error instanceof UndecidedError) {
    const { what, state, actionId } = error
    const undecided = `${what} is undecided: ${state} It may still be made.`
    return { code: 'ACTION_UNDECIDED', message: undecided, kind: 'failed', ...(actionId && { actionId }) }
  }
  if (error instanceof UnexpectedContentError) return { code: 'UNEXPECTED_CONTENT', message, kind: 'refused' }
  if (error instanceof UnexpectedMessageError) return { code: 'UNEXPECTED_MESSAGE', message, kind: 'refused' }
  if (error instanceof FalseAnswerError) return { code: 'FALSE_ANSWER', message, kind: 'refused' }
  if (error instanceof UnverifiedAnswerError) return { code: error.reason, message, kind: kindOf[error.reason] }
  if (error instanceof BaseError) return explainCall(error, rpc)
  return { code: 'FAILED', message, kind: 'failed' }
}

/** What the user does about an answer that is not verified. */
const kindOf: Record<UnverifiedReason, Reason['kind']> = {
  WRONG_CHAIN: 'usage',
  NO_MARKET: 'usage',
  NODE_PRUNED: 'usage',
  NODE_UNREACHABLE: 'unreachable',
  NODE_BEHIND: 'unreachable',
  BLOCK_UNKNOWN: 'refused',
  BLOCK_MISSING: 'refused',
  OLD_ANSWER: 'refused',
}

function explainCall(error: BaseError, rpc: string): Reason {
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  if (revert instanceof ContractFunctionRevertedError) {
    const { data, reason, signature } = revert
    if (data) return advised(data.errorName, `The contract refuses: ${describeRevert(data)}.`, 'refused')
    const message = `The contract refuses: ${reason ?? signature ?? 'without a reason'}.`
    return { code: 'REVERTED', message, kind: 'refused' }
  }
  if (error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError)) {
    return advised('NODE_UNREACHABLE', `The node at ${rpc} does not answer: ${error.shortMessage}`, 'unreachable')
  }
  if (error.walk((cause) => cause instanceof InsufficientFundsError)) {
    return advised('NO_GAS', 'The account has too little of the chain’s currency to pay the gas.', 'refused')
  }
  return { code: 'FAILED', message: `${error.shortMessage} ${error.details ?? ''}`.trim(), kind: 'failed' }
}

function advised(code: string, message: string, kind: Reason['kind']): Reason {
  const advice = adviceFor[code]
  return { code, message: advice ? `${message} ${advice}` : message, kind }
}
