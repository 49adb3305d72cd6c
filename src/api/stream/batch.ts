import { type Hex, zeroAddress } from 'viem'
import type { Block, Change, Changes } from '../queries/changes.ts'
import { formatAgent } from '../resources/agent.ts'
import { formatRun } from '../resources/run.ts'
import { type Cursor, cursorAt, formatCursor, isBehind } from './cursor.ts'
import { type EncodedEvents, encodeEvents, formatEvent } from './eventStream.ts'
import { matchChange, type StreamFilter } from './filter.ts'
import { type FoundBriefs, keyOfSearch } from './searches.ts'

/** All after the block is void, and changes follow from there. */
export type Reset = { block: Block; reason: 'REORG' | 'EXPIRED' }

/**
 * What a client with the cursor must void, if anything.
 * @param head The block of the read.
 * @param remembered Hashes by number of the branch that the client knows, where this process has them.
 */
export function resetOf(cursor: Cursor, changes: Changes, head: Block, remembered: ReadonlyMap<bigint, Hex>) {
  const { isKnown, areTooMany, recent } = changes
  const expired: Reset = { block: head, reason: 'EXPIRED' }
  const isForked = recent.some(({ number, hash }) => (remembered.get(number) ?? hash) !== hash)
  if (isKnown && !isForked) return areTooMany ? expired : undefined
  const isShared = ({ number }: Block) => number <= cursor.final && number <= cursor.since.number
  const shared = recent.find(({ number, hash }) => remembered.get(number) === hash) ?? recent.find(isShared)
  return shared ? ({ block: shared, reason: 'REORG' } satisfies Reset) : expired
}

/** Encoded events, undefined if no change matches the filter, and the cursor of a client that has them. */
export type Part = { events: EncodedEvents | undefined; end: Cursor }

/** Changes as streams send them, and the cursor of a client that has them. `found` has the filter's search, if there is one. */
export type Batch = {
  end: Cursor
  /** The briefs that the changed runs name, by their URIs: of all changes, and of those that a part may have. */
  uris(): string[]
  partUris(): string[]
  /** The events that match the filter, encoded once for each filter; undefined if none matches. */
  encode(filter: StreamFilter, found: FoundBriefs): EncodedEvents | undefined
  /** The first of the changes, within a bound of changes and bytes, so that the event loop is never blocked for long. */
  encodePart(filter: StreamFilter, found: FoundBriefs): Part
}

/** The most changes of a part, which take a millisecond or two, and the bytes after which it ends. */
const MAX_PART_CHANGES = 250
const MAX_PART_BYTES = 256 * 1024

/** A batch of the event `reset` alone. */
export function resetBatch({ block, reason }: Reset, finalized: bigint): Batch {
  const end = cursorAt(block, finalized)
  const data = `{"block":${formatBlock(block)},"reason":"${reason}"}`
  const events = encodeEvents([formatEvent('reset', data, formatCursor(end))])
  return { end, uris: () => [], partUris: () => [], encode: () => events, encodePart: () => ({ events, end }) }
}

/**
 * The rest of the cursor's batch, and a batch of the changes after it.
 *
 * What the client lacks in the cursor's batch and was changed again comes in the second batch only. The cursors of the
 * second batch keep `since`, so that a run is sent if it left the set in either batch.
 * @param changes Since the cursor's `since`.
 * @param head The block of the read.
 */
export function batchOf(cursor: Cursor, { changes, recent, finalized }: Changes, head: Block): Batch {
  const { from, to } = cursor
  const later = changes.filter(({ block }) => block > to.number)
  const rest = changes.filter((change) => change.block > from && change.block <= to.number && isBehind(change, cursor))
  const end = endOf(later, recent, finalized, to) ?? head
  const next = { since: cursor.after ? cursor.since : to, from: to.number, to: end, final: finalized }
  const placed = [
    ...rest.map((change) => ({ change, cursor: { ...cursor, after: change }, block: to })),
    ...later.map((change) => ({ change, cursor: { ...next, after: change }, block: head })),
  ]
  // Created when they are first sent, because a resuming stream sends a part of them.
  const events: ReturnType<typeof createEvent>[] = []
  const format = (place: number, { change, cursor, block }: PlacedChange, filter: StreamFilter, found: FoundBriefs) => {
    const event = events[place] ?? createEvent(change, cursor, block)
    events[place] = event
    return event(filter, found)
  }
  const batchEnd = cursorAt(end, finalized)
  const encoded = new Map<string, EncodedEvents | undefined>()
  return {
    end: batchEnd,
    uris: () => urisOf(placed),
    partUris: () => urisOf(placed.slice(0, MAX_PART_CHANGES)),
    encode(filter, found) {
      if (!encoded.has(filter.key))
        encoded.set(filter.key, encodeEvents(placed.flatMap((each, place) => format(place, each, filter, found) ?? [])))
      return encoded.get(filter.key)
    },
    encodePart(filter, found) {
      const part: string[] = []
      let length = 0
      for (const [place, each] of placed.entries()) {
        const event = format(place, each, filter, found)
        if (event !== undefined) part.push(event)
        length += event?.length ?? 0
        const isFull = place + 1 === MAX_PART_CHANGES || length >= MAX_PART_BYTES
        if (isFull && place + 1 < placed.length) return { events: encodeEvents(part), end: each.cursor }
      }
      return { events: encodeEvents(part), end: batchEnd }
    },
  }
}

/** A change, the cursor of a client that has it and all before it, and the block at which it is true. */
type PlacedChange = { change: Change; cursor: Cursor; block: Block }

const urisOf = (placed: readonly PlacedChange[]) => [
  ...new Set(placed.flatMap(({ change }) => (change.type === 'run' ? [change.row.ipfsHash] : []))),
]

/**
 * The last block that changed anything, because each process recognises it, also after the indexer was restarted. If
 * it was finalized long ago, the latest finalized block serves as well, and is recognised for longer.
 * @returns undefined if the block is not stored.
 */
function endOf(later: readonly Change[], recent: readonly Block[], finalized: bigint, to: Block): Block | undefined {
  if (later.length === 0) {
    const final = recent.find(({ number }) => number <= finalized)
    return final && final.number > to.number ? final : to
  }
  const last = later.reduce((latest, change) => (change.block > latest.block ? change : latest))
  const run = later.find((change) => change.type === 'run' && change.block === last.block)
  return run?.type === 'run' ? run.at : recent.find(({ number }) => number === last.block)
}

function createEvent(change: Change, cursor: Cursor, block: Block) {
  const json = change.type === 'run' ? JSON.stringify(formatRun(change.row, change.now)) : formatChangedAgent(change)
  const id = formatCursor(cursor)
  return (filter: StreamFilter, found: FoundBriefs): string | undefined => {
    const match = matchChange(filter, change, briefsOf(filter, found))
    if (match === 'never') return undefined
    const left = match === 'left' ? ',"left":true' : ''
    return formatEvent(change.type, `${json.slice(0, -1)},"block":${formatBlock(block)}${left}}`, id)
  }
}

/** @throws if the filter's search was not read. */
function briefsOf(filter: StreamFilter, found: FoundBriefs): ReadonlySet<string> | undefined {
  const key = keyOfSearch(filter)
  if (key === undefined) return undefined
  const briefs = found.get(key)
  if (briefs === undefined) throw new Error(`The briefs that match ${key} were not read`)
  return briefs
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
