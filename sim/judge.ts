import { type Answer, agentJson, type Json, pick, runJson } from './api.ts'
import { compare, type Difference, type Status } from './oracle.ts'
import type { ReplayedAgent } from './replay.ts'
import type { WitnessedBlock } from './witness.ts'

/** What was asked: one run or agent, or the first page of all of them. */
export type Question =
  | { path: string; subject: 'run' | 'agent'; id: bigint }
  | { path: string; subject: 'runs' | 'agents' }

export const listLimit = 100

/**
 * Holds an answer against the market at the block that it names.
 * @returns where they differ: a false 404 and a row that is missing from a list are differences too.
 */
export function judge(question: Question, answer: Answer, block: WitnessedBlock): Difference[] {
  const subject = `${question.path} at block ${block.number}`
  return [
    ...compare(subject, { 'X-Indexed-Block': String(block.number) }, { 'X-Indexed-Block': answer.block }),
    ...judgeBody(subject, question, answer, block),
  ]
}

function judgeBody(subject: string, question: Question, { status, body }: Answer, block: WitnessedBlock) {
  if ('id' in question) {
    const expected = expectedJson(question.subject, question.id, block)
    const differences = compare(subject, { status: expected ? 200 : 404 }, { status })
    return expected && status === 200 ? compare(subject, expected, body) : differences
  }
  const ids = [...block.state[question.subject].keys()].sort((left, right) => Number(left - right))
  if (question.subject === 'runs') ids.reverse()
  const [key, name] = question.subject === 'runs' ? (['bountyId', 'run'] as const) : (['id', 'agent'] as const)
  const items = body[question.subject] as Json[]
  const { total } = body.pagination as { total: number }
  return [
    ...compare(subject, { total: ids.length }, { total }),
    ...compare(subject, { ids: ids.slice(0, listLimit).join() }, { ids: items.map((item) => item[key]).join() }),
    ...items.flatMap((item) => {
      const expected = expectedJson(name, BigInt(item[key] as number), block)
      return compare(`${subject}, ${name} ${item[key]}`, pick(expected ?? {}, Object.keys(item)), item)
    }),
  ]
}

function expectedJson(subject: 'run' | 'agent', id: bigint, { timestamp, state }: WitnessedBlock): Json | undefined {
  if (subject === 'run') {
    const run = state.runs.get(id)
    return run && runJson(run, timestamp)
  }
  const agent = state.agents.get(id)
  return agent && { ...agentJson(agent), status: statusOf(agent, timestamp) }
}

/** The ladder of AgentStaking.statusOf, which nobody can ask at a block that a reorg took away. */
function statusOf({ banned, frozen, stakedAmount, stakedAt, completions }: ReplayedAgent, now: bigint): Status {
  if (banned) return 'BANNED'
  if (frozen) return 'FROZEN'
  if (stakedAmount < 20_000_000n) return 'UNVERIFIED'
  return completions >= 5 && now >= stakedAt + 30n * 86_400n ? 'ESTABLISHED' : 'PROVISIONAL'
}
