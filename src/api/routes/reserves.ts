import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { Problem } from '../http/errors.ts'
import { amount, hash } from '../http/values.ts'
import type { ReadStats } from '../queries/stats.ts'
import { reservesOf } from '../reserves.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { indexedResponses } from './responses.ts'

const held = amount.openapi({ description: 'The USDC that the contract holds.' })

const surplus = z
  .string()
  .regex(/^-?[0-9]+$/)
  .openapi({
    description: 'What the contract holds beyond what it owes: donations. Never negative, or money is missing.',
    example: '0',
  })

const reservesSchema = z
  .object({
    block: z.object({ number: z.int(), hash }),
    market: z
      .object({
        held,
        escrow: amount.openapi({ description: 'Rewards and fees of funded runs that have not ended.' }),
        debts: amount.openapi({
          description: 'Fees of the treasury and payments that USDC refused, which `collect` pays: the sum of `owed`.',
        }),
        surplus,
      })
      .openapi({ description: 'surplus = held − escrow − (debts − unburned)' }),
    staking: z
      .object({
        held,
        staked: amount.openapi({ description: 'The stake of all agents.' }),
        unburned: amount.openapi({
          description: 'Lost stake that USDC refused to burn: a part of the market’s debts.',
        }),
        surplus,
      })
      .openapi({ description: 'surplus = held − staked − unburned' }),
  })
  .openapi('Reserves')

const getReserves = createRoute({
  method: 'get',
  path: '/api/market/reserves',
  operationId: 'getReserves',
  tags: ['Market'],
  summary: 'Get what the contracts hold and owe',
  description: 'All at one block. `npm run audit -- --reserves` counts the same from the logs alone.',
  request: { query: z.strictObject({ minBlock }) },
  responses: indexedResponses('Amounts in USDC base units.', reservesSchema, ['NODE_UNAVAILABLE']),
})

const asText = <const Amounts extends Record<string, bigint>>(amounts: Amounts) =>
  Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, `${value}`])) as {
    [Name in keyof Amounts]: string
  }

export function addReservesRoute(app: OpenAPIHono, { index, readBalances }: Deps, readStats: ReadStats) {
  app.openapi(getReserves, async (c) => {
    if (!readBalances) throw new Problem('NODE_UNAVAILABLE', 'This server asks no node.')
    const { minBlock } = c.req.valid('query')
    const { snapshot, data: stats } = await readIndex(c, index, minBlock, readStats)
    const { market, staking } = reservesOf(stats, await readBalances(snapshot))
    const block = { number: Number(snapshot.number), hash: snapshot.hash }
    return answerJson(c, { block, market: asText(market), staking: asText(staking) })
  })
}
