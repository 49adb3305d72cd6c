import {
  and,
  asc,
  count,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Address, Hex } from 'viem'
import { ESTABLISHED_AFTER } from '../../../core/market/constants.ts'
import { agent, agentSteps, marketDay, recordOf } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { registration } from './content.ts'

/** The trust ladder: AgentStaking.Status, in its order. */
export const agentStatuses = ['UNVERIFIED', 'PROVISIONAL', 'ESTABLISHED', 'FROZEN', 'BANNED'] as const

export type AgentStatus = (typeof agentStatuses)[number]

/** A PROVEN agent is ESTABLISHED if its `stakedAt` is at or before this second. */
const establishedSince = (now: bigint): bigint => now - BigInt(ESTABLISHED_AFTER)

/** AgentStaking.statusOf for the row of a registered agent. */
export function statusOf({ step, stakedAt }: Pick<StoredAgentRow, 'step' | 'stakedAt'>, now: bigint): AgentStatus {
  if (step !== 'PROVEN') return step ?? 'UNVERIFIED'
  return stakedAt <= establishedSince(now) ? 'ESTABLISHED' : 'PROVISIONAL'
}

/** A row without an owner is not an agent: a ban may name any id, and a foreign registry may burn a token. */
export const isRegistered: SQL = isNotNull(agent.owner)

const { name, description } = registration

const agentColumns = { ...getTableColumns(agent), name, description }

/** Agents, each with what its registration file says. */
export const selectAgents = (tx: Tx) =>
  tx.select(agentColumns).from(agent).leftJoin(registration, eq(registration.uri, agent.agentURI))

/** A row of `selectAgents`. */
export type StoredAgentRow = typeof agent.$inferSelect & Record<'name' | 'description', string | null>

export type AgentRow = StoredAgentRow & { owner: Hex; status: AgentStatus }

/** @throws if the agent is not registered: the query must have left it out. */
export function withStatus(row: StoredAgentRow, now: bigint): AgentRow {
  const { owner } = row
  if (owner === null) throw new Error(`Agent ${row.id} has no owner`)
  return { ...row, owner, status: statusOf(row, now) }
}

/** Reads the agents with these ids, in their order; null if an id has no agent. */
export async function agentsById(tx: Tx, now: bigint, agentIds: readonly bigint[]): Promise<(AgentRow | null)[]> {
  const rows = await selectAgents(tx).where(and(inArray(agent.id, [...agentIds]), isRegistered))
  const found = new Map(rows.map((row) => [row.id, withStatus(row, now)]))
  return agentIds.map((id) => found.get(id) ?? null)
}

/** Reads an agent; null if there is none with this id. */
export async function agentById(tx: Tx, now: bigint, agentId: bigint): Promise<AgentRow | null> {
  return (await agentsById(tx, now, [agentId]))[0] ?? null
}

/** A slice of an ordered list. */
export type Page = { limit: number; offset: number }

/** Agents of a status, with or without a stake of any size, of an owner, or for which a wallet acts. Those that are absent choose nothing. */
export type AgentFilter = {
  status?: AgentStatus | undefined
  staked?: boolean | undefined
  owner?: Address | undefined
  wallet?: Address | undefined
}

/** An agent without a wallet of its own is its owner's to act for. */
const actsFor = (wallet: Address): SQL | undefined =>
  or(eq(agent.agentWallet, wallet), and(isNull(agent.agentWallet), eq(agent.owner, wallet)))

/** A literal, because PostgreSQL uses a partial index only where the text of the statement implies its condition. */
const isStaked = (staked: boolean): SQL => (staked ? sql`${agent.stakedAmount} > 0` : sql`${agent.stakedAmount} = 0`)

/** The registered agents with the status; an agent that is not registered has no step. */
function inStatus(status: AgentStatus | undefined, now: bigint): SQL | undefined {
  const isProven = eq(agent.step, 'PROVEN')
  if (status === undefined) return isNotNull(agent.step)
  if (status === 'ESTABLISHED') return and(isProven, lte(agent.stakedAt, establishedSince(now)))
  if (status !== 'PROVISIONAL') return eq(agent.step, status)
  return or(eq(agent.step, status), and(isProven, gt(agent.stakedAt, establishedSince(now))))
}

/**
 * How many agents have each status. A shared registry has hundreds of thousands, so the handlers count them by step; time alone
 * makes PROVEN agents ESTABLISHED, and those are few.
 */
export async function countAgents(tx: Tx, now: bigint): Promise<Record<AgentStatus, number>> {
  const [steps] = await tx
    .select(recordOf(agentSteps, (step) => sql`coalesce(sum(${marketDay[step]}), 0)`.mapWith(Number)))
    .from(marketDay)
  if (!steps) throw new Error('PostgreSQL answered no row for a total')
  const { UNVERIFIED, PROVISIONAL, PROVEN, FROZEN, BANNED } = steps
  const ESTABLISHED = await countWhere(tx, inStatus('ESTABLISHED', now))
  return { UNVERIFIED, PROVISIONAL: PROVISIONAL + PROVEN - ESTABLISHED, ESTABLISHED, FROZEN, BANNED }
}

async function countWhere(tx: Tx, where: SQL | undefined): Promise<number> {
  const [counted] = await tx.select({ total: count() }).from(agent).where(where)
  return counted?.total ?? 0
}

const conditionOf = ({ status, staked, owner, wallet }: AgentFilter, now: bigint) =>
  and(
    inStatus(status, now),
    staked === undefined ? undefined : isStaked(staked),
    owner && eq(agent.owner, owner),
    wallet && actsFor(wallet),
  )

/** How many agents match. Those of an account and those with a stake are few, and are counted one by one. */
async function countMatching(tx: Tx, now: bigint, filter: AgentFilter): Promise<number> {
  const { status, staked, owner, wallet } = filter
  if (staked || owner || wallet) return countWhere(tx, conditionOf(filter, now))
  const counts = await countAgents(tx, now)
  const all = status ? counts[status] : Object.values(counts).reduce((sum, each) => sum + each, 0)
  return staked === undefined ? all : all - (await countWhere(tx, conditionOf({ status, staked: true }, now)))
}

/** A page of the agents that match, in the order of their ids, and the number of them. */
export async function pageOfAgents(
  tx: Tx,
  block: Snapshot,
  filter: AgentFilter,
  { limit, offset }: Page,
): Promise<{ agents: AgentRow[]; total: number }> {
  const page = tx
    .select({ id: agent.id })
    .from(agent)
    .where(conditionOf(filter, block.now))
    .orderBy(asc(agent.id))
    .limit(limit)
    .offset(offset)
    .as('page')
  const rows = await selectAgents(tx).innerJoin(page, eq(page.id, agent.id)).orderBy(asc(agent.id))
  const total = await countMatching(tx, block.now, filter)
  return { agents: rows.map((row) => withStatus(row, block.now)), total }
}
