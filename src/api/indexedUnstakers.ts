import { getAddress } from 'viem'
import { refusalOfRead } from './http/refusals.ts'
import type { IndexReader } from './index/reader.ts'
import { agentsById } from './queries/agents.ts'
import { createBatchedRead } from './queries/batchedReads.ts'
import type { IndexedUnstakers } from './relay/kinds/accounts/examine.ts'

/** Who may unstake, as the index shows it, for the relay. Concurrent calls share a transaction. */
export function indexedUnstakers(index: IndexReader): IndexedUnstakers {
  const readAgent = createBatchedRead(index, (tx, { now }, agentIds: readonly bigint[]) =>
    agentsById(tx, now, agentIds),
  )

  return async (agentId, block) => {
    try {
      await index.reach(block)
      const { data: agent } = await readAgent(agentId)
      return [agent?.owner, agent?.agentWallet].flatMap((account) => (account ? [getAddress(account)] : []))
    } catch (error) {
      throw refusalOfRead(error)
    }
  }
}
