import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { MarketAddress } from '../../../core/deployment.ts'
import { refusedValue } from '../http/errors.ts'
import type { RunList, RunPosition } from '../queries/runs.ts'

const LIST_BYTES = 8
const INT8_BYTES = 8

/**
 * Encodes a position in a list of runs: a digest of the list, then the sort key of the row. Clients send it back
 * unchanged. It is neither secret nor signed, because a forged cursor only gives another page of a public list.
 */
export function formatRunCursor(market: MarketAddress, list: RunList, { value, bountyId }: RunPosition): string {
  const bytes = Buffer.alloc(LIST_BYTES + 2 * INT8_BYTES)
  bytes.set(digestOf(market, list))
  bytes.writeBigInt64BE(value, LIST_BYTES)
  bytes.writeBigInt64BE(bountyId, LIST_BYTES + INT8_BYTES)
  return bytes.toString('base64url')
}

/** @throws Problem VALIDATION_FAILED if it is not a cursor, or is of another list or market. */
export function parseRunCursor(market: MarketAddress, list: RunList, cursor: string): RunPosition {
  const bytes = Buffer.from(cursor, 'base64url')
  const isCursor = bytes.length === LIST_BYTES + 2 * INT8_BYTES && bytes.toString('base64url') === cursor
  if (!isCursor) throw refusedValue('cursor', 'must be a nextCursor of this API', cursor)
  if (!digestOf(market, list).equals(bytes.subarray(0, LIST_BYTES))) {
    throw refusedValue('cursor', 'must be the nextCursor of an answer with the same filters and order', cursor)
  }
  return { value: bytes.readBigInt64BE(LIST_BYTES), bountyId: bytes.readBigInt64BE(LIST_BYTES + INT8_BYTES) }
}

/** Equal lists have equal names. */
function nameOf({ sort, order, q, tag, ...filters }: RunList): string {
  const { state, minReward, poster, evaluator, claimedBy, claimant, claimable } = filters
  const name = [sort, order, state, minReward, poster, evaluator, claimedBy, claimant, claimable].join(' ')
  return q === undefined && tag === undefined ? name : `${name} ${JSON.stringify([q, tag])}`
}

/** The digests of recent lists, by chain, market and list. */
const digests = new LRUCache<string, Buffer>({
  max: 1_000,
  memoMethod: (name) => hash('sha256', name, 'buffer').subarray(0, LIST_BYTES),
})

const digestOf = ({ chainId, address }: MarketAddress, list: RunList) =>
  digests.memo(`${chainId} ${address} ${nameOf(list)}`)
