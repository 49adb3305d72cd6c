import { EitherOf } from './clock.ts'
import type { Difference } from './errors.ts'
import { type Answered, readAgents, readRuns, type View } from './evidence.ts'
import {
  agentFields,
  agentStakeFields,
  eligibilityFields,
  runFields,
  runSummaryFields,
  stateOf,
  UNPROVEN,
} from './fields.ts'

/** What a check has found, and the members of the answer that it has not proven. */
export type Checked = { differences: Difference[]; unproven: string[] }

/** Compares an answer with the chain at the block of the answer. */
export type Check = (view: View) => Promise<Checked>

type Json = Readonly<Record<string, unknown>>

/** No run and no agent has it. */
const NO_ID = 2n ** 256n - 1n

/** The id as the contracts take it. Anything else than an id is one that nothing has. */
function idIn(value: unknown): bigint {
  const id = /^\d{1,78}$/.test(String(value)) ? BigInt(String(value)) : NO_ID
  return id < NO_ID ? id : NO_ID
}

const objectIn = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

/** The members of the answered list, with their ids. What is no list is one member, which is false. */
function membersOf(list: unknown, idField: string): Answered[] {
  return (Array.isArray(list) ? list : [list]).map((member) => {
    const answer = objectIn(member)
    return { id: idIn(answer[idField]), answer }
  })
}

/** @param id the requested one. */
export const checkRun =
  (id: bigint, answer: unknown): Check =>
  async (view) => {
    const run = { id, answer: objectIn(answer) }
    const [evidence] = await readRuns(view, [run], true)
    return compare(`run ${id}`, runFields, evidence, run.answer)
  }

export const checkRuns =
  (answer: unknown): Check =>
  async (view) => {
    const runs = membersOf(objectIn(answer).runs, 'bountyId')
    const evidence = await readRuns(view, runs, false)
    const checked = runs.map((run, place) => compare(`run ${run.id}`, runSummaryFields, evidence[place], run.answer))
    return together('bountyId', runs, checked)
  }

/** @param id the requested one. */
export const checkAgent =
  (id: bigint, answer: unknown): Check =>
  async (view) =>
    checkAgentWith(agentFields, id, answer, view)

/** @param id the requested one. */
export const checkAgentStake =
  (id: bigint, answer: unknown): Check =>
  async (view) =>
    checkAgentWith(agentStakeFields, id, answer, view)

async function checkAgentWith(fields: typeof agentFields, id: bigint, answer: unknown, view: View) {
  const agent = { id, answer: objectIn(answer) }
  const [evidence] = await readAgents(view, [agent])
  return compare(`agent ${id}`, fields, evidence, agent.answer)
}

export const checkAgents =
  (answer: unknown): Check =>
  async (view) => {
    const agents = membersOf(objectIn(answer).agents, 'id')
    const evidence = await readAgents(view, agents)
    const checked = agents.map((agent, place) =>
      compare(`agent ${agent.id}`, agentFields, evidence[place], agent.answer),
    )
    return together('id', agents, checked)
  }

/** @param wallet the requested one, if any: it must be the agent's. */
export const checkEligibility =
  (runId: bigint, agentId: bigint, answer: unknown, wallet?: string): Check =>
  async (view) => {
    const [[run], [agent]] = await Promise.all([
      readRuns(view, [{ id: runId, answer: {} }], false),
      readAgents(view, [{ id: agentId, answer: {} }], false),
    ])
    const subject = `the claim of run ${runId} by agent ${agentId}`
    return compare(subject, eligibilityFields, run && agent && { run, agent, asked: { wallet } }, objectIn(answer))
  }

/** Of the answer that there is no such run. */
export const checkNoRun =
  (id: bigint): Check =>
  async (view) => {
    const [evidence] = await readRuns(view, [{ id: idIn(id), answer: {} }], false)
    return checkRefusal(`run ${id}`, 'RUN_NOT_FOUND', evidence && stateOf(evidence.bounty))
  }

/** Of the answer that there is no such agent. */
export const checkNoAgent =
  (id: bigint): Check =>
  async (view) => {
    const [evidence] = await readAgents(view, [{ id: idIn(id), answer: {} }], false)
    return checkRefusal(`agent ${id}`, 'AGENT_NOT_FOUND', evidence && `owned by ${evidence.owner}`)
  }

const checkRefusal = (subject: string, answered: string, proven: string | undefined): Checked => ({
  differences: proven === undefined ? [] : [{ subject, field: 'code', answered, proven }],
  unproven: [],
})

/** @param evidence undefined if the chain has no such run or agent. */
function compare<Evidence>(
  subject: string,
  fields: Record<string, ((evidence: Evidence, answer: never) => unknown) | typeof UNPROVEN>,
  evidence: Evidence | undefined,
  answer: Json,
): Checked {
  if (evidence === undefined) {
    const difference = { subject, field: 'id', answered: subject, proven: 'no such run or agent' }
    return { differences: [difference], unproven: [] }
  }
  const unproven = new Set(Object.keys(answer).filter((field) => !(field in fields)))
  const differences = Object.entries(fields).flatMap(([field, rule]): Difference[] => {
    // A rule reads the answer as if it had the type that it should have, and expects nothing of it.
    const proven = rule === UNPROVEN ? UNPROVEN : rule(evidence, answer as never)
    if (proven === UNPROVEN) unproven.add(field)
    const answered = answer[field]
    return proven === UNPROVEN || isTrue(proven, answered) ? [] : [{ subject, field, answered, proven }]
  })
  return { differences, unproven: [...unproven] }
}

/** Whether the answer has the proven value. Members that the proof does not have may have any. */
function isTrue(proven: unknown, answered: unknown): boolean {
  if (proven === undefined) return false
  if (proven instanceof EitherOf) return proven.values.some((value) => isTrue(value, answered))
  if (typeof proven !== 'object' || proven === null || Array.isArray(proven)) {
    return JSON.stringify(proven) === JSON.stringify(answered)
  }
  return Object.entries(proven).every(([name, value]) => isTrue(value, objectIn(answered)[name]))
}

/** The checks of a list. Each id may be in it once. */
function together(idField: string, members: readonly Answered[], checked: readonly Checked[]): Checked {
  const seen = new Set<bigint>()
  const repeated = members.flatMap(({ id }): Difference[] => {
    const isRepeated = seen.has(id)
    seen.add(id)
    return isRepeated ? [{ subject: 'the list', field: idField, answered: `${id} twice`, proven: `${id} once` }] : []
  })
  const unproven = new Set(['pagination', ...checked.flatMap((one) => one.unproven)])
  return { differences: [...repeated, ...checked.flatMap((one) => one.differences)], unproven: [...unproven] }
}
