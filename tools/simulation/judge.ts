import { type Answer, agentJson, type Json, pick, runJson } from './api.ts'
import { compareStats } from './judgeStats.ts'
import { compare, type Difference, statusOf, type Truth } from './oracle.ts'
import { compareRunList, type RunListQuestion } from './runList.ts'

/** A request for one run or agent, the events of a run, a page of runs, the first page of agents, or the stats. */
export type Question =
  | { path: string; subject: 'run' | 'agent' | 'events'; id: bigint }
  | { path: string; subject: 'agents' | 'stats' }
  | RunListQuestion

export const listLimit = 100

/**
 * Compares an answer with the market's state at the block that the answer names.
 * @returns the differences, including a wrong 404 and rows missing from a list.
 */
export function compareAnswer(question: Question, answer: Answer, block: Truth): Difference[] {
  const subject = `${question.path} at block ${block.number}`
  return [
    ...compare(subject, { 'X-Indexed-Block': String(block.number) }, { 'X-Indexed-Block': answer.block }),
    ...compareBody(subject, question, answer, block),
  ]
}

function compareBody(subject: string, question: Question, answer: Answer, block: Truth): Difference[] {
  switch (question.subject) {
    case 'run':
    case 'agent': {
      const expected = expectedJson(question.subject, question.id, block)
      return compareFound(subject, expected, answer, (found) => compare(subject, found, answer.body))
    }
    case 'events': {
      const events = block.state.events.get(question.id)
      return compareFound(subject, events, answer, (found) => compareEvents(subject, found, answer.body))
    }
    case 'agents':
      return compareAgentList(subject, answer.body, block)
    case 'runs':
      return compareRunList(subject, question, answer, block)
    case 'stats':
      return compareStats(subject, answer, block)
  }
}

function compareFound<T>(
  subject: string,
  expected: T | undefined,
  { status }: Answer,
  compareRow: (found: T) => Difference[],
) {
  const differences = compare(subject, { status: expected ? 200 : 404 }, { status })
  return expected && status === 200 ? compareRow(expected) : differences
}

type Events = NonNullable<ReturnType<Truth['state']['events']['get']>>

function compareEvents(subject: string, events: Events, body: Json): Difference[] {
  const line = (event: object) =>
    ['name', 'blockNumber', 'blockHash', 'logIndex', 'transactionHash'].map((key) => (event as Json)[key]).join(' ')
  const { total } = body.pagination as { total: number }
  return compare(
    subject,
    { total: events.length, events: events.slice(0, listLimit).map(line).join() },
    { total, events: (body.events as Json[]).map(line).join() },
  )
}

function compareAgentList(subject: string, body: Json, block: Truth): Difference[] {
  const ids = [...block.state.agents.keys()].sort((left, right) => Number(left - right))
  const items = body.agents as Json[]
  const { total } = body.pagination as { total: number }
  return [
    ...compare(
      subject,
      { total: ids.length, ids: ids.slice(0, listLimit).join() },
      { total, ids: items.map(({ id }) => id).join() },
    ),
    ...items.flatMap((item) => {
      const expected = expectedJson('agent', BigInt(item.id as number), block)
      return compare(`${subject}, agent ${item.id}`, pick(expected ?? {}, Object.keys(item)), item)
    }),
  ]
}

function expectedJson(subject: 'run' | 'agent', id: bigint, { timestamp, state }: Truth): Json | undefined {
  if (subject === 'run') {
    const run = state.runs.get(id)
    return run && runJson(run, timestamp)
  }
  const agent = state.agents.get(id)
  return agent && { ...agentJson(agent), status: statusOf(agent, timestamp) }
}
