import { type Log, parseEventLogs } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { storedText } from '../../ponder.schema.ts'
import type { Audited } from './audited.ts'
import { type ChainLog, timeOf } from './chainLogs.ts'

/** What logs say of an agent that no view tells. */
type Told = { agentURI?: string; registeredAt?: bigint; registrationLog?: string }

/** Folds what these logs say into what the logs before them said. To be called once for each log. */
export async function noteTold(audited: Audited, logs: ChainLog[]): Promise<void> {
  const { AgentRegistry, AgentStaking, BountyMarket } = audited.deployment.contracts
  const from = (address: string) => logs.filter((log) => log.address.toLowerCase() === address.toLowerCase())
  await noteAgents(audited, agentsOf(from(AgentRegistry), from(AgentStaking)))
  await notePayees(audited, debtsOf(from(BountyMarket)))
}

function agentsOf(ofRegistry: ChainLog[], ofStaking: Log[]): Map<bigint, Told> {
  const agents = new Map<bigint, Told>()
  const note = (id: bigint, told: Told) => agents.set(id, { ...agents.get(id), ...told })
  for (const { eventName, args, ...log } of parseEventLogs({ abi: agentRegistryAbi, logs: ofRegistry })) {
    if (eventName === 'Transfer') note(args.tokenId, {})
    else if (eventName === 'MetadataSet') note(args.agentId, {})
    else if (eventName === 'URIUpdated') note(args.agentId, { agentURI: storedText(args.newURI) })
    else if (eventName === 'Registered') {
      const registrationLog = `${log.transactionHash}:${log.logIndex}`
      note(args.agentId, { agentURI: storedText(args.agentURI), registeredAt: timeOf(log), registrationLog })
    }
  }
  for (const { args } of parseEventLogs({ abi: agentStakingAbi, logs: ofStaking })) {
    if ('agentId' in args) note(args.agentId, {})
  }
  return agents
}

async function noteAgents({ client }: Audited, agents: Map<bigint, Told>) {
  const told = [...agents].map(([id, { agentURI = null, registeredAt, registrationLog = null }]) => ({
    id: id.toString(),
    agent_uri: agentURI,
    registered_at: registeredAt?.toString() ?? null,
    registration_log: registrationLog,
  }))
  await client.query(
    `INSERT INTO told_agent SELECT * FROM jsonb_populate_recordset(NULL::told_agent, $1)
     ON CONFLICT (id) DO UPDATE SET
       agent_uri = coalesce(excluded.agent_uri, told_agent.agent_uri),
       registered_at = coalesce(excluded.registered_at, told_agent.registered_at),
       registration_log = coalesce(excluded.registration_log, told_agent.registration_log)`,
    [JSON.stringify(told)],
  )
}

/** By how much each payee's deferred payments grew. */
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

async function notePayees({ client }: Audited, debts: Map<string, bigint>) {
  const changes = [...debts].map(([address, owed]) => ({ address, owed: owed.toString() }))
  await client.query(
    `INSERT INTO told_payee SELECT * FROM jsonb_populate_recordset(NULL::told_payee, $1)
     ON CONFLICT (address) DO UPDATE SET owed = told_payee.owed + excluded.owed`,
    [JSON.stringify(changes)],
  )
}
