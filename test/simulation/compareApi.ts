import { type Api, request, untilIndexed } from './api.ts'
import { compare } from './differences.ts'
import { readMarket } from './market.ts'
import type { Oracle } from './oracle.ts'
import { about, aboutAgents, aboutReserves, aboutStats, type Question } from './questions.ts'
import type { Random } from './random.ts'
import { drawRunList, nextPage } from './runList.ts'
import type { World } from './world.ts'

const PAGES = 100

type Options = {
  world: World
  api: Api
  oracle: Oracle
  random: Random
  /** How many pages of random lists are read. */
  pages?: number | undefined
}

/**
 * Waits until the index has the chain's latest block, and compares every run with its events, every agent, the stats, the reserves, and
 * pages of random lists with the chain at that block. Nothing else may make a block before it returns.
 * @returns the differences, and how many runs and agents there are.
 */
export async function compareApi({ world, api, oracle, random, pages = PAGES }: Options) {
  const differences: string[] = []
  const latest = await world.node.getBlock()

  async function ask(question: Question) {
    const answer = await request(api, question.path)
    if (answer.status !== 200) {
      throw new Error(`GET ${question.path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    }
    const { differences: found } = await oracle.compareAnswer(question, answer)
    differences.push(...compare(question.path, { hash: latest.hash }, answer), ...found)
    return answer
  }

  await untilIndexed(api, latest.number)
  const { runs, agents } = await readMarket(world, latest)
  for (const { bountyId } of runs) for (const subject of ['run', 'events'] as const) await ask(about(subject, bountyId))
  for (const { id } of agents) for (const subject of ['agent', 'stake'] as const) await ask(about(subject, id))
  await ask(aboutAgents)
  await ask(aboutStats)
  await ask(aboutReserves)
  const posters = world.posters.map(({ address }) => address)
  let next: ReturnType<typeof nextPage>
  for (let page = 0; page < pages; page++) {
    const question = next ?? drawRunList(random, posters)
    next = nextPage(question, await ask(question))
  }
  return { differences, counts: { runs: runs.length, agents: agents.length } }
}
