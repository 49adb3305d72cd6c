import { Problem } from './http/errors.ts'
import type { IndexReader } from './index/reader.ts'
import { agentsById } from './queries/agents.ts'
import type { FeesPaid } from './relay/feesPaid.ts'

/** What the index shows of the fees of agents, for the relay. Without an answer of the index, no fees are known. */
export const indexedFees =
  (index: IndexReader): FeesPaid =>
  async (agentIds) => {
    try {
      const { data } = await index.read(undefined, (tx, { now }) => agentsById(tx, now, agentIds))
      return new Map(data.flatMap((agent) => (agent ? [[agent.id, agent.feesPaid] as const] : [])))
    } catch (error) {
      if (error instanceof Problem) return new Map()
      throw error
    }
  }
