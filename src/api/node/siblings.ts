import { type Head, isImpossible } from './head.ts'

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
