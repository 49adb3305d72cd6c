import { z } from '@hono/zod-openapi'
import { zeroAddress } from 'viem'
import { hash } from '../http/values.ts'
import type { Block, Change } from '../queries/changes.ts'
import { agentSchema, formatAgent } from './agent.ts'
import { formatRun, runSchema } from './run.ts'

/** Why the server ends a stream. A code never changes its meaning. */
const closeReasons = ['SLOW_READER', 'SHUTDOWN', 'INDEX_BEHIND', 'INTERNAL'] as const

export type CloseReason = (typeof closeReasons)[number]

const block = z.object({ number: z.int(), hash })

/** What an event adds to the run or agent. */
const change = {
  block: block.openapi({ description: 'The block at which this is true.' }),
  left: z
    .literal(true)
    .optional()
    .openapi({ description: 'The run or agent is no longer among those that match the filters.' }),
}

// A run's example lacks what a change adds.
const runChange = runSchema.extend(change).openapi('RunChange', { example: undefined })

/** What an agent's event has only if the URI was set since the last one. */
const whenSet = { agentURI: true, agentURITruncated: true } as const

const agentChange = agentSchema.partial(whenSet).extend(change).openapi('AgentChange')

const streamReady = z
  .object({ block: block.openapi({ description: 'All changes after this block follow.' }) })
  .openapi('StreamReady')

const streamReset = z
  .object({
    block: block.openapi({ description: 'All that was read at a later block is void. Changes after it follow.' }),
    reason: z.enum(['REORG', 'EXPIRED']),
  })
  .openapi('StreamReset')

const streamClose = z.object({ reason: z.enum(closeReasons) }).openapi('StreamClose')

/** The data of an event. OpenAPI 3.1 cannot describe a stream, so that the type of the event selects one of these. */
export const eventDataSchema = z.union([runChange, agentChange, streamReady, streamReset, streamClose])

/** The data of the event of a change that is true at the block `head`. */
export function formatChange(change: Change, head: Block, isLeft: boolean): string {
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

/** Encoded events, and how many they are. */
export type EncodedEvents = { bytes: Uint8Array; count: number }

const encoder = new TextEncoder()

/** The bytes of a part of a stream. */
export const encode = (text: string): Uint8Array => encoder.encode(text)

/** Encodes events for the body of a stream. @returns undefined if there are none. */
export const encodeEvents = (events: readonly string[]): EncodedEvents | undefined =>
  events.length === 0 ? undefined : { bytes: encode(events.join('')), count: events.length }

/** An event as text. @param data JSON. */
export const formatEvent = (event: string, data: string, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`
