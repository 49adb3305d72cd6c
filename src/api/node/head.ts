import { type Hex, hexToNumber, isHex } from 'viem'

/** A latest block as an endpoint showed it. Its timestamp is in seconds. */
export type Head = { number: number; timestamp: number }

/** The header of a block that a node returned; undefined if it returned none, as some do at the tip of the chain. */
export function headOf(block: unknown): Head | undefined {
  const { number, timestamp } = Object(block) as { number?: Hex; timestamp?: Hex }
  return isHex(number) && isHex(timestamp)
    ? { number: hexToNumber(number), timestamp: hexToNumber(timestamp) }
    : undefined
}

/** More blocks than a chain makes at once. Anvil makes any number within a second, with one timestamp. */
const POSSIBLE_LEAD_BLOCKS = 100

/** More than the chains that make several blocks a second. */
const POSSIBLE_BLOCKS_PER_SECOND = 10

/**
 * Whether a head cannot be ahead of `other` on the same chain: a chain makes few blocks per second, and none in the
 * future. A node that syncs, and a chain that makes up for hours without blocks, jump by many blocks and by more seconds.
 */
export function isImpossible(head: Head, other: Head): boolean {
  // The chain's clock may be ahead of this machine's, as Anvil's often is.
  const present = Math.max(Date.now() / 1_000, other.timestamp)
  const seconds = Math.min(head.timestamp, present) - other.timestamp
  return head.number - other.number > POSSIBLE_LEAD_BLOCKS + POSSIBLE_BLOCKS_PER_SECOND * Math.max(0, seconds)
}
