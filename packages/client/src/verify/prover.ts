import type { Client } from 'viem'
import type { MarketAddress } from '../claimMessage.ts'
import { type CallOptions, wait } from '../request.ts'
import type { Check, Checked } from './checks.ts'
import { type AnswerBlock, FalseAnswerError, UnverifiedAnswerError } from './errors.ts'
import type { View } from './evidence.ts'
import {
  type Block,
  connect,
  findBlock,
  isCanonical,
  isUnreachable,
  latestBlock,
  type Node,
  reasonOf,
  unreachable,
} from './node.ts'
import { readTerms, type Terms } from './terms.ts'

export type VerifyOptions = {
  /** The caller's own node: its URL, or a viem client of it. */
  node: Node
  /** The BountyMarket contract that the caller trusts. The other contracts are those that it names on chain. */
  market: MarketAddress
  /** By how much an answer's block may be older than the node's latest. Seconds; 60 if absent. */
  maxLagSeconds?: number | undefined
  /** For how long the API is asked again, and the node is waited for. Seconds; 30 if absent. */
  timeoutSeconds?: number | undefined
}

/** The block at which an answer was verified, and the members that neither storage nor logs prove. */
export type Proof = { block: AnswerBlock; unproven: readonly string[] }

/** An answer of the API, and how to check it. Refusals for other reasons need no proof, and have no check. */
type Claimed<Answer> = { headers: Headers | undefined; check: Check | undefined; answer: Answer }

/** How long to wait before the node or the API is asked again. Seconds. */
const PAUSE_SECONDS = 0.5

/** Proves answers with the caller's node. */
export type Prover = ReturnType<typeof createProver>

export function createProver({ node, market, maxLagSeconds = 60, timeoutSeconds = 30 }: VerifyOptions) {
  const client = connect(node)
  let terms: Promise<Terms> | undefined

  /** Reads the market's contracts once. After a failure, the next call tries again. */
  function termsOf(): Promise<Terms> {
    terms ??= readTerms(client, market).catch((error) => {
      terms = undefined
      throw error
    })
    return terms
  }

  /**
   * Asks the API, and again while a reorg has removed the block of the answer or the answer is too old, until the node proves the
   * answer.
   * @param ask gets the `minBlock` to ask for; undefined for that of the caller.
   * @throws FalseAnswerError, UnverifiedAnswerError.
   */
  return async function prove<Answer>(
    ask: (minBlock: number | undefined) => Promise<Claimed<Answer>>,
    { minBlock = 0, signal }: CallOptions & { minBlock?: number | undefined } = {},
  ): Promise<{ answer: Answer; proof: Proof | undefined }> {
    const until = Date.now() + timeoutSeconds * 1_000
    let asked: number | undefined
    for (;;) {
      const { headers, check, answer } = await ask(asked)
      if (!check) return { answer, proof: undefined }
      try {
        const named = blockIn(headers)
        if (named.number < BigInt(minBlock)) throw falseBlock(named, `at least ${minBlock}`)
        const terms = await termsOf()
        const { block, latest } = await readBlock(client, named, until, signal)
        assertRecent(block, latest, maxLagSeconds)
        const { differences, unproven } = await checkAt({ node: client, terms, block }, check)
        if (differences.length > 0) throw new FalseAnswerError(differences, named)
        return { answer, proof: { block: named, unproven } }
      } catch (error) {
        const isTemporary =
          error instanceof UnverifiedAnswerError && ['BLOCK_UNKNOWN', 'OLD_ANSWER'].includes(error.reason)
        if (!isTemporary || Date.now() + PAUSE_SECONDS * 1_000 > until) throw error
        asked = error.reason === 'OLD_ANSWER' ? Number((await latestBlock(client)).number) : undefined
      }
      await wait(PAUSE_SECONDS, signal)
    }
  }
}

/** The block that the headers name. */
function blockIn(headers: Headers | undefined): AnswerBlock {
  const number = headers?.get('X-Indexed-Block') ?? ''
  const hash = headers?.get('X-Indexed-Hash') ?? ''
  if (/^\d{1,16}$/.test(number) && /^0x[0-9a-f]{64}$/.test(hash)) {
    return { number: BigInt(number), hash: hash as `0x${string}` }
  }
  const message = `The answer names no block: X-Indexed-Block is "${number}", X-Indexed-Hash "${hash}". Ask the API itself.`
  throw new UnverifiedAnswerError('BLOCK_MISSING', message)
}

function falseBlock(named: AnswerBlock, proven: string) {
  const answered = String(named.number)
  return new FalseAnswerError([{ subject: 'the answer', field: 'X-Indexed-Block', answered, proven }], named)
}

/**
 * The block as the node has it, and the node's latest. Waits for the block while the node is behind.
 * @param until when the wait ends. Milliseconds since 1970.
 */
async function readBlock(node: Client, named: AnswerBlock, until: number, signal: AbortSignal | undefined) {
  for (;;) {
    const [found, latest] = await Promise.all([findBlock(node, { blockHash: named.hash }), latestBlock(node)])
    if (found && found.number !== named.number) throw falseBlock(named, String(found.number))
    if (found && (await isCanonical(node, named))) return { block: found, latest }
    if (latest.number >= named.number) throw unknownBlock(named)
    if (Date.now() + PAUSE_SECONDS * 1_000 > until) {
      const message = `The node is at block ${latest.number}, the answer of block ${named.number}. Wait for the node, or use another.`
      throw new UnverifiedAnswerError('NODE_BEHIND', message)
    }
    await wait(PAUSE_SECONDS, signal)
  }
}

function unknownBlock({ number, hash }: AnswerBlock) {
  const message = `Block ${number} of the answer, ${hash}, is not in the node’s chain. Ask again: a reorg may have removed it.`
  return new UnverifiedAnswerError('BLOCK_UNKNOWN', message)
}

function assertRecent(block: Block, latest: Block, maxLagSeconds: number) {
  const lag = latest.timestamp - block.timestamp
  if (lag <= BigInt(maxLagSeconds)) return
  const message = `The answer is of block ${block.number}, ${lag} s before the node’s latest block ${latest.number}; ${maxLagSeconds} s are allowed.`
  throw new UnverifiedAnswerError(
    'OLD_ANSWER',
    `${message} The index is behind, or the answer is an old one: use another API.`,
  )
}

/** Checks the answer. What was read while a reorg removed the block proves nothing. */
async function checkAt({ node, block, ...view }: View, check: Check): Promise<Checked> {
  try {
    const checked = await check({ node, block, ...view })
    if (await isCanonical(node, block)) return checked
  } catch (error) {
    if (isUnreachable(error)) throw unreachable(error)
    if (await isCanonical(node, block)) throw stateLost(block, error)
  }
  throw unknownBlock(block)
}

function stateLost(block: Block, error: unknown): unknown {
  if (error instanceof UnverifiedAnswerError || !(error instanceof Error && 'shortMessage' in error)) return error
  const message = `The node cannot read the state of block ${block.number}: ${reasonOf(error)}.`
  return new UnverifiedAnswerError(
    'NODE_PRUNED',
    `${message} Use a node that keeps the state of so old a block.`,
    error,
  )
}
