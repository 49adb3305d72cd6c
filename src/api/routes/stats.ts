import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { runStates } from '../../../ponder.schema.ts'
import type { Deps } from '../deps.ts'
import { problemResponses } from '../http/problem.ts'
import { amount } from '../http/values.ts'
import { agentStatuses } from '../queries/agents.ts'
import { readShared } from '../queries/readTogether.ts'
import { type Stats, stats } from '../queries/stats.ts'
import { answerJson, indexedHeaders, minBlock } from './indexed.ts'

const counts = <const Keys extends readonly [string, ...string[]]>(keys: Keys) => z.record(z.enum(keys), z.int())

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
  .openapi('Stats')

const getStats = createRoute({
  method: 'get',
  path: '/api/stats',
  summary: 'Get the market in figures',
  request: { query: z.strictObject({ minBlock }) },
  responses: {
    200: {
      description: 'Counts, and amounts in USDC base units.',
      headers: indexedHeaders,
      content: { 'application/json': { schema: statsSchema } },
    },
    ...problemResponses('VALIDATION_FAILED', 'INDEX_BEHIND', 'RATE_LIMITED', 'INTERNAL'),
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
  const readStats = readShared(deps.index, stats)

  app.openapi(getStats, async (c) => {
    const { snapshot, data } = await readStats(c.req.valid('query').minBlock)
    c.set('snapshot', snapshot)
    return answerJson(c, formatStats(data))
  })

  return app
}
