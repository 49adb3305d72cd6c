import { type Hex, parseEventLogs, zeroAddress } from 'viem'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'
import { rejections, storedText, storedURI } from '../../ponder.schema.ts'
import type { Audited, Step } from './audited.ts'
import { type ChainLog, timeOf } from './chainLogs.ts'
import { addRows, compareRows } from './chainTables.ts'

/** The greatest id of a bounty that the tables can hold. */
const MAX_INT8 = 2n ** 63n - 1n

/** Anyone may try to claim a bounty that does not exist. It has no timeline. */
const DELETE_REFUSALS_WITHOUT_BOUNTY = `
  DELETE FROM chain_run_event AS event WHERE name = 'ClaimRefused' AND NOT EXISTS (
    SELECT FROM chain_run_event AS created
    WHERE created.bounty_id = event.bounty_id AND created.name = 'BountyCreated' AND created.id < event.id
  )`

/** Events that name no account: the wallet of the claim acted, or the evaluator, which is the poster if the run has none. */
const ADD_ACTORS = `
  UPDATE chain_run_event AS event SET address = (
    SELECT coalesce(evaluator, address) FROM chain_run_event AS earlier
    WHERE earlier.bounty_id = event.bounty_id AND earlier.id < event.id
      AND earlier.name = CASE event.name WHEN 'RevisionRequested' THEN 'BountyCreated' ELSE 'BountyClaimed' END
    ORDER BY id DESC LIMIT 1
  ) WHERE name IN ('WorkStarted', 'WorkSubmitted', 'RevisionRequested');
  ALTER TABLE chain_run_event DROP COLUMN evaluator`

/** Reads the logs, range by range. Compares the timelines; later phases compare what the logs say of agents and payees. */
export async function compareEvents(audited: Audited, from: bigint): Promise<Step> {
  const { client, logs } = audited
  const last = audited.block.number
  const read = await logs.read(from, last)
  const stored = await storeLogs(audited, read.logs)
  if (read.to < last) {
    const share = Number(read.to - logs.start + 1n) / Number(last - logs.start + 1n)
    return { compared: stored, next: read.to + 1n, share }
  }
  await client.query('ANALYZE chain_run_event, agent_fact')
  const { rowCount: deleted } = await client.query(DELETE_REFUSALS_WITHOUT_BOUNTY)
  await client.query(ADD_ACTORS)
  await compareRows(client, {
    chain: 'chain_run_event',
    table: 'run_event',
    key: 'block_number, log_index',
    subject: `'event of block ' || block_number || ', log ' || log_index`,
  })
  return { compared: stored - (deleted ?? 0), next: undefined, share: 1 }
}

/** @returns how many events of runs are among the logs. */
async function storeLogs({ client, deployment }: Audited, logs: ChainLog[]): Promise<number> {
  const { AgentRegistry, AgentStaking, BountyMarket } = deployment.contracts
  const of = (contract: string) => logs.filter(({ address }) => address.toLowerCase() === contract.toLowerCase())
  const events: object[] = []
  const debts: object[] = []
  for (const { eventName, args, ...log } of parseEventLogs({ abi: bountyMarketAbi, logs: of(BountyMarket) })) {
    if (eventName === 'PaymentDeferred' || eventName === 'PaymentCollected') {
      const change = eventName === 'PaymentDeferred' ? args.amount : -args.amount
      debts.push({ place: checkpointOf(log, deployment.chainId), address: args.payee.toLowerCase(), change })
    }
    if (!('bountyId' in args) || args.bountyId > MAX_INT8) continue
    const id = checkpointOf(log, deployment.chainId)
    const evaluator = 'evaluator' in args && args.evaluator !== zeroAddress ? args.evaluator.toLowerCase() : undefined
    events.push({ id, name: eventName, evaluator, ...fieldsOf(eventName, args), ...placementOf(log) })
  }
  const facts: object[] = []
  for (const { eventName, args, ...log } of parseEventLogs({ abi: agentRegistryAbi, logs: of(AgentRegistry) })) {
    const place = checkpointOf(log, deployment.chainId)
    if (eventName === 'Transfer') facts.push({ place, id: args.tokenId })
    else if (eventName === 'MetadataSet' && args.metadataKey === 'agentWallet') facts.push({ place, id: args.agentId })
    else if (eventName === 'URIUpdated') facts.push({ place, id: args.agentId, ...storedURI(args.newURI) })
    else if (eventName === 'Registered') {
      const registrationLog = `${log.transactionHash}:${log.logIndex}`
      const registration = { registeredAt: timeOf(log), registrationLog }
      facts.push({ place, id: args.agentId, ...storedURI(args.agentURI), ...registration })
    }
  }
  for (const { args, ...log } of parseEventLogs({ abi: agentStakingAbi, logs: of(AgentStaking) })) {
    if ('agentId' in args) facts.push({ place: checkpointOf(log, deployment.chainId), id: args.agentId })
  }
  await addRows(client, 'chain_run_event', events)
  await addRows(client, 'debt', debts)
  await addRows(client, 'agent_fact', facts)
  return events.length
}

/** Ponder's id of a log, which sorts the logs of all chains. */
function checkpointOf(log: ChainLog, chainId: number) {
  const { blockNumber, transactionIndex, logIndex } = log
  const digits = (value: bigint | number, width: number) => value.toString().padStart(width, '0')
  const place = [chainId, blockNumber, transactionIndex].map((value) => digits(value, 16)).join('')
  return `${digits(timeOf(log), 10)}${place}5${digits(logIndex, 16)}`
}

/** The arguments of all the market's events. */
type Arguments = { bountyId: bigint } & Partial<
  Record<'agentId' | 'amount' | 'reward' | 'refund' | 'stake' | 'round' | 'revision', bigint> &
    Record<'deadline' | 'submitBy' | 'reviewBy' | 'namings', bigint> &
    Record<'claimant' | 'poster' | 'wallet' | 'payee' | 'payer' | 'by', Hex> &
    Record<'ipfsHash' | 'deliverableHash' | 'feedbackHash', string> &
    // Revert data of a refused claim, or why a run was rejected.
    Record<'reason', Hex | number>
>

/** The columns from the event's arguments. */
function fieldsOf(name: string, args: Arguments) {
  const hash = args.ipfsHash ?? args.deliverableHash ?? args.feedbackHash
  const by = args.payer ?? args.by
  const address = args.payee ?? args.wallet ?? args.claimant ?? args.poster
  return {
    bountyId: args.bountyId,
    agentId: args.agentId,
    // A claimant of zero is none.
    address: address === zeroAddress ? undefined : address?.toLowerCase(),
    amount: args.amount ?? args.refund ?? args.reward ?? args.stake,
    hash: hash === undefined ? undefined : storedText(hash),
    reason: typeof args.reason === 'string' ? args.reason : undefined,
    dueAt: args.deadline ?? args.submitBy ?? args.reviewBy,
    // A claim counts rounds; a revision request and a delivery count revisions.
    ordinal: name === 'BountyClaimed' ? args.round : (args.revision ?? args.namings),
    round: args.round,
    by: by === zeroAddress ? undefined : by?.toLowerCase(),
    rejection: typeof args.reason === 'number' ? rejections[args.reason] : undefined,
  }
}

function placementOf(log: ChainLog) {
  const { blockNumber, blockHash, logIndex, transactionHash } = log
  return { timestamp: timeOf(log), blockNumber, blockHash, logIndex, transactionHash }
}
