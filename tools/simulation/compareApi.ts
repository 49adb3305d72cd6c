import { type Api, request } from './api.ts'
import { compareAnswer, listLimit, type Question } from './judge.ts'
import type { Difference, Truth } from './oracle.ts'
import type { Random } from './random.ts'
import { drawRunList, nextPage } from './runList.ts'
import type { World } from './world.ts'

/** How many pages of random lists are read. */
const PAGES = 300

/**
 * Waits until the index has the block, and compares every run with its events, every agent, the stats, and pages of
 * random lists with the market at that block, which must be the chain's latest.
 * @returns the differences; empty if the index equals the chain.
 */
export async function compareApi(world: World, api: Api, truth: Truth, random: Random): Promise<Difference[]> {
  const differences: Difference[] = []

  async function ask(question: Question) {
    const answer = await request(api, question.path)
    if (answer.status !== 200 && answer.status !== 404) {
      throw new Error(`GET ${question.path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    }
    differences.push(...compareAnswer(question, answer, truth))
    return answer
  }

  await request(api, `/api/stats?minBlock=${truth.number}`)
  for (const question of questionsAbout(truth)) await ask(question)
  const posters = world.posters.map(({ address }) => address)
  let next: ReturnType<typeof nextPage>
  for (let page = 0; page < PAGES; page++) {
    const question = next ?? drawRunList(random, posters)
    next = nextPage(question, await ask(question))
  }
  return differences
}

function* questionsAbout({ state }: Truth): Iterable<Question> {
  for (const id of state.runs.keys()) {
    yield { subject: 'run', id, path: `/api/runs/${id}` }
    yield { subject: 'events', id, path: `/api/runs/${id}/events` }
  }
  for (const id of state.agents.keys()) {
    yield { subject: 'agent', id, path: `/api/agents/${id}` }
    yield { subject: 'agent', id, path: `/api/agents/${id}/stake` }
  }
  yield { subject: 'agents', path: `/api/agents?limit=${listLimit}` }
  yield { subject: 'stats', path: '/api/stats' }
}
