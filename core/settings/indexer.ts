import { z } from 'zod'
import { boolean, integer, port } from './formats.ts'

/** The longest reorg that the index follows by itself. What remembers blocks has room for it. */
export const MAX_REORG_WINDOW_SECONDS = 60

export const indexerSettings = z.object({
  RECOVER_REORGS: boolean
    .default(false)
    .describe(
      'Whether a start after a reorg deeper than finality removes the orphaned branch itself. Every read fails until the chain is indexed again, and a node that serves a wrong chain has the same effect',
    ),
  REORG_WINDOW_SECONDS: integer(5, MAX_REORG_WINDOW_SECONDS)
    .default(MAX_REORG_WINDOW_SECONDS)
    .describe(
      'The index follows a reorg by itself if the blocks that it removes were made within so many seconds, from 5 to 60. A start reads these blocks again, so fewer make restarts faster on chains with many blocks a second',
    ),
  // Ponder refuses less than 100 ms.
  POLL_INTERVAL_MS: integer(100, 60_000)
    .optional()
    .describe(
      'How often the indexer asks for new blocks. Without it 100 on chain 31337, 500 on others, or for each block, when it is due, if the measured time between blocks is shorter. At most half of the calls are polls',
    ),
  RPC_REQUESTS_PER_SECOND: integer(5, 500)
    .optional()
    .describe(
      'The most calls per second of the indexer, from 5 to 500, beside a few that watch it. Without it 500 on chain 31337, 300 on others. They are halved while the endpoints refuse calls as too many. A block costs one call, or two with events, and a poll costs one: [what an endpoint must grant](operations.md#what-an-endpoint-must-grant)',
    ),
  LOGS_RANGE: integer(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe("How many blocks one `eth_getLogs` may ask for. Without it, found by the provider's errors"),
  PONDER_PORT: port(42069).describe(
    "The port of Ponder's `/health`, `/ready`, `/status`, `/metrics`, and nothing else",
  ),
  PONDER_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address on which that port listens; `0.0.0.0` for all. Do not open it to clients'),
})

/** Of `npm run audit -- --every <interval>`. */
export const auditSettings = z.object({
  AUDIT_PORT: port(9465).describe(
    'Of `npm run audit -- --every …`: the port of `/metrics` and `/healthz`. If it is taken, the audit does not start; `0` for any free one, which the log names',
  ),
  AUDIT_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address on which that port listens; `0.0.0.0` for all. Do not open it to clients'),
})
