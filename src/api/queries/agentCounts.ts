import { sql } from 'drizzle-orm'
import { agent, agentCount, DAY_SECONDS, provenDay, recordOf } from '../../../ponder.schema.ts'
import { agentStatuses, establishedSince } from './agents.ts'
import type { Database } from './snapshot.ts'

const columns = recordOf([...agentStatuses, 'staked'], (name) => sql`${sql.identifier(name)}`.as(name))

const DAY = sql.raw(String(DAY_SECONDS))

/** The end of the day on which an agent that becomes ESTABLISHED now has staked. */
const nextDay = sql`((${establishedSince} / ${DAY} + 1) * ${DAY})`

/**
 * The CTE `counted`: one row with the number of agents of each status at the snapshot's `now`.
 *
 * The indexer counts agents by step. A PROVEN agent is PROVISIONAL for 30 days, then ESTABLISHED. `proven_day` counts
 * the PROVEN agents of each day; only agents of the first of these 30 days are counted one by one. A sum, because
 * `agent_count` has no row while there is no agent. `offset 0` makes PostgreSQL count once.
 */
export const agentCounts = (db: Database) =>
  db.$with('counted', columns).as(sql`
    select coalesce(sum(${agentCount.UNVERIFIED}), 0) as "UNVERIFIED",
      coalesce(sum(${agentCount.PROVISIONAL} + "young"), 0) as "PROVISIONAL",
      coalesce(sum(${agentCount.PROVEN} - "young"), 0) as "ESTABLISHED",
      coalesce(sum(${agentCount.FROZEN}), 0) as "FROZEN", coalesce(sum(${agentCount.BANNED}), 0) as "BANNED",
      coalesce(sum(${agentCount.staked}), 0) as "staked"
    from ${agentCount} cross join (
      select (select coalesce(sum(${provenDay.agents}), 0) from ${provenDay} where ${provenDay.day} >= ${nextDay})
        + (select count(*) from ${agent} where ${agent.step} = 'PROVEN' and ${agent.stakedAt} > ${establishedSince}
          and ${agent.stakedAt} < ${nextDay}) as "young" offset 0
    ) as "proven"`)
