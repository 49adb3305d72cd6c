import { z } from '@hono/zod-openapi'
import type { Context, TypedResponse } from 'hono'
import type { Deps } from '../deps.ts'
import type { Snapshot, SnapshotQuery } from '../queries/snapshot.ts'

/** Part of the query of every route that reads the index. */
export const minBlock = z
  .string('must be given once')
  .regex(/^(0|[1-9][0-9]{0,15})$/, 'must be a block number of at most 16 digits')
  .transform(BigInt)
  .optional()
  .openapi({
    type: 'integer',
    description: 'Waits, bounded, until the answer is of this block or a later one. For reading your own write.',
  })

/** The headers of an answer from the index, for its OpenAPI description. */
export const indexedHeaders = {
  'X-Indexed-Block': { description: 'The block the answer is true at.', schema: { type: 'integer' } },
  'X-Indexed-Hash': { description: 'The hash of that block.', schema: { type: 'string' } },
  ETag: {
    description: 'Strong. Send it as If-None-Match to get 304 while the answer is the same.',
    schema: { type: 'string' },
  },
} as const

declare module 'hono' {
  interface ContextVariableMap {
    /** What the answer is of; absent if it did not come from the index. */
    snapshot: Snapshot
    /** The answer's JSON; absent if it is a refusal. */
    json: string
  }
}

/**
 * Reads one snapshot of the index for this request and names its block in the answer's headers, whatever the answer.
 * @throws Problem INDEX_BEHIND
 */
export async function readIndex<T>(c: Context, { index }: Deps, query: SnapshotQuery<T>, minBlock?: bigint) {
  const { snapshot, data } = await index.read(query, minBlock)
  c.set('snapshot', snapshot)
  c.header('X-Indexed-Block', snapshot.number.toString())
  c.header('X-Indexed-Hash', snapshot.hash)
  return { snapshot, data }
}

/** Answers with JSON as `c.json` does. */
export function answerJson<const Value>(c: Context, value: Value): Response & TypedResponse<Value, 200, 'json'> {
  return answerText(c, JSON.stringify(value))
}

/** Answers with JSON. The text is left for `cacheAnswers`, which could read it of the answer at a cost only. */
export function answerText(c: Context, json: string): Response & TypedResponse<never, 200, 'json'> {
  c.set('json', json)
  return c.body(json, 200, { 'Content-Type': 'application/json' }) as never
}
