import { between, getTableColumns, sql } from 'drizzle-orm'
import { agent } from '../../ponder.schema.ts'
import { agentStatus } from '../../src/api/queries/agents.ts'
import { snapshotQuery } from '../../src/api/queries/snapshot.ts'
import type { Audited, Phase } from './audited.ts'
import { differencesOf } from './difference.ts'

/** How many agents are compared in a step. */
const SIZE = 100

/**
 * Compares the agents with registry and staking, and the fields that no view returns with the logs. No contract lists
 * the agents: the ids are those that a log names or that have a row.
 */
export const agents: Phase = {
  name: 'agents',
  first: () => 0n,
  async step(audited, from) {
    const { agents, done, all } = await factsFrom(audited, from)
    const ids = agents.map(({ id }) => BigInt(id))
    const rows = await rowsOf(audited, ids)
    const accounts = await audited.state.agents(ids)
    const differences = agents.flatMap(({ id, ...facts }, place) =>
      differencesOf(
        `agent ${id}`,
        { ...accounts[place], ...formatFacts(facts) },
        rows.get(BigInt(id)) ?? noAgent(BigInt(id)),
      ),
    )
    const last = ids.at(-1)
    const isLast = agents.length < SIZE || last === undefined
    return { differences, compared: rows.size, next: isLast ? undefined : last + 1n, share: isLast ? 1 : done / all }
  },
}

/** What the logs say of an agent. */
type LogFacts = {
  id: string
  agent_uri: string | null
  registered_at: string | null
  registration_log: string | null
  volume: string
}

const formatFacts = ({ agent_uri, registered_at, registration_log, volume }: Omit<LogFacts, 'id'>) => ({
  agentURI: agent_uri,
  registeredAt: registered_at === null ? null : BigInt(registered_at),
  registrationLog: registration_log,
  volume: BigInt(volume),
})

async function factsFrom({ client }: Audited, from: bigint) {
  const { rows } = await client.query<LogFacts>(
    `SELECT known.id::text, agent_uri, registered_at::text, registration_log, coalesce((
       SELECT sum(amount) FROM run_event WHERE name = 'BountyApproved' AND agent_id = known.id
     ), 0)::text AS volume
     FROM (SELECT id FROM logged_agent UNION SELECT id FROM agent) AS known LEFT JOIN logged_agent USING (id)
     WHERE known.id >= $1 ORDER BY known.id LIMIT $2`,
    [from.toString(), SIZE],
  )
  const counted = await client.query<{ all: string; done: string }>(
    `SELECT count(*) AS all, count(*) FILTER (WHERE id < $1) AS done FROM logged_agent`,
    [from.toString()],
  )
  const [count] = counted.rows
  return { agents: rows, done: Number(count?.done) + rows.length, all: Number(count?.all) }
}

const listAgents = snapshotQuery('audited agents', (db, snapshot) => {
  const slice = db
    .select({ ...getTableColumns(agent), status: agentStatus.as('status') })
    .from(agent)
    .where(between(agent.id, sql.placeholder('first'), sql.placeholder('last')))
    .as('agent')
  return db.with(snapshot).select().from(snapshot).leftJoin(slice, sql`true`)
})

type Row = typeof agent.$inferSelect & { status?: string }

/** The agents' rows, with the trust status of registered agents; the index has none for others. */
async function rowsOf({ index }: Audited, ids: readonly bigint[]): Promise<Map<bigint, Row>> {
  const first = ids[0] ?? 0n
  const last = ids.at(-1) ?? 0n
  const { data } = await index.read(listAgents({ first, last }, (_, rows) => rows.flatMap(({ agent }) => agent ?? [])))
  return new Map(data.map((row) => [row.id, row]))
}

/** The values that a missing row stands for. */
const noAgent = (id: bigint): Row => ({
  id,
  owner: null,
  agentWallet: null,
  agentURI: null,
  registeredAt: null,
  registrationLog: null,
  stakedAmount: 0n,
  lockedAmount: 0n,
  stakedAt: 0n,
  completions: 0,
  slashes: 0,
  frozen: false,
  banned: false,
  volume: 0n,
  step: null,
  updatedBlock: 0n,
})
