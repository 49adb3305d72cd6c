import { and, asc, count, eq, gt, isNotNull, isNull, lte, or, type SQL } from 'drizzle-orm'
import type { Address } from 'viem'
import { agent } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'
import type { Snapshot } from '../index/snapshot.ts'
import { type AgentRow, type AgentStatus, agentColumns, establishedSince, withStatus } from './agents.ts'
import { registration } from './content.ts'

/** A slice of an ordered list. */
export type Page = { limit: number; offset: number }

/** Agents of a status, of an owner, or for which a wallet acts. Those that are absent choose nothing. */
export type AgentFilter = {
  status?: AgentStatus | undefined
  owner?: Address | undefined
  wallet?: Address | undefined
}

/** An agent without a wallet of its own is its owner's to act for. */
const actsFor = (wallet: Address): SQL | undefined =>
  or(eq(agent.agentWallet, wallet), and(isNull(agent.agentWallet), eq(agent.owner, wallet)))

/** The registered agents with the status; an agent that is not registered has no step. */
export function inStatus(status: AgentStatus | undefined, now: bigint): SQL | undefined {
  const isProven = eq(agent.step, 'PROVEN')
  if (status === undefined) return isNotNull(agent.step)
  if (status === 'ESTABLISHED') return and(isProven, lte(agent.stakedAt, establishedSince(now)))
  if (status !== 'PROVISIONAL') return eq(agent.step, status)
  return or(eq(agent.step, status), and(isProven, gt(agent.stakedAt, establishedSince(now))))
}

/** A page of the agents that match, in the order of their ids, and the number of them. */
export async function pageOfAgents(
  tx: Tx,
  block: Snapshot,
  { status, owner, wallet }: AgentFilter,
  { limit, offset }: Page,
): Promise<{ agents: AgentRow[]; total: number }> {
  const where = and(inStatus(status, block.now), owner && eq(agent.owner, owner), wallet && actsFor(wallet))
  const page = tx
    .select({ id: agent.id })
    .from(agent)
    .where(where)
    .orderBy(asc(agent.id))
    .limit(limit)
    .offset(offset)
    .as('page')
  const rows = await tx
    .select(agentColumns)
    .from(page)
    .innerJoin(agent, eq(agent.id, page.id))
    .leftJoin(registration, eq(registration.uri, agent.agentURI))
    .orderBy(asc(agent.id))
  const [counted] = await tx.select({ total: count() }).from(agent).where(where)
  return { agents: rows.map((row) => withStatus(row, block.now)), total: counted?.total ?? 0 }
}
