import { expectTypeOf, it } from 'vitest'
import type { paths, RunlineReads } from '../../packages/client/src/reads.ts'

type Path = { [Each in keyof paths]: paths[Each] extends { get: object } ? Each : never }[keyof paths]

/** The body of the success that the route describes. */
type AnswerOf<Each extends Path> = paths[Each]['get'] extends {
  responses: { 200: { content: { 'application/json': infer Body } } }
}
  ? Body
  : never

type Runs = RunlineReads['runs']
type Agents = RunlineReads['agents']

// The compiler checks these.
it('a read returns what its route answers', () => {
  expectTypeOf<ReturnType<Runs['list']>>().resolves.toEqualTypeOf<AnswerOf<'/api/runs'>>()
  expectTypeOf<ReturnType<Runs['get']>>().resolves.toEqualTypeOf<AnswerOf<'/api/runs/{id}'>>()
  expectTypeOf<ReturnType<Runs['events']>>().resolves.toEqualTypeOf<AnswerOf<'/api/runs/{id}/events'>>()
  expectTypeOf<ReturnType<Agents['list']>>().resolves.toEqualTypeOf<AnswerOf<'/api/agents'>>()
  expectTypeOf<ReturnType<Agents['get']>>().resolves.toEqualTypeOf<AnswerOf<'/api/agents/{id}'>>()
  expectTypeOf<ReturnType<Agents['getStakeInfo']>>().resolves.toEqualTypeOf<AnswerOf<'/api/agents/{id}/stake'>>()
  expectTypeOf<ReturnType<Agents['canClaimRun']>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/runs/{id}/claim-eligibility'>
  >()
  expectTypeOf<ReturnType<RunlineReads['claims']['get']>>().resolves.toEqualTypeOf<AnswerOf<'/api/claims/{claimId}'>>()
  expectTypeOf<ReturnType<RunlineReads['getMarket']>>().resolves.toEqualTypeOf<AnswerOf<'/api/market'>>()
  expectTypeOf<ReturnType<RunlineReads['getStats']>>().resolves.toEqualTypeOf<AnswerOf<'/api/stats'>>()
  expectTypeOf<ReturnType<RunlineReads['getStatsHistory']>>().resolves.toEqualTypeOf<AnswerOf<'/api/stats/history'>>()
})
