import { expectTypeOf, it } from 'vitest'
import type { ByRelay, RunlineClient } from '../../packages/client/src/index.ts'
import type { paths } from '../../packages/client/src/reads.ts'

type Path = keyof paths
type Method = 'get' | 'post'

/** The body of the success that the route describes. */
type AnswerOf<Each extends Path, By extends Method = 'get'> = paths[Each][By] extends {
  responses: { 200: { content: { 'application/json': infer Body } } }
}
  ? Body
  : never

/** The body that the route takes. */
type BodyOf<Each extends Path> = paths[Each]['post'] extends {
  requestBody: { content: { 'application/json': infer Body } }
}
  ? Body
  : never

declare const client: RunlineClient
type Runs = RunlineClient['runs']
type Agents = RunlineClient['agents']

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
  expectTypeOf<ReturnType<RunlineClient['claims']['get']>>().resolves.toEqualTypeOf<AnswerOf<'/api/claims/{claimId}'>>()
  expectTypeOf<ReturnType<RunlineClient['actions']['get']>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/actions/{actionId}'>
  >()
  expectTypeOf<ReturnType<RunlineClient['posters']['get']>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/posters/{address}'>
  >()
  expectTypeOf<ReturnType<RunlineClient['getMarket']>>().resolves.toEqualTypeOf<AnswerOf<'/api/market'>>()
  expectTypeOf<ReturnType<RunlineClient['getStats']>>().resolves.toEqualTypeOf<AnswerOf<'/api/stats'>>()
  expectTypeOf<ReturnType<RunlineClient['getStatsHistory']>>().resolves.toEqualTypeOf<AnswerOf<'/api/stats/history'>>()
})

it('a relayed action returns what its route answers', () => {
  type Action<Name extends string> = AnswerOf<Extract<Path, `/api/runs/{id}/${Name}`>, 'post'>
  type Open = { via: 'relay' }
  expectTypeOf<ReturnType<Runs['claim']>>().resolves.toEqualTypeOf<Action<'claim'>>()
  expectTypeOf<ReturnType<typeof client.runs.post<ByRelay>>>().resolves.toEqualTypeOf<AnswerOf<'/api/runs', 'post'>>()
  expectTypeOf<ReturnType<typeof client.runs.start<ByRelay>>>().resolves.toEqualTypeOf<Action<'start'>>()
  expectTypeOf<ReturnType<typeof client.runs.submit<ByRelay>>>().resolves.toEqualTypeOf<Action<'submit'>>()
  expectTypeOf<ReturnType<typeof client.runs.abandon<ByRelay>>>().resolves.toEqualTypeOf<Action<'abandon'>>()
  expectTypeOf<ReturnType<typeof client.runs.approve<ByRelay>>>().resolves.toEqualTypeOf<Action<'approve'>>()
  expectTypeOf<ReturnType<typeof client.runs.revise<ByRelay>>>().resolves.toEqualTypeOf<Action<'revise'>>()
  expectTypeOf<ReturnType<typeof client.runs.reject<ByRelay>>>().resolves.toEqualTypeOf<Action<'reject'>>()
  expectTypeOf<ReturnType<typeof client.runs.close<ByRelay>>>().resolves.toEqualTypeOf<Action<'close'>>()
  expectTypeOf<ReturnType<typeof client.runs.nameClaimant<ByRelay>>>().resolves.toEqualTypeOf<Action<'name-claimant'>>()
  expectTypeOf<ReturnType<typeof client.runs.finalize<Open>>>().resolves.toEqualTypeOf<Action<'finalize'>>()
  expectTypeOf<ReturnType<typeof client.runs.expire<Open>>>().resolves.toEqualTypeOf<Action<'expire'>>()
  expectTypeOf<ReturnType<typeof client.runs.slash<Open>>>().resolves.toEqualTypeOf<Action<'slash'>>()
  expectTypeOf<ReturnType<typeof client.runs.rejectOverdue<Open>>>().resolves.toEqualTypeOf<Action<'reject-overdue'>>()
  expectTypeOf<ReturnType<typeof client.runs.collect<Open>>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/payees/{address}/collect', 'post'>
  >()
  expectTypeOf<ReturnType<typeof client.agents.register<ByRelay>>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/agents', 'post'>
  >()
  expectTypeOf<ReturnType<typeof client.agents.stake<ByRelay>>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/agents/{id}/stake', 'post'>
  >()
  expectTypeOf<ReturnType<typeof client.agents.unstake<ByRelay>>>().resolves.toEqualTypeOf<
    AnswerOf<'/api/agents/{id}/unstake', 'post'>
  >()
})

it('the body of a message is that of its action, without the signature', () => {
  type Message<Name extends string> = AnswerOf<Extract<Path, `/api/messages/${Name}`>>
  type Signed<Name extends string> = Message<Name> extends { body: infer Body } ? Body & { signature: string } : never
  expectTypeOf<Signed<'claim'>>().toExtend<BodyOf<'/api/runs/{id}/claim'>>()
  expectTypeOf<Signed<'start'>>().toExtend<BodyOf<'/api/runs/{id}/start'>>()
  expectTypeOf<Signed<'submit'>>().toExtend<BodyOf<'/api/runs/{id}/submit'>>()
  expectTypeOf<Signed<'abandon'>>().toExtend<BodyOf<'/api/runs/{id}/abandon'>>()
  expectTypeOf<Signed<'approve'>>().toExtend<BodyOf<'/api/runs/{id}/approve'>>()
  expectTypeOf<Signed<'revise'>>().toExtend<BodyOf<'/api/runs/{id}/revise'>>()
  expectTypeOf<Signed<'reject'>>().toExtend<BodyOf<'/api/runs/{id}/reject'>>()
  expectTypeOf<Signed<'close'>>().toExtend<BodyOf<'/api/runs/{id}/close'>>()
  expectTypeOf<Signed<'name-claimant'>>().toExtend<BodyOf<'/api/runs/{id}/name-claimant'>>()
  expectTypeOf<Signed<'post'>>().toExtend<BodyOf<'/api/runs'>>()
  expectTypeOf<Signed<'register'>>().toExtend<BodyOf<'/api/agents'>>()
  expectTypeOf<Signed<'stake'>>().toExtend<BodyOf<'/api/agents/{id}/stake'>>()
  expectTypeOf<Signed<'unstake'>>().toExtend<BodyOf<'/api/agents/{id}/unstake'>>()
})

it('ids of runs are numbers', () => {
  expectTypeOf<AnswerOf<'/api/runs/{id}'>['bountyId']>().toEqualTypeOf<number>()
  expectTypeOf<AnswerOf<'/api/actions/{actionId}'>['bountyId']>().toEqualTypeOf<number | null>()
})
