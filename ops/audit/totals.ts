import type { Address } from 'viem'
import { agentSteps, runStates } from '../../ponder.schema.ts'
import type { Audited, Step } from './audited.ts'
import { compareRows } from './chainTables.ts'

/** The state of a run after an event that changes it. */
const STATE_AFTER = `
  CASE name
    WHEN 'BountyCreated' THEN 'DRAFT' WHEN 'BountyFunded' THEN 'OPEN' WHEN 'BountyWithdrawn' THEN 'DRAFT'
    WHEN 'BountyClaimed' THEN 'CLAIMED' WHEN 'WorkStarted' THEN 'IN_PROGRESS' WHEN 'WorkSubmitted' THEN 'SUBMITTED'
    WHEN 'RevisionRequested' THEN 'REVISION_REQUESTED' WHEN 'BountyApproved' THEN 'APPROVED'
    WHEN 'BountyRejected' THEN 'REJECTED' WHEN 'ClaimSlashed' THEN 'OPEN' WHEN 'ClaimAbandoned' THEN 'OPEN'
  END`

const stateChanges = runStates.map(
  (state) =>
    `count(*) FILTER (WHERE after = '${state}') - count(*) FILTER (WHERE before = '${state}') AS ${state.toLowerCase()}`,
)

/** The changes of runs by the timelines, each with the state before it, and how long the run was in that state. */
const WITH_CHANGES = `
  WITH change AS (
    SELECT bounty_id, name, amount, timestamp, after, lag(after) OVER timeline AS before,
      timestamp - lag(timestamp) OVER timeline AS waited, id, by, lead(id) OVER timeline IS NULL AS is_last,
      count(*) FILTER (WHERE name = 'BountyFunded') OVER timeline AS fundings
    FROM (SELECT *, ${STATE_AFTER} AS after FROM run_event WHERE name NOT IN ('ClaimRefused', 'PaymentDeferred', 'BountyClosing', 'ClaimantNamed')) AS event
    WINDOW timeline AS (PARTITION BY bounty_id ORDER BY id)
  )`

/** The days of the market: the event before a claim is the one that opened the run. */
const MARKET_DAYS = `
  ${WITH_CHANGES}
  SELECT 'market on ' || date_trunc('day', to_timestamp(timestamp), 'UTC') AT TIME ZONE 'UTC' AS name,
    ${stateChanges.join(', ')},
    sum(CASE WHEN name = 'BountyFunded' THEN reward + fee
      WHEN name = 'BountyWithdrawn' OR after IN ('APPROVED', 'REJECTED') THEN -(reward + fee) ELSE 0 END) AS escrowed,
    sum(CASE WHEN name = 'BountyClaimed' THEN amount WHEN name IN ('ClaimSlashed', 'ClaimAbandoned') THEN -amount
      WHEN after IN ('APPROVED', 'REJECTED') THEN -stake ELSE 0 END) AS locked,
    coalesce(sum(amount) FILTER (WHERE after = 'APPROVED'), 0) AS paid,
    count(*) FILTER (WHERE name = 'BountyClaimed') AS claims,
    coalesce(sum(waited) FILTER (WHERE name = 'BountyClaimed'), 0) AS claim_seconds
  FROM change JOIN run USING (bounty_id) GROUP BY 1`

const dayColumns = [...runStates, 'escrowed', 'locked', 'paid', 'claims', 'claim_seconds'].join(', ')

/** The agents of all days: no row says when an agent came to its step, so that the days are not compared one by one. */
const AGENTS_OF_DAYS = `
  SELECT 'agents' AS name, ${agentSteps.map((step) => `sum(${step}) AS ${step.toLowerCase()}`).join(', ')},
    sum(staked) AS staked, sum(fees_paid) AS fees_paid
  FROM market_day`

const AGENTS = `
  SELECT 'agents' AS name,
    ${agentSteps.map((step) => `count(*) FILTER (WHERE step = '${step}') AS ${step.toLowerCase()}`).join(', ')},
    sum(staked_amount) AS staked, sum(fees_paid) AS fees_paid
  FROM agent`

/**
 * The records of the posters: the event before a decision about a delivery is the delivery. A change is the poster's own
 * unless another account paid the last funding before it.
 */
const posterRecords = (signedFunding: Address) => `
  ${WITH_CHANGES},
  paid_change AS (
    SELECT *, first_value(by) OVER (PARTITION BY bounty_id, fundings ORDER BY id) AS payer_then FROM change),
  owned_change AS (
    SELECT *, payer_then IS NULL OR payer_then IN (lower(poster_address), '${signedFunding.toLowerCase()}') AS own
    FROM paid_change JOIN run USING (bounty_id))
  SELECT 'record of ' || poster_address AS name,
    ${runStates.map((state) => `count(*) FILTER (WHERE own AND is_last AND after = '${state}') AS ${state.toLowerCase()}`).join(', ')},
    count(*) FILTER (WHERE NOT own AND is_last) AS paid_by_others,
    coalesce(sum(reward) FILTER (WHERE own AND after = 'APPROVED'), 0) AS paid,
    coalesce(sum(stake) FILTER (WHERE own AND after = 'REJECTED'), 0) AS burned,
    count(*) FILTER (WHERE own AND before = 'OPEN' AND after = 'DRAFT' AND timestamp > deadline) AS expired,
    count(*) FILTER (WHERE own AND before = 'SUBMITTED') AS reviews,
    coalesce(sum(waited) FILTER (WHERE own AND before = 'SUBMITTED'), 0) AS review_seconds,
    coalesce(max(waited) FILTER (WHERE own AND before = 'SUBMITTED'), 0) AS longest_review
  FROM owned_change GROUP BY 1`

/**
 * The tables of counts, and the same counts made from the rows that earlier phases compared. These queries compute
 * days and records in another way than the handlers do.
 */
const countsIn = (signedFunding: Address) => [
  {
    stored: `SELECT 'market on ' || to_timestamp(day) AT TIME ZONE 'UTC' AS name, ${dayColumns} FROM market_day`,
    counted: MARKET_DAYS,
  },
  { stored: AGENTS_OF_DAYS, counted: AGENTS },
  {
    stored: `SELECT 'record of ' || address AS name, * FROM poster`,
    counted: posterRecords(signedFunding),
  },
]

/** The rows that count something: one that became empty may exist or not. */
const nonEmpty = (rows: string) => `(
  SELECT * FROM (${rows}) AS counts WHERE EXISTS (
    SELECT FROM jsonb_each_text(to_jsonb(counts) - ARRAY['name', 'address', 'day'])
    WHERE value <> '0'
  ))`

/** Compares the tables of counts with the runs and agents, which earlier phases have compared with the chain. */
export async function compareCounts({ client, deployment }: Audited): Promise<Step> {
  let compared = 0
  for (const { stored, counted } of countsIn(deployment.contracts.SignedFunding)) {
    const table = nonEmpty(stored)
    await compareRows(client, { chain: nonEmpty(counted), table, key: 'name', subject: 'name' })
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table} AS stored`)
    compared += Number(rows[0]?.count)
  }
  return { compared, next: undefined, share: 1 }
}
