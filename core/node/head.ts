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
export const POSSIBLE_BLOCKS_PER_SECOND = 10

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

/** How long a head counts after its endpoint's last answer. Later, a sibling behind it is better than none. */
export const HEAD_LIFETIME_MS = 30_000

/** The latest block that an endpoint has shown, the chain that it serves, and when it answered, by `performance.now()`. */
type Sibling = { head: Head; chainId?: number; answeredAt: number }

/**
 * Compares the heads of the endpoints of a list.
 *
 * A wrong header must not make every other endpoint count as behind. No header proves itself: a node can forge a whole
 * chain of them. So heads that cannot be of one chain (`isImpossible`) are decided by a vote, and of a tie by the list's
 * order: operators name their own node first. A single endpoint is always believed.
 */
export function compareHeads(list: readonly Sibling[], chainId: number) {
  const isKnown = (endpoint: Sibling) =>
    endpoint.chainId === chainId && performance.now() - endpoint.answeredAt < HEAD_LIFETIME_MS

  const siblingsOf = (endpoint: Sibling) => list.filter((other) => other !== endpoint && isKnown(other))

  /** Whether most endpoints show heads with which its own cannot be ahead. Then its head counts for nothing. */
  function isRefuted(endpoint: Sibling): boolean {
    const siblings = siblingsOf(endpoint)
    const against = siblings.filter((other) => isImpossible(endpoint.head, other.head))
    const others = siblings.length + 1 - against.length
    const isFirst = against.every((other) => list.indexOf(other) > list.indexOf(endpoint))
    return isFirst ? against.length > others : against.length >= others
  }

  return {
    isRefuted,

    /** The latest block of its siblings. */
    latestOf: (endpoint: Sibling): number =>
      Math.max(0, ...siblingsOf(endpoint).map((other) => (isRefuted(other) ? 0 : other.head.number))),
  }
}
