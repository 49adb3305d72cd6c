import { between, getTableColumns, sql } from 'drizzle-orm'
import { agent } from '../../ponder.schema.ts'
import { agentStatus } from '../../src/api/queries/agents.ts'
import { snapshotQuery } from '../../src/api/queries/snapshot.ts'
import type { Audited, Phase } from './audited.ts'
import { differencesOf } from './difference.ts'

/** How many agents are compared in a step. */
const SIZE = 100

/**
 * Compares the agents with registry and staking, and what no view tells of them with the logs. No contract lists the
 * agents: the ids are those that a log names or that have a row.
 */
export const agents: Phase = {
  name: 'agents',
  first: () => 0n,
  async step(audited, from) {
    const { told, done, all } = await toldFrom(audited, from)
    const ids = told.map(({ id }) => BigInt(id))
    const rows = await rowsOf(audited, ids)
    const accounts = await audited.state.agents(ids)
    const differences = told.flatMap(({ id, ...logs }, place) =>
      differencesOf(
        `agent ${id}`,
        { ...accounts[place], ...formatTold(logs) },
        rows.get(BigInt(id)) ?? noAgent(BigInt(id)),
      ),
    )
    const last = ids.at(-1)
    const isLast = told.length < SIZE || last === undefined
    return { differences, compared: rows.size, next: isLast ? undefined : last + 1n, share: isLast ? 1 : done / all }
  },
}

type Told = {
  id: string
  agent_uri: string | null
  registered_at: string | null
  registration_log: string | null
  volume: string
}

const formatTold = ({ agent_uri, registered_at, registration_log, volume }: Omit<Told, 'id'>) => ({
  agentURI: agent_uri,
  registeredAt: registered_at === null ? null : BigInt(registered_at),
  registrationLog: registration_log,
  volume: BigInt(volume),
})

async function toldFrom({ client }: Audited, from: bigint) {
  const { rows } = await client.query<Told>(
    `SELECT known.id::text, agent_uri, registered_at::text, registration_log, coalesce((
       SELECT sum(amount) FROM run_event WHERE name = 'BountyApproved' AND agent_id = known.id
     ), 0)::text AS volume
     FROM (SELECT id FROM told_agent UNION SELECT id FROM agent) AS known LEFT JOIN told_agent USING (id)
     WHERE known.id >= $1 ORDER BY known.id LIMIT $2`,
    [from.toString(), SIZE],
  )
  const counted = await client.query<{ all: string; done: string }>(
    `SELECT count(*) AS all, count(*) FILTER (WHERE id < $1) AS done FROM told_agent`,
    [from.toString()],
  )
  const [count] = counted.rows
  return { told: rows, done: Number(count?.done) + rows.length, all: Number(count?.all) }
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

/** The agents' rows with their place on the ladder, which is told of registered agents only. */
async function rowsOf({ index }: Audited, ids: readonly bigint[]): Promise<Map<bigint, Row>> {
  const [first = 0n, last = 0n] = [ids[0], ids.at(-1)]
  const { data } = await index.read(listAgents({ first, last }, (_, rows) => rows.flatMap(({ agent }) => agent ?? [])))
  return new Map(data.map((row) => [row.id, row]))
}

/** What a table says of an agent by having no row of it. */
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
})
