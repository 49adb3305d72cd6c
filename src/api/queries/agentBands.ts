import { sql } from 'drizzle-orm'
import { AGENT_BAND_IDS, agent, agentBand, DAY_SECONDS, provenBand, recordOf } from '../../../ponder.schema.ts'
import { agentStatuses, establishedSince } from './agents.ts'
import type { Database } from './snapshot.ts'

const BAND_IDS = sql.raw(String(AGENT_BAND_IDS))
const DAY = sql.raw(String(DAY_SECONDS))

const columns = recordOf(['lowest', ...agentStatuses, 'staked'], (name) => sql`${sql.identifier(name)}`.as(name))

/**
 * The CTE `band`: for each band, how many agents have each status at the snapshot's `now`. A band may have several
 * rows; sum them.
 *
 * The indexer counts agents by step. A PROVEN agent is PROVISIONAL for 30 days, then ESTABLISHED. `proven_band` counts
 * the PROVEN agents of each day; only agents of the first of these 30 days are counted one by one.
 * @param splitsProven Whether to tell PROVISIONAL and ESTABLISHED apart. If false, all PROVEN agents count as
 * ESTABLISHED.
 */
export function agentBands(db: Database, splitsProven = true) {
  const counted = sql`
    select ${agentBand.lowest} as "lowest", ${agentBand.UNVERIFIED} as "UNVERIFIED", ${agentBand.PROVISIONAL} as "PROVISIONAL",
      ${agentBand.PROVEN} as "ESTABLISHED", ${agentBand.FROZEN} as "FROZEN", ${agentBand.BANNED} as "BANNED", ${agentBand.staked} as "staked"
    from ${agentBand}`
  if (!splitsProven) return db.$with('band', columns).as(counted)

  const nextDay = sql`((${establishedSince} / ${DAY} + 1) * ${DAY})`
  return db.$with('band', columns).as(sql`
    ${counted}
    union all
    select ${provenBand.lowest}, 0, ${provenBand.agents}, -${provenBand.agents}, 0, 0, 0
    from ${provenBand} where ${provenBand.day} >= ${nextDay}
    union all
    select ${agent.id} - ${agent.id} % ${BAND_IDS}, 0, 1, -1, 0, 0, 0
    from ${agent} where ${agent.step} = 'PROVEN' and ${agent.stakedAt} > ${establishedSince} and ${agent.stakedAt} < ${nextDay}`)
}
