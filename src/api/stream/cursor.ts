import { refusedValue } from '../http/refusedValue.ts'
import type { Block, Change, Mark } from '../queries/changes.ts'

/** A run or an agent in the fixed order of a batch: runs by id, then agents by id. */
type Place = Pick<Change, 'type' | 'id'>

/**
 * What a client has: all changes up to the block `from`, and of the later changes up to the block `to` those up to the
 * place `after`. Without `after` it has all changes up to `to`.
 */
export type Cursor = {
  /**
   * The block from which on it matters whether a run was in the set of a filter. It is before `from` if the client has
   * resumed in the middle of a batch, because what it missed there may have left the set.
   */
  since: Mark
  from: bigint
  to: Block
  /** The block that was finalized when the cursor was made: any branch of the chain has it. */
  final: bigint
  after?: Place | undefined
}

/** The cursor of a client that has all changes up to the block. */
export const cursorAt = (to: Block, final: bigint): Cursor => ({ since: to, from: to.number, to, final })

/** Whether a client with the cursor lacks the place in the cursor's batch. */
export function isBehind({ type, id }: Place, { after }: Cursor): boolean {
  if (after === undefined) return false
  return type === after.type ? id > after.id : type === 'agent'
}

/** The cursor as the id of an event. It is the same in every process, and needs no escape in a URL. */
export function formatCursor({ since, from, to, final, after }: Cursor): string {
  const place = after ? `${after.type}${after.id}` : 'end'
  return [since.number, since.timestamp, from, to.number, to.timestamp, to.hash.slice(2), final, place].join('.')
}

const block = '([0-9]{1,16})'
const time = '([0-9]{1,10})'
const parts = [block, time, block, block, time, '([0-9a-f]{64})', block, '(?:end|(run|agent)([0-9]{1,78}))']
const pattern = new RegExp(`^${parts.join('\\.')}$`)

/** @throws Problem VALIDATION_FAILED if the text is not the id of an event. */
export function parseCursor(text: string): Cursor {
  const [, since = '', sinceTime = '', from = '', to = '', toTime = '', hash, final = '', type, id] =
    pattern.exec(text) ?? []
  if (hash === undefined) throw refusal(text)
  const cursor: Cursor = {
    since: { number: BigInt(since), timestamp: BigInt(sinceTime) },
    from: BigInt(from),
    to: { number: BigInt(to), timestamp: BigInt(toTime), hash: `0x${hash}` },
    final: BigInt(final),
    after: id === undefined ? undefined : { type: type === 'run' ? 'run' : 'agent', id: BigInt(id) },
  }
  if (cursor.since.number > cursor.from || cursor.from > cursor.to.number) throw refusal(text)
  return cursor
}

const refusal = (text: string) => refusedValue('lastEventId', 'must be the id of an event', text)
