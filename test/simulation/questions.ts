import type { Address } from 'viem'
import { listLimit } from './market.ts'
import type { Random } from './random.ts'
import { drawRunList, type RunListQuestion } from './runList.ts'

/**
 * A request for one run or agent, the events of a run, a page of runs, the first page of agents, the stats, the reserves, or the
 * board's page of the newest runs.
 */
export type Question =
  | { path: string; subject: 'run' | 'agent' | 'stake' | 'events'; id: bigint }
  | { path: string; subject: 'agents' | 'stats' | 'reserves' | 'board' }
  | RunListQuestion

export const aboutAgents: Question = { subject: 'agents', path: `/api/agents?limit=${listLimit}` }
export const aboutStats: Question = { subject: 'stats', path: '/api/stats' }
export const aboutReserves: Question = { subject: 'reserves', path: '/api/market/reserves' }
const aboutBoard: Question = { subject: 'board', path: '/?state=ANY' }

const paths = { run: ['runs', ''], events: ['runs', '/events'], agent: ['agents', ''], stake: ['agents', '/stake'] }

/** About one run or agent. */
export function about(subject: keyof typeof paths, id: bigint): Question {
  const [list, part] = paths[subject]
  return { subject, id, path: `/api/${list}/${id}${part}` }
}

/** @param posters the accounts that post runs. */
export function drawQuestion(random: Random, posters: readonly Address[]): Question {
  const subject = random.weighted({ runs: 5, agents: 1, run: 4, agent: 2, events: 2, stats: 2, reserves: 1, board: 2 })
  if (subject === 'runs') return drawRunList(random, posters)
  if (subject === 'agents') return aboutAgents
  if (subject === 'stats') return aboutStats
  if (subject === 'reserves') return aboutReserves
  if (subject === 'board') return aboutBoard
  // Some ids do not exist, some will, and a reorg may remove one.
  return about(subject, BigInt(random.int(1, subject === 'agent' ? 14 : random.pick([10, 30, 1_000]))))
}
