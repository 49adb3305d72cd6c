/** A member of an answer that the chain disproves. */
export type Difference = {
  /** What the member is of, such as `run 39`. */
  subject: string
  field: string
  answered: unknown
  /** What the chain has; undefined if it has no such event. */
  proven: unknown
}

/** The block that an answer is of. */
export type AnswerBlock = { number: bigint; hash: `0x${string}` }

/** The chain disproves the answer. Use nothing of it, and another API. */
export class FalseAnswerError extends Error {
  readonly differences: readonly Difference[]
  readonly block: AnswerBlock

  constructor(differences: readonly Difference[], block: AnswerBlock) {
    const all = differences.map(describe).join(', ')
    super(`The answer of block ${block.number} is false: ${all}. Use nothing of it, and another API.`)
    this.name = 'FalseAnswerError'
    this.differences = differences
    this.block = block
  }
}

function describe({ subject, field, answered, proven }: Difference): string {
  const actual = proven === undefined ? 'and the chain has no such event' : `not ${JSON.stringify(proven)}`
  return `${subject} has ${field} ${JSON.stringify(answered) ?? 'absent'}, ${actual}`
}

/**
 * Why an answer is not verified.
 * - `WRONG_CHAIN`: the node serves another chain than the market's.
 * - `NO_MARKET`: the node's chain has no market at the address.
 * - `NODE_UNREACHABLE`: the node does not answer.
 * - `NODE_BEHIND`: the node does not have the block of the answer yet.
 * - `NODE_PRUNED`: the node no longer has the state, the headers or the logs that prove the answer.
 * - `BLOCK_UNKNOWN`: the block of the answer is not in the node's chain. A reorg removed it, or the API invented it.
 * - `BLOCK_MISSING`: the answer names no block.
 * - `OLD_ANSWER`: the answer is older than `maxLagSeconds` allows.
 */
export type UnverifiedReason =
  | 'WRONG_CHAIN'
  | 'NO_MARKET'
  | 'NODE_UNREACHABLE'
  | 'NODE_BEHIND'
  | 'NODE_PRUNED'
  | 'BLOCK_UNKNOWN'
  | 'BLOCK_MISSING'
  | 'OLD_ANSWER'

/** The node can neither prove nor disprove the answer. Its message says why, and what to do. */
export class UnverifiedAnswerError extends Error {
  readonly reason: UnverifiedReason

  constructor(reason: UnverifiedReason, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'UnverifiedAnswerError'
    this.reason = reason
  }
}
