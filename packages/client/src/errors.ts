import type { components } from './api.ts'

type Schemas = components['schemas']

/** A refusal of the API. Its `code` decides which members it has. */
export type Problem = Schemas[Extract<keyof Schemas, `${string}Problem`>]
export type ProblemCode = Problem['code']

/** The API refused the request, for the reason in `problem`. */
export class ProblemError<Code extends ProblemCode = ProblemCode> extends Error {
  readonly problem: Extract<Problem, { code: Code }>
  /** Of the answer: `X-Request-Id` is in the server's log, too. */
  readonly headers: Headers

  constructor(problem: Extract<Problem, { code: Code }>, headers: Headers) {
    super(`${problem.code}: ${problem.detail}`)
    this.name = 'ProblemError'
    this.problem = problem
    this.headers = headers
  }

  get code(): Code {
    return this.problem.code as Code
  }
}

/** Whether the error is a refusal with one of the codes. It narrows the type of the error's `problem`. */
export function isProblem<Code extends ProblemCode>(error: unknown, ...codes: Code[]): error is ProblemError<Code> {
  return error instanceof ProblemError && codes.some((code) => code === error.problem.code)
}

/** The contract refuses the transaction, which was not sent. */
export class RevertError extends Error {
  /** The Solidity name of the contract's error, such as `InvalidState`; undefined if it gave none. */
  readonly errorName: string | undefined
  readonly args: readonly unknown[]

  constructor(functionName: string, errorName: string | undefined, args: readonly unknown[], cause: unknown) {
    super(`${functionName} would revert: ${errorName ?? 'no reason'}(${args.join(', ')}). Nothing was sent.`, { cause })
    this.name = 'RevertError'
    this.errorName = errorName
    this.args = args
  }
}

/** Whether the error is a contract's refusal with one of the names; with any, if none is given. */
export function isRevert(error: unknown, ...errorNames: string[]): error is RevertError {
  if (!(error instanceof RevertError)) return false
  return errorNames.length === 0 || errorNames.some((name) => name === error.errorName)
}

/** No complete answer of the API arrived. A proxy may have answered. */
export class NoAnswerError extends Error {
  constructor(request: string, reason: string, cause?: unknown) {
    super(`${request} got no answer of the API: ${reason}.`, { cause })
    this.name = 'NoAnswerError'
  }
}

/** An action or a claim is not decided at the timeout, and may still be made. */
export class UndecidedError extends Error {
  /** Names the action. */
  readonly what: string
  /** Where it is, or why it has no answer. */
  readonly state: string
  /** The id of the action or claim, for `actions.wait`. Undefined only of a call for anyone that the API has not answered. */
  readonly actionId: string | undefined

  constructor(what: string, state: string, actionId: string | undefined) {
    const advice = actionId ? `Wait with actions.wait("${actionId}").` : 'Call again to wait: it is made once.'
    super(`${what} is undecided: ${state} It may still be made. ${advice}`)
    this.name = 'UndecidedError'
    this.what = what
    this.state = state
    this.actionId = actionId
  }
}

/** The API has other content by a URI than its hash says, or names another URI for a content. Nothing was signed. */
export class UnexpectedContentError extends Error {
  constructor(expected: string, got: string) {
    super(`The API answers ${got} for content whose URI is ${expected}. Nothing was signed.`)
    this.name = 'UnexpectedContentError'
  }
}

/** The API asked for the signature of another message than the caller’s. Nothing was signed. */
export class UnexpectedMessageError extends Error {
  constructor(member: string, expected: unknown, got: unknown) {
    super(`The message to sign has ${member} ${got}, not ${expected}. Nothing was signed.`)
    this.name = 'UnexpectedMessageError'
  }
}
