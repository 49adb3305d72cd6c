import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Deps } from '../deps.ts'
import { addressParameter } from '../http/values.ts'
import { posterByAddress } from '../queries/posters.ts'
import { formatPoster, posterSchema } from '../resources/poster.ts'
import { answerJson, minBlock, readIndex } from './indexed.ts'
import { indexedResponses } from './responses.ts'

const getPoster = createRoute({
  method: 'get',
  path: '/api/posters/{address}',
  operationId: 'getPoster',
  tags: ['Runs'],
  summary: 'Get the record of a poster',
  description:
    'Its runs by state, what they paid, and how they were reviewed: by the poster, or by the evaluator that a run names. ' +
    'Only runs that the poster paid, itself or by a signature: anyone may post in its name. Zeros if the account has posted nothing.',
  request: { params: z.object({ address: addressParameter }), query: z.strictObject({ minBlock }) },
  responses: indexedResponses('The record.', posterSchema),
})

export function addPosterRoutes(app: OpenAPIHono, { index }: Deps) {
  app.openapi(getPoster, async (c) => {
    const { address } = c.req.valid('param')
    const { minBlock } = c.req.valid('query')
    const { data } = await readIndex(c, index, minBlock, (tx) => posterByAddress(tx, address))
    return answerJson(c, formatPoster(address, data))
  })
}
