import type { ChainHead } from './heads.ts'

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
