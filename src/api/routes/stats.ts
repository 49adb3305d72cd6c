import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { runStates } from '../../../ponder.schema.ts'
import type { Deps } from '../deps.ts'
import { amount } from '../http/values.ts'
import { agentStatuses } from '../queries/agents.ts'
import { createSharedRead } from '../queries/batchedReads.ts'
import { type Stats, stats } from '../queries/stats.ts'
import { answerJson, minBlock } from './indexed.ts'
import { indexedResponses, problemResponses } from './responses.ts'

/** A count for each key. */
const counts = <const Key extends string>(keys: readonly Key[]) =>
  z.object(Object.fromEntries(keys.map((key) => [key, z.int()])) as Record<Key, z.ZodInt>)

const statsSchema = z
  .object({
    runs: z.object({ total: z.int(), claimable: z.int(), byState: counts(runStates) }),
    escrowed: amount.openapi({ description: 'Rewards and fees of funded runs that have not ended.' }),
    paid: amount.openapi({ description: 'Rewards of approved runs.' }),
    owed: amount.openapi({ description: 'Payments that USDC refused and that are not collected yet.' }),
    agents: z.object({ total: z.int(), byStatus: counts(agentStatuses) }),
    staked: amount,
    locked: amount,
  })
  .openapi('Stats', {
    example: {
      runs: {
        total: 12,
        claimable: 3,
        byState: {
          DRAFT: 1,
          OPEN: 4,
          CLAIMED: 1,
          IN_PROGRESS: 1,
          SUBMITTED: 1,
          APPROVED: 3,
          REVISION_REQUESTED: 0,
          REJECTED: 1,
        },
      },
      escrowed: '735000000',
      paid: '300000000',
      owed: '0',
      agents: { total: 5, byStatus: { UNVERIFIED: 1, PROVISIONAL: 2, ESTABLISHED: 1, FROZEN: 1, BANNED: 0 } },
      staked: '90000000',
      locked: '30000000',
    },
  })

const getStats = createRoute({
  method: 'get',
  path: '/api/stats',
  operationId: 'getStats',
  tags: ['Market'],
  summary: 'Get the market in figures',
  description: 'How many runs and agents there are, and how much is escrowed, paid, owed and staked.',
  request: { query: z.strictObject({ minBlock }) },
  responses: {
    ...indexedResponses('Counts, and amounts in USDC base units.', statsSchema),
    ...problemResponses(['VALIDATION_FAILED', 'INDEX_BEHIND']),
  },
})

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0)

function formatStats({ runs, market, agents, payees }: Stats): z.infer<typeof statsSchema> {
  const { claimableRuns, ...byState } = runs
  const { staked, ...byStatus } = agents
  return {
    runs: { total: sum(byState), claimable: claimableRuns, byState },
    escrowed: market.escrowed.toString(),
    paid: market.paid.toString(),
    owed: payees.owed.toString(),
    agents: { total: sum(byStatus), byStatus },
    staked: staked.toString(),
    locked: market.locked.toString(),
  }
}

export function statsRoutes(deps: Deps) {
  const app = new OpenAPIHono()
  const readStats = createSharedRead(deps.index, stats)

  app.openapi(getStats, async (c) => {
    const { snapshot, data } = await readStats(c.req.valid('query').minBlock)
    c.set('snapshot', snapshot)
    return answerJson(c, formatStats(data))
  })

  return app
}
