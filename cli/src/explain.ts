import { BaseError, ContractFunctionRevertedError, HttpRequestError, InsufficientFundsError, TimeoutError } from 'viem'
import { NoAnswerError, ProblemError, UndecidedClaimError, UnexpectedMessageError } from '../../client/src/index.ts'
import { adviceFor } from './advice.ts'
import { CommandError } from './commandError.ts'
import { describeRevert } from './describeRevert.ts'
import type { Settings } from './settings.ts'

/** Why a command failed. The code is an error of a contract, a code of the API, or one of the CLI. */
export type Reason = { code: string; message: string }

/** What is wrong, with the value, and what to do. */
export function explain(error: unknown, { rpc }: Pick<Settings, 'rpc'>): Reason {
  if (error instanceof CommandError) return { code: error.code, message: error.message }
  if (error instanceof ProblemError) return advised(error.code, error.problem.detail)
  if (error instanceof NoAnswerError) return advised('API_UNREACHABLE', error.message)
  if (error instanceof UndecidedClaimError) return { code: 'CLAIM_UNDECIDED', message: error.message }
  if (error instanceof UnexpectedMessageError) return { code: 'UNEXPECTED_MESSAGE', message: error.message }
  if (error instanceof BaseError) return explainCall(error, rpc)
  return { code: 'FAILED', message: error instanceof Error ? error.message : String(error) }
}

function explainCall(error: BaseError, rpc: string): Reason {
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  if (revert instanceof ContractFunctionRevertedError) {
    const { data, reason, signature } = revert
    if (data) return advised(data.errorName, `The contract refuses: ${describeRevert(data)}.`)
    return { code: 'REVERTED', message: `The contract refuses: ${reason ?? signature ?? 'without a reason'}.` }
  }
  if (error.walk((cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError)) {
    return advised('NODE_UNREACHABLE', `The node at ${rpc} does not answer: ${error.shortMessage}`)
  }
  if (error.walk((cause) => cause instanceof InsufficientFundsError)) {
    return advised('NO_GAS', 'The account has too little of the chain’s currency to pay the gas.')
  }
  return { code: 'FAILED', message: `${error.shortMessage} ${error.details ?? ''}`.trim() }
}

function advised(code: string, message: string): Reason {
  const advice = adviceFor[code]
  return { code, message: advice ? `${message} ${advice}` : message }
}
