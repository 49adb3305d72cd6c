import type { Context } from 'hono'
import { maxUint256 } from 'viem'
import { explainClaimError } from '../../../core/market/contractErrors.ts'
import { refusedBy } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import { agentById } from '../queries/agents.ts'
import { runAndAgent, runById } from '../queries/runs.ts'
import { readIndex } from './indexed.ts'

// The runs and agents that requests name.

export const runNotFound = (id: bigint) => refusedBy(explainClaimError({ errorName: 'BountyNotFound', args: [id] }))

export const agentNotFound = (id: bigint) => refusedBy(explainClaimError({ errorName: 'AgentNotFound', args: [id] }))

/** @throws Problem RUN_NOT_FOUND if the market can have no such run. */
export function knownRunId(id: bigint): bigint {
  if (id > maxUint256) throw runNotFound(id)
  return id
}

/** @throws Problem AGENT_NOT_FOUND if no contract can have such an id. */
export function knownAgentId(id: bigint): bigint {
  if (id > maxUint256) throw agentNotFound(id)
  return id
}

/** @throws Problem RUN_NOT_FOUND */
export async function readRun(c: Context, index: IndexReader, minBlock: bigint | undefined, id: bigint) {
  const { snapshot, data: run } = await readIndex(c, index, minBlock, (tx) => runById(tx, id))
  if (run === null) throw runNotFound(id)
  return { snapshot, run }
}

/** @throws Problem AGENT_NOT_FOUND */
export async function readAgent(c: Context, index: IndexReader, minBlock: bigint | undefined, id: bigint) {
  const { snapshot, data: agent } = await readIndex(c, index, minBlock, (tx, { now }) => agentById(tx, now, id))
  if (agent === null) throw agentNotFound(id)
  return { snapshot, agent }
}

/** @throws Problem RUN_NOT_FOUND or AGENT_NOT_FOUND */
export async function readRunAndAgent(
  c: Context,
  index: IndexReader,
  minBlock: bigint | undefined,
  runId: bigint,
  agentId: bigint,
) {
  const { snapshot, data } = await readIndex(c, index, minBlock, (tx, block) => runAndAgent(tx, block, runId, agentId))
  if (data === null) throw runNotFound(runId)
  const { run, agent } = data
  if (agent === null) throw agentNotFound(agentId)
  return { snapshot, run, agent }
}
