import { z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler, TypedResponse } from 'hono'
import { routePath } from 'hono/route'
import { blockHeaders, createCachedResponse, toResponse } from '../cache/responseCache.ts'
import { isCacheable, isRead, NO_STORE, readHeaders } from '../http/readHeaders.ts'
import type { IndexReader, Read } from '../index/reader.ts'

/** Part of the query of every route that reads the index. */
export const minBlock = z
  .string('must be given once')
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'must be a block number of at most 16 digits')
  .transform(BigInt)
  .optional()
  .openapi({
    type: 'integer',
    description:
      'Waits, for a limited time, until the answer is of this block or a later one. For reading your own write. ' +
      'A block more than 10,000 beyond the chain is refused at once.',
  })

/** Reads the index for this request. The block is named in the headers, of refusals too. */
export async function readIndex<T>(
  c: Context,
  index: Pick<IndexReader, 'read'>,
  minBlock: bigint | undefined,
  read: Read<T>,
) {
  const result = await index.read(minBlock, read, c.get('network'))
  c.set('snapshot', result.snapshot)
  return result
}

/** Answers as `c.json` does, with JSON that is true at the snapshot that `readIndex` read for this request. */
export function answerJson<const Value>(c: Context, value: Value): Response & TypedResponse<Value, 200, 'json'> {
  const response = createCachedResponse(JSON.stringify(value), c.get('snapshot'), routePath(c))
  c.set('cachedResponse', response)
  return toResponse(response, c.req.header('If-None-Match')) as never
}

/** Gives each read the headers that `answerJson` gives: refusals, and what did not come from the index. */
export const readMiddleware: MiddlewareHandler = async (c, next) => {
  await next()
  if (!isRead(c) || c.get('cachedResponse')) return
  const { headers } = c.res
  const snapshot = c.get('snapshot')
  const more = { ...readHeaders, ...(snapshot && blockHeaders(snapshot)) }
  for (const [name, value] of Object.entries(more)) headers.set(name, value)
  if (isCacheable(headers)) return
  headers.set('Cache-Control', NO_STORE)
  headers.set('X-Request-Id', c.get('requestId'))
}
