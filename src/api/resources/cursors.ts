import { hash } from 'node:crypto'
import type { MarketAddress } from '../../../core/deployment.ts'
import { refusedValue } from '../http/errors.ts'
import type { Cursor } from '../queries/changes.ts'
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

const digestOf = ({ chainId, address }: MarketAddress, list: RunList) =>
  hash('sha256', `${chainId} ${address} ${nameOf(list)}`, 'buffer').subarray(0, LIST_BYTES)

/** The cursor as the id of an event. It is the same in every process, and needs no escape in a URL. */
export const formatStreamCursor = ({ from, to, final }: Cursor): string =>
  [from.number, from.timestamp, to.number, to.timestamp, to.hash.slice(2), final].join('.')

const block = '([0-9]{1,16})'
const time = '([0-9]{1,10})'
const pattern = new RegExp(`^${[block, time, block, time, '([0-9a-f]{64})', block].join('\\.')}$`)

/** @throws Problem VALIDATION_FAILED if the text is not the id of an event. */
export function parseStreamCursor(text: string): Cursor {
  const [, from = '', fromTime = '', to = '', toTime = '', hash, final = ''] = pattern.exec(text) ?? []
  if (hash === undefined || BigInt(from) > BigInt(to))
    throw refusedValue('lastEventId', 'must be the id of an event', text)
  return {
    from: { number: BigInt(from), timestamp: BigInt(fromTime) },
    to: { number: BigInt(to), timestamp: BigInt(toTime), hash: `0x${hash}` },
    final: BigInt(final),
  }
}
