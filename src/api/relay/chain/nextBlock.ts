import type { PublicClient } from 'viem'
import { answer } from './client.ts'
import { type ChainHead, type Heads, oncePerHead } from './heads.ts'

/** The fields of the next block that a contract can read. Time in seconds, fee in wei. */
export type NextBlock = { number: bigint; time: bigint; baseFeePerGas: bigint }

/** Predicts the next block, once per head. The returned function throws a Refusal RELAY_UNAVAILABLE. */
export function createNextBlock(client: PublicClient, heads: Heads): () => Promise<NextBlock> {
  const after = oncePerHead((_: 'next', head: ChainHead) => predict(client, head))

  return async function nextBlock() {
    const head = await heads.latest()
    return after(head.hash, 'next', head)
  }
}

/** The node computes the base fee, because chains differ in its rule. */
async function predict(client: PublicClient, head: ChainHead): Promise<NextBlock> {
  const { number } = head
  const asked = { blockCount: 1, blockNumber: number, rewardPercentiles: [] }
  const baseFeePerGas = (await answer(client.getFeeHistory(asked))).baseFeePerGas.at(-1)
  if (baseFeePerGas === undefined) throw new Error(`The node returns no base fee of the block after ${number}.`)
  return { number: number + 1n, time: nextTimestamp(head), baseFeePerGas }
}

/** How long a signature must still be valid when its transaction is signed, because its block may take that long. */
export const MIN_VALIDITY_SECONDS = 30n

/**
 * The earliest timestamp of the next block, in seconds: that of the head, because several blocks may share a second, or the
 * clock's, which on an idle chain is much later.
 */
export function nextTimestamp({ timestamp }: ChainHead): bigint {
  const clock = BigInt(Math.floor(Date.now() / 1_000))
  return timestamp > clock ? timestamp : clock
}

/** Whether the signature may expire before its block. @param deadline of the signature, in seconds. */
export const isExpiring = (deadline: bigint, head: ChainHead): boolean =>
  deadline < nextTimestamp(head) + MIN_VALIDITY_SECONDS

/**
 * A signed action is given up so many seconds after its deadline, by the latest block's timestamp.
 *
 * It succeeds only in a block whose timestamp is not after the deadline of its signature, nor a claim after that of its
 * run, and timestamps grow along a chain. So once the latest block is after a deadline, the action can succeed only after a
 * reorg that reaches back before the deadline. This margin is ten slots of Ethereum, or sixty 2-second blocks of a rollup:
 * more than any reorg of these chains since proof of stake. If there were such a reorg, the contract would still let
 * only one claim of the round win, and the transaction's receipt would correct the stored state (`recordMined`).
 */
export const REORG_MARGIN_SECONDS = 120n
