import { type Log, parseEventLogs } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { storedText } from '../../ponder.schema.ts'
import type { Audited } from './audited.ts'
import { type ChainLog, timeOf } from './chainLogs.ts'

/** The facts of an agent that only logs have. */
type AgentFacts = { agentURI?: string; registeredAt?: bigint; registrationLog?: string }

/** Merges what these logs say into the audit's `logged_` tables. Call it once for each log. */
export async function recordLogFacts(audited: Audited, logs: ChainLog[]): Promise<void> {
  const { AgentRegistry, AgentStaking, BountyMarket } = audited.deployment.contracts
  const from = (address: string) => logs.filter((log) => log.address.toLowerCase() === address.toLowerCase())
  await recordAgents(audited, agentsOf(from(AgentRegistry), from(AgentStaking)))
  await recordPayees(audited, debtsOf(from(BountyMarket)))
}

function agentsOf(ofRegistry: ChainLog[], ofStaking: Log[]): Map<bigint, AgentFacts> {
  const agents = new Map<bigint, AgentFacts>()
  const add = (id: bigint, facts: AgentFacts) => agents.set(id, { ...agents.get(id), ...facts })
  for (const { eventName, args, ...log } of parseEventLogs({ abi: agentRegistryAbi, logs: ofRegistry })) {
    if (eventName === 'Transfer') add(args.tokenId, {})
    else if (eventName === 'MetadataSet') add(args.agentId, {})
    else if (eventName === 'URIUpdated') add(args.agentId, { agentURI: storedText(args.newURI) })
    else if (eventName === 'Registered') {
      const registrationLog = `${log.transactionHash}:${log.logIndex}`
      add(args.agentId, { agentURI: storedText(args.agentURI), registeredAt: timeOf(log), registrationLog })
    }
  }
  for (const { args } of parseEventLogs({ abi: agentStakingAbi, logs: ofStaking })) {
    if ('agentId' in args) add(args.agentId, {})
  }
  return agents
}

async function recordAgents({ client }: Audited, agents: Map<bigint, AgentFacts>) {
  const rows = [...agents].map(([id, { agentURI = null, registeredAt, registrationLog = null }]) => ({
    id: id.toString(),
    agent_uri: agentURI,
    registered_at: registeredAt?.toString() ?? null,
    registration_log: registrationLog,
  }))
  await client.query(
    `INSERT INTO logged_agent SELECT * FROM jsonb_populate_recordset(NULL::logged_agent, $1)
     ON CONFLICT (id) DO UPDATE SET
       agent_uri = coalesce(excluded.agent_uri, logged_agent.agent_uri),
       registered_at = coalesce(excluded.registered_at, logged_agent.registered_at),
       registration_log = coalesce(excluded.registration_log, logged_agent.registration_log)`,
    [JSON.stringify(rows)],
  )
}

/** The change of each payee's deferred payments. */
function debtsOf(ofMarket: Log[]): Map<string, bigint> {
  const debts = new Map<string, bigint>()
  const eventName = ['PaymentDeferred', 'PaymentCollected'] as const
  for (const log of parseEventLogs({ abi: bountyMarketAbi, logs: ofMarket, eventName: [...eventName] })) {
    const address = log.args.payee.toLowerCase()
    const change = log.eventName === 'PaymentDeferred' ? log.args.amount : -log.args.amount
    debts.set(address, (debts.get(address) ?? 0n) + change)
  }
  return debts
}

async function recordPayees({ client }: Audited, debts: Map<string, bigint>) {
  const changes = [...debts].map(([address, owed]) => ({ address, owed: owed.toString() }))
  await client.query(
    `INSERT INTO logged_payee SELECT * FROM jsonb_populate_recordset(NULL::logged_payee, $1)
     ON CONFLICT (address) DO UPDATE SET owed = logged_payee.owed + excluded.owed`,
    [JSON.stringify(changes)],
  )
}
