import { type Hash, type Hex, hexToBigInt } from 'viem'

/** What we use of a block as a node returns it. */
export type Block = { number: Hex; hash: Hash; parentHash: Hash; logsBloom: Hex; transactions?: readonly unknown[] }

export const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && 'number' in value && 'hash' in value && 'parentHash' in value

/**
 * Whether the header shows that the block has no logs. A bloom filter has no false negatives, but some nodes return an empty
 * one for each block. So it counts only where there are no transactions either, whose logs it would have.
 */
export const hasNoLogs = ({ logsBloom, transactions }: Block): boolean =>
  hexToBigInt(logsBloom) === 0n && transactions?.length === 0
