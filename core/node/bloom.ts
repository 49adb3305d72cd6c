import { type Hex, hexToBytes, keccak256 } from 'viem'

/**
 * Items of a log that a bloom filter shows, each an address or a topic. A filter without one of them has no such log. One that
 * has them all may have them by chance, from other logs.
 */
export type Evidence = readonly Hex[]

/** @returns a function that tells whether the bloom filter has all items of at least one of the sets. */
export function createHasEvidence(sets: readonly Evidence[]) {
  const masks = sets.map((items) => items.flatMap(bitsOf).reduce((mask, bit) => mask | (1n << bit), 0n))
  return (bloom: bigint): boolean => masks.some((mask) => (bloom & mask) === mask)
}

/** The bits of a bloom filter that an item sets, from the lowest. */
function bitsOf(item: Hex): bigint[] {
  const hash = new DataView(hexToBytes(keccak256(item)).buffer)
  return [0, 2, 4].map((offset) => BigInt(hash.getUint16(offset) & 0x7ff))
}
