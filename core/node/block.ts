import type { Hash, Hex } from 'viem'

/** What we use of a block as a node returns it. */
export type Block = { number: Hex; hash: Hash; parentHash: Hash; logsBloom: Hex; transactions?: readonly unknown[] }

export const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && 'number' in value && 'hash' in value && 'parentHash' in value
