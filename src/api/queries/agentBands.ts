import { sql } from 'drizzle-orm'
import { AGENT_BAND_IDS, agent, agentBand, DAY_SECONDS, provenBand } from '../../../ponder.schema.ts'
import { establishedSince } from './agents.ts'
import type { Database } from './snapshot.ts'

const BAND_IDS = sql.raw(String(AGENT_BAND_IDS))
const DAY = sql.raw(String(DAY_SECONDS))

const columns = {
  lowest: sql`"lowest"`.as('lowest'),
  UNVERIFIED: sql`"unverified"`.as('unverified'),
  PROVISIONAL: sql`"provisional"`.as('provisional'),
  ESTABLISHED: sql`"established"`.as('established'),
  FROZEN: sql`"frozen"`.as('frozen'),
  BANNED: sql`"banned"`.as('banned'),
  staked: sql`"staked"`.as('staked'),
}

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
    select ${agentBand.lowest} as "lowest", ${agentBand.UNVERIFIED} as "unverified", ${agentBand.PROVISIONAL} as "provisional",
      ${agentBand.PROVEN} as "established", ${agentBand.FROZEN} as "frozen", ${agentBand.BANNED} as "banned", ${agentBand.staked} as "staked"
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
