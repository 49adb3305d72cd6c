import { z } from '@hono/zod-openapi'
import { hash } from '../http/values.ts'
import { agentSchema, exampleAgent } from './agent.ts'
import { exampleRun, runSchema } from './run.ts'

/** Why the server ends a stream. A code never changes its meaning. */
const closeReasons = ['SLOW_READER', 'SHUTDOWN', 'INDEX_BEHIND', 'INTERNAL'] as const

export type CloseReason = (typeof closeReasons)[number]

const exampleBlock = { number: 1_234, hash: `0x${'4e'.repeat(32)}` }

const block = z.object({ number: z.int(), hash })

/** What an event adds to the run or agent. */
const change = {
  block: block.openapi({ description: 'The block at which this is true.' }),
  left: z
    .literal(true)
    .optional()
    .openapi({ description: 'The run or agent is no longer among those that match the filters.' }),
}

const runChange = runSchema.extend(change).openapi('RunChange', { example: { ...exampleRun, block: exampleBlock } })

const agentChange = agentSchema
  .extend(change)
  .openapi('AgentChange', { example: { ...exampleAgent, block: exampleBlock } })

const streamReady = z
  .object({ block: block.openapi({ description: 'All changes after this block follow.' }) })
  .openapi('StreamReady', { example: { block: exampleBlock } })

const streamReset = z
  .object({
    block: block.openapi({ description: 'All that was read at a later block is void. Changes after it follow.' }),
    reason: z.enum(['REORG', 'EXPIRED']),
  })
  .openapi('StreamReset', { example: { block: exampleBlock, reason: 'REORG' } })

const streamClose = z
  .object({ reason: z.enum(closeReasons) })
  .openapi('StreamClose', { example: { reason: 'SHUTDOWN' } })

/** The data of an event. OpenAPI 3.1 cannot describe a stream, so that the type of the event selects one of these. */
export const eventDataSchema = z.union([runChange, agentChange, streamReady, streamReset, streamClose])
