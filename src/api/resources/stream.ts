import { z } from '@hono/zod-openapi'
import { hash } from '../http/values.ts'
import { agentSchema } from './agent.ts'
import { runSchema } from './run.ts'

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
