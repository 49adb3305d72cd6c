import { agentSteps, HOUR_SECONDS, runStates, WIDE_BAND_SECONDS } from '../../ponder.schema.ts'
import type { Audited, Step } from './audited.ts'
import { compareRows } from './chainTables.ts'

const countsOf = (column: string, values: readonly string[]) =>
  values.map((value) => `count(*) FILTER (WHERE ${column} = '${value}') AS ${value.toLowerCase()}`).join(', ')

/** The state of a run after an event that changes it. */
const STATE_AFTER = `
  CASE name
    WHEN 'BountyCreated' THEN 'DRAFT' WHEN 'BountyFunded' THEN 'OPEN' WHEN 'BountyWithdrawn' THEN 'DRAFT'
    WHEN 'BountyClaimed' THEN 'CLAIMED' WHEN 'WorkStarted' THEN 'IN_PROGRESS' WHEN 'WorkSubmitted' THEN 'SUBMITTED'
    WHEN 'RevisionRequested' THEN 'REVISION_REQUESTED' WHEN 'BountyApproved' THEN 'APPROVED'
    WHEN 'BountyRejected' THEN 'REJECTED' WHEN 'ClaimSlashed' THEN 'OPEN' WHEN 'ClaimAbandoned' THEN 'OPEN'
  END`

const dailyChanges = runStates.map(
  (state) =>
    `count(*) FILTER (WHERE after = '${state}') - count(*) FILTER (WHERE before = '${state}') AS ${state.toLowerCase()}`,
)

/** The changes of runs by the timelines, each with the state before it, and how long the run was in that state. */
const WITH_CHANGES = `
  WITH change AS (
    SELECT bounty_id, name, amount, timestamp, after, lag(after) OVER timeline AS before,
      timestamp - lag(timestamp) OVER timeline AS waited
    FROM (SELECT *, ${STATE_AFTER} AS after FROM run_event WHERE name NOT IN ('ClaimRefused', 'PaymentDeferred', 'BountyClosing')) AS event
    WINDOW timeline AS (PARTITION BY bounty_id ORDER BY id)
  )`

/** The days of the market: the event before a claim is the one that opened the run. */
const MARKET_DAYS = `
  ${WITH_CHANGES}
  SELECT 'market on ' || date_trunc('day', to_timestamp(timestamp), 'UTC') AT TIME ZONE 'UTC' AS name,
    ${dailyChanges.join(', ')},
    sum(CASE WHEN name = 'BountyFunded' THEN reward + fee
      WHEN name = 'BountyWithdrawn' OR after IN ('APPROVED', 'REJECTED') THEN -(reward + fee) ELSE 0 END) AS escrowed,
    sum(CASE WHEN name = 'BountyClaimed' THEN amount WHEN name IN ('ClaimSlashed', 'ClaimAbandoned') THEN -amount
      WHEN after IN ('APPROVED', 'REJECTED') THEN -stake ELSE 0 END) AS locked,
    coalesce(sum(amount) FILTER (WHERE after = 'APPROVED'), 0) AS paid,
    count(*) FILTER (WHERE name = 'BountyClaimed') AS claims,
    coalesce(sum(waited) FILTER (WHERE name = 'BountyClaimed'), 0) AS claim_seconds
  FROM change JOIN run USING (bounty_id) GROUP BY 1`

/** The records of the posters: the event before a decision about a delivery is the delivery. */
const POSTER_RECORDS = `
  ${WITH_CHANGES}
  SELECT 'record of ' || poster_address AS name,
    coalesce(sum(reward) FILTER (WHERE after = 'APPROVED'), 0) AS paid,
    coalesce(sum(stake) FILTER (WHERE after = 'REJECTED'), 0) AS burned,
    count(*) FILTER (WHERE before = 'OPEN' AND after = 'DRAFT' AND timestamp > deadline) AS expired,
    count(*) FILTER (WHERE before = 'SUBMITTED') AS reviews,
    coalesce(sum(waited) FILTER (WHERE before = 'SUBMITTED'), 0) AS review_seconds,
    coalesce(max(waited) FILTER (WHERE before = 'SUBMITTED'), 0) AS longest_review
  FROM change JOIN run USING (bounty_id) GROUP BY 1`

/**
 * The tables of counts, and the same counts made from the rows that earlier phases compared. These queries compute
 * bands and days in another way than the handlers do.
 */
const COUNTS = [
  {
    stored: `SELECT 'runs by reward from ' || lowest AS name, * FROM reward_band`,
    counted: `
      SELECT 'runs by reward from ' || rpad(left(reward::text, 2), length(reward::text), '0') AS name,
        ${countsOf('state', runStates)}
      FROM run GROUP BY 1`,
  },
  {
    stored: `SELECT 'runs by deadline, ' || seconds || ' s from ' || lowest AS name, open FROM deadline_band`,
    counted: `
      SELECT 'runs by deadline, ' || seconds || ' s from ' || div(deadline, seconds) * seconds AS name, count(*) AS open
      FROM run CROSS JOIN (VALUES (${HOUR_SECONDS}), (${WIDE_BAND_SECONDS})) AS band (seconds)
      WHERE state = 'OPEN' GROUP BY 1`,
  },
  {
    stored: `SELECT 'runs with ' || party AS name, * FROM party_count`,
    counted: `
      SELECT 'runs with ' || party AS name, ${countsOf('state', runStates)}
      FROM run CROSS JOIN LATERAL (VALUES
        ('poster ' || poster_address), ('evaluator ' || evaluator), ('claimedBy ' || claimed_by)
      ) AS counted (party)
      WHERE party IS NOT NULL GROUP BY 1`,
  },
  {
    stored: `SELECT 'market on ' || to_timestamp(day) AT TIME ZONE 'UTC' AS name, * FROM market_day`,
    counted: MARKET_DAYS,
  },
  {
    stored: `
      SELECT 'record of ' || address AS name, paid, burned, expired, reviews, review_seconds, longest_review
      FROM poster_record`,
    counted: POSTER_RECORDS,
  },
  {
    stored: `SELECT 'agents' AS name, * FROM agent_count`,
    counted: `SELECT 'agents' AS name, ${countsOf('step', agentSteps)}, sum(staked_amount) AS staked FROM agent`,
  },
  {
    stored: `SELECT 'proven agents since ' || day AS name, agents FROM proven_day`,
    counted: `
      SELECT 'proven agents since ' || extract(epoch FROM date_trunc('day', to_timestamp(staked_at), 'UTC'))::int8 AS name,
        count(*) AS agents
      FROM agent WHERE step = 'PROVEN' GROUP BY 1`,
  },
]

/** The rows that count something: one that became empty may exist or not. */
const nonEmpty = (rows: string) => `(
  SELECT * FROM (${rows}) AS counts WHERE EXISTS (
    SELECT FROM jsonb_each_text(to_jsonb(counts) - ARRAY['name', 'party', 'lowest', 'day', 'chain_id'])
    WHERE value <> '0'
  ))`

/** Compares the tables of counts with the runs and agents, which earlier phases have compared with the chain. */
export async function compareCounts({ client }: Audited): Promise<Step> {
  let compared = 0
  for (const { stored, counted } of COUNTS) {
    const table = nonEmpty(stored)
    await compareRows(client, { chain: nonEmpty(counted), table, key: 'name', subject: 'name' })
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table} AS stored`)
    compared += Number(rows[0]?.count)
  }
  return { compared, next: undefined, share: 1 }
}
