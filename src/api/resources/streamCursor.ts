import { refusedValue } from '../http/errors.ts'
import type { Cursor } from '../queries/changes.ts'

/** The cursor as the id of an event. It is the same in every process, and needs no escape in a URL. */
export const formatCursor = ({ from, to, final }: Cursor): string =>
  [from.number, from.timestamp, to.number, to.timestamp, to.hash.slice(2), final].join('.')

const block = '([0-9]{1,16})'
const time = '([0-9]{1,10})'
const pattern = new RegExp(`^${[block, time, block, time, '([0-9a-f]{64})', block].join('\\.')}$`)

/** @throws Problem VALIDATION_FAILED if the text is not the id of an event. */
export function parseCursor(text: string): Cursor {
  const [, from = '', fromTime = '', to = '', toTime = '', hash, final = ''] = pattern.exec(text) ?? []
  if (hash === undefined || BigInt(from) > BigInt(to))
    throw refusedValue('lastEventId', 'must be the id of an event', text)
  return {
    from: { number: BigInt(from), timestamp: BigInt(fromTime) },
    to: { number: BigInt(to), timestamp: BigInt(toTime), hash: `0x${hash}` },
    final: BigInt(final),
  }
}
