import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { runStates } from '../../../ponder.schema.ts'
import type { Deps } from '../deps.ts'
import { amount, time } from '../http/values.ts'
import { agentStatuses } from '../queries/agents.ts'
import type { ReadStats, Stats } from '../queries/stats.ts'
import { historyIntervals, statsHistory } from '../queries/statsHistory.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { countParameter } from './pagination.ts'
import { indexedResponses } from './responses.ts'

/** A count for each key. */
const counts = <const Key extends string>(keys: readonly Key[]) =>
  z.object(Object.fromEntries(keys.map((key) => [key, z.int()])) as Record<Key, z.ZodInt>)

const statsSchema = z
  .object({
    runs: z.object({ total: z.int(), claimable: z.int(), byState: counts(runStates) }),
    escrowed: amount.openapi({ description: 'Rewards and fees of funded runs that have not ended.' }),
    paid: amount.openapi({ description: 'Rewards of approved runs.' }),
    feesPaid: amount.openapi({
      description: 'Fees of runs that a party approved: the income of the treasury. Other fees are refunded or burned.',
    }),
    owed: amount.openapi({ description: 'Payments that USDC refused and that are not collected yet.' }),
    agents: z.object({ total: z.int(), byStatus: counts(agentStatuses) }),
    staked: amount,
    locked: amount,
  })
  .openapi('Stats')

const getStats = createRoute({
  method: 'get',
  path: '/api/stats',
  operationId: 'getStats',
  tags: ['Market'],
  summary: 'Get the market in figures',
  description:
    'How many runs and agents there are, and how much is escrowed, paid, earned by the treasury, owed and staked.',
  request: { query: z.strictObject({ minBlock }) },
  responses: indexedResponses('Counts, and amounts in USDC base units.', statsSchema),
})

/** The most periods of an answer: more than a year of days. */
const MAX_PERIODS = 400

const historyQuery = z.strictObject({
  interval: z.enum(historyIntervals).default('day').openapi({ description: 'A week begins on Monday. Days are UTC.' }),
  periods: countParameter(MAX_PERIODS, 30).openapi({ description: 'How many periods.' }),
  until: z.iso
    .date('must be a day such as 2024-01-15')
    .regex(/^[2-9]/, 'must be in the years 2000 to 9999')
    .optional()
    .openapi({ description: 'A day of the last period, from 2000-01-01. The default is the day of the block.' }),
  minBlock,
})

const historySchema = z
  .object({
    interval: z.enum(historyIntervals),
    history: z.array(
      z.object({
        start: time.openapi({ description: 'The first second of the period.' }),
        byState: counts(runStates).openapi({ description: 'At the end of the period, as the amounts are.' }),
        escrowed: amount,
        locked: amount,
        paid: amount.openapi({ description: 'Rewards of all runs approved until then, in USDC base units.' }),
        created: z.int().openapi({ description: 'Runs created in the period.' }),
        claims: z.int().openapi({ description: 'Claims made in the period.' }),
        secondsToClaim: z
          .int()
          .nullable()
          .openapi({ description: 'How long the claimed runs were OPEN, on average; null without a claim.' }),
      }),
    ),
  })
  .openapi('StatsHistory')

const getStatsHistory = createRoute({
  method: 'get',
  path: '/api/stats/history',
  operationId: 'getStatsHistory',
  tags: ['Market'],
  summary: 'Get the market over time',
  description: 'One entry per day, week or month, oldest first. The last period includes the block of the answer.',
  request: { query: historyQuery },
  responses: indexedResponses('The figures of each period.', historySchema),
})

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0)

function formatStats({ runs, market, agents, payees }: Stats): z.infer<typeof statsSchema> {
  const { claimableRuns, ...byState } = runs
  const { staked, ...byStatus } = agents
  return {
    runs: { total: sum(byState), claimable: claimableRuns, byState },
    escrowed: market.escrowed.toString(),
    paid: market.paid.toString(),
    feesPaid: market.feesPaid.toString(),
    owed: payees.owed.toString(),
    agents: { total: sum(byStatus), byStatus },
    staked: staked.toString(),
    locked: market.locked.toString(),
  }
}

export function addStatsRoutes(app: OpenAPIHono, deps: Deps, readStats: ReadStats) {
  app.openapi(getStats, async (c) => {
    const { data } = await readIndex(c, deps.index, c.req.valid('query').minBlock, readStats)
    return answerJson(c, formatStats(data))
  })

  app.openapi(getStatsHistory, async (c) => {
    const { minBlock, ...range } = c.req.valid('query')
    const { data } = await readIndex(c, deps.index, minBlock, (tx, block) => statsHistory(tx, block, range))
    const history = data.map((period) => ({ ...period, start: `${period.start}T00:00:00.000Z` }))
    return answerJson(c, { interval: range.interval, history })
  })
}
