import { type Hex, zeroAddress } from 'viem'
import { type Block, type Change, type Changes, type Cursor, cursorAt } from '../queries/changes.ts'
import { formatAgent } from '../resources/agent.ts'
import { formatRun } from '../resources/run.ts'
import { formatCursor } from './cursor.ts'
import { encodeEvents, formatEvent } from './eventStream.ts'
import { matchChange, type StreamFilter } from './filter.ts'

/** Where a stream is. */
export type Place = {
  /** What its client has. */
  cursor: Cursor
  /** The block up to which nothing more has changed; undefined where more may follow at once. */
  head: Block | undefined
  /** Hashes by number of the branch that the client knows, where this process has them. */
  remembered: ReadonlyMap<bigint, Hex>
}

/** The place of a client that comes with a cursor. */
export const placeOf = (cursor: Cursor): Place => ({ cursor, head: undefined, remembered: new Map() })

/** What was read for the streams at a place, and their next place. Equal batches have equal keys. */
export type Batch = {
  key: string
  start: Cursor
  head: Block
  reset: Reset | undefined
  changes: readonly Change[]
  end: Place
}

/** All after the block is void, and changes follow from there. */
type Reset = { block: Block; reason: 'REORG' | 'EXPIRED' }

/** @param head The block of the read. */
export function batchOf({ cursor, remembered }: Place, read: Changes, head: Block): Batch {
  const { recent, end, isPart, changes } = read
  const hashes = new Map(recent.map(({ number, hash }) => [number, hash]))
  const reset = resetOf(cursor, read, head, remembered)
  const next = reset ? cursorAt(reset.block, end.final) : end
  const isAtHead = reset ? reset.block.hash === head.hash : !isPart
  const place = { cursor: next, head: isAtHead ? head : undefined, remembered: hashes }
  const key = [formatCursor(cursor), formatCursor(next), head.hash].join(' ')
  return { key, start: cursor, head, reset, changes: reset ? [] : changes, end: place }
}

/** What the client must void, if anything. */
function resetOf({ from, final }: Cursor, read: Changes, head: Block, remembered: ReadonlyMap<bigint, Hex>) {
  const { isKnown, areTooMany, recent } = read
  const expired: Reset = { block: head, reason: 'EXPIRED' }
  const isForked = recent.some(({ number, hash }) => (remembered.get(number) ?? hash) !== hash)
  if (isKnown && !isForked) return areTooMany ? expired : undefined
  const isShared = ({ number }: Block) => number <= final && number <= from.number
  const shared = recent.find(({ number, hash }) => remembered.get(number) === hash) ?? recent.find(isShared)
  return shared ? ({ block: shared, reason: 'REORG' } satisfies Reset) : expired
}

/**
 * The events of a batch that match the filter; undefined if none does. The id of each but the last is of a client that
 * lacks the batch, because a connection may break in the middle: then these come again.
 * @param briefs The briefs that the filter's search finds, if it has one.
 */
export function encodeBatch(batch: Batch, filter: StreamFilter, briefs: ReadonlySet<string> | undefined) {
  const { start, head, reset, changes, end } = batch
  if (reset) {
    const data = `{"block":${formatBlock(reset.block)},"reason":"${reset.reason}"}`
    return encodeEvents([formatEvent('reset', data, formatCursor(end.cursor))])
  }
  const { number, hash, timestamp } = head
  const begun = formatCursor({ ...start, to: { number, hash, timestamp } })
  const matching = changes.flatMap((change) => {
    const match = matchChange(filter, change, briefs)
    return match === 'never' ? [] : { type: change.type, data: dataOf(change, head, match === 'left') }
  })
  const events = matching.map(({ type, data }, place) =>
    formatEvent(type, data, place === matching.length - 1 ? formatCursor(end.cursor) : begun),
  )
  return encodeEvents(events)
}

function dataOf(change: Change, head: Block, isLeft: boolean): string {
  const json = change.type === 'run' ? JSON.stringify(formatRun(change.row, change.now)) : formatChangedAgent(change)
  return `${json.slice(0, -1)},"block":${formatBlock(head)}${isLeft ? ',"left":true' : ''}}`
}

/**
 * An agent without an owner is in no answer: its event only says that it has left. A URI that the client has is not
 * repeated, because it may be longer than all the rest, and one transaction can change many agents.
 */
function formatChangedAgent({ row, isURINew }: Extract<Change, { type: 'agent' }>) {
  const whole = formatAgent({ ...row, owner: row.owner ?? zeroAddress })
  const { agentURI, agentURITruncated, ...known } = whole
  return JSON.stringify(isURINew ? whole : known)
}

/** A block as events name it. */
export const formatBlock = ({ number, hash }: Pick<Block, 'number' | 'hash'>): string =>
  JSON.stringify({ number: Number(number), hash })
