import { BaseError, HttpRequestError, RpcRequestError, TimeoutError } from 'viem'

/** JSON-RPC's code for too many requests, of several providers, and those of other failures that pass. */
const PASSING_CODES = [429, -32_005, -32_007, -32_029]

/** Providers use the code of too many requests also for a range of blocks that is too large, which does not pass. */
const TOO_LARGE = /query returned more than|block range|response size|too many results/i

/** No endpoint can be asked now. */
export class NodeOutage extends BaseError {
  constructor(why: string, cause?: unknown) {
    super(`No usable endpoint: ${why}`, { name: 'NodeOutage', ...(cause instanceof Error && { cause }) })
  }
}

/** Whether an endpoint refused a call because it got too many. */
export function isLimit(error: unknown): boolean {
  if (!isOutage(error) || !(error instanceof BaseError)) return false
  return (
    error.walk(
      (cause) => cause instanceof RpcRequestError || (cause instanceof HttpRequestError && cause.status === 429),
    ) !== null
  )
}

/** Whether no node answered: a time-out, a broken connection, an answer that is not JSON-RPC, or too many requests. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof BaseError)) return error instanceof SyntaxError
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  if (answer instanceof RpcRequestError) return PASSING_CODES.includes(answer.code) && !TOO_LARGE.test(answer.details)
  const kinds = [TimeoutError, HttpRequestError, NodeOutage]
  return error.walk((cause) => kinds.some((kind) => cause instanceof kind)) !== null
}

/** How long the provider asks to wait, in milliseconds; 0 if it does not say. */
export function retryAfterOf(error: unknown): number {
  if (!(error instanceof BaseError)) return 0
  const answer = error.walk((cause) => cause instanceof HttpRequestError)
  const value = answer instanceof HttpRequestError ? answer.headers?.get('Retry-After') : undefined
  if (!value) return 0
  const milliseconds = /^\d+$/.test(value) ? 1_000 * Number(value) : Date.parse(value) - Date.now()
  return Math.max(0, milliseconds || 0)
}
