import type { Address } from 'viem'
import {
  AGENT_BAND_IDS,
  agentSteps,
  DEADLINE_BAND_SECONDS,
  payee,
  RUN_BAND_IDS,
  runStates,
} from '../../ponder.schema.ts'
import type { Audited, Phase } from './audited.ts'
import { type Difference, differencesOf } from './difference.ts'

/** Compares the payees' rows with the sum of the market's logs, and with the market's `owed`. */
export const payees: Phase = {
  name: 'payees',
  first: () => 0n,
  async step({ client, db, state }) {
    const { rows: logged } = await client.query<{ address: Address; owed: string }>(
      'SELECT address, owed::text FROM logged_payee ORDER BY address',
    )
    const rows = new Map((await db.select().from(payee)).map((row) => [row.address as string, row]))
    const addresses = [...new Set([...logged.map(({ address }) => address), ...rows.keys()])] as Address[]
    const owed = await state.owed(addresses)
    const byLogs = new Map(logged.map(({ address, owed }) => [address, { address, owed: BigInt(owed) }]))
    const differences = addresses.flatMap((address, place) => [
      ...differencesOf(`payee ${address}`, byLogs.get(address), rows.get(address)),
      ...differencesOf(`payee ${address} by owed()`, { owed: owed[place] }, { owed: rows.get(address)?.owed }),
    ])
    return { differences, compared: addresses.length, next: undefined, share: 1 }
  },
}

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

/** The days of the market by the timelines: the event before a claim is the one that opened the run. */
const MARKET_DAYS = `
  WITH change AS (
    SELECT bounty_id, name, amount, timestamp, after, lag(after) OVER timeline AS before,
      timestamp - lag(timestamp) OVER timeline AS waited
    FROM (SELECT *, ${STATE_AFTER} AS after FROM run_event WHERE name NOT IN ('ClaimRefused', 'PaymentDeferred')) AS event
    WINDOW timeline AS (PARTITION BY bounty_id ORDER BY id)
  )
  SELECT 'market on ' || date_trunc('day', to_timestamp(timestamp), 'UTC') AT TIME ZONE 'UTC' AS subject,
    ${dailyChanges.join(', ')},
    sum(CASE WHEN name = 'BountyFunded' THEN reward + fee
      WHEN name = 'BountyWithdrawn' OR after IN ('APPROVED', 'REJECTED') THEN -(reward + fee) ELSE 0 END) AS escrowed,
    sum(CASE WHEN name = 'BountyClaimed' THEN amount WHEN name IN ('ClaimSlashed', 'ClaimAbandoned') THEN -amount
      WHEN after IN ('APPROVED', 'REJECTED') THEN -stake ELSE 0 END) AS locked,
    coalesce(sum(amount) FILTER (WHERE after = 'APPROVED'), 0) AS paid,
    count(*) FILTER (WHERE name = 'BountyClaimed') AS claims,
    coalesce(sum(waited) FILTER (WHERE name = 'BountyClaimed'), 0) AS claim_seconds
  FROM change JOIN run USING (bounty_id) GROUP BY 1`

const ID_BAND = `div(bounty_id, ${RUN_BAND_IDS}) * ${RUN_BAND_IDS}`

/**
 * The tables of counts, and the same counts made from the rows that earlier phases compared. These queries compute the
 * bands in another way than the handlers do.
 */
const COUNTS = [
  {
    stored: `SELECT 'runs by ' || sort || ' from ' || lowest AS subject, * FROM market_band`,
    counted: `
      SELECT 'runs by ' || sort || ' from ' || lowest AS subject, ${countsOf('state', runStates)}
      FROM run CROSS JOIN LATERAL (VALUES
        ('createdAt', ${ID_BAND}),
        ('reward', rpad(left(reward::text, 2), length(reward::text), '0')::int8),
        ('deadline', div(deadline, ${DEADLINE_BAND_SECONDS}) * ${DEADLINE_BAND_SECONDS})
      ) AS band (sort, lowest)
      GROUP BY 1`,
  },
  {
    stored: `SELECT 'runs with ' || party || ' from ' || lowest AS subject, * FROM party_band`,
    counted: `
      SELECT 'runs with ' || party || ' from ' || ${ID_BAND} AS subject, ${countsOf('state', runStates)}
      FROM run CROSS JOIN LATERAL (VALUES
        ('poster ' || poster_address), ('evaluator ' || evaluator), ('claimedBy ' || claimed_by)
      ) AS counted (party)
      WHERE party IS NOT NULL GROUP BY 1`,
  },
  {
    stored: `SELECT 'market on ' || to_timestamp(day) AT TIME ZONE 'UTC' AS subject, * FROM market_day`,
    counted: MARKET_DAYS,
  },
  {
    stored: `SELECT 'agents from ' || lowest AS subject, * FROM agent_band`,
    counted: `
      SELECT 'agents from ' || div(id, ${AGENT_BAND_IDS}) * ${AGENT_BAND_IDS} AS subject, ${countsOf('step', agentSteps)},
        sum(staked_amount) AS staked
      FROM agent GROUP BY 1`,
  },
  {
    stored: `SELECT 'proven agents from ' || lowest || ' since ' || day AS subject, agents FROM proven_band`,
    counted: `
      SELECT 'proven agents from ' || div(id, ${AGENT_BAND_IDS}) * ${AGENT_BAND_IDS} || ' since ' ||
        extract(epoch FROM date_trunc('day', to_timestamp(staked_at), 'UTC'))::int8 AS subject, count(*) AS agents
      FROM agent WHERE step = 'PROVEN' GROUP BY 1`,
  },
]

type Band = { subject: string } & Record<string, string>

/** Compares the tables of counts with the runs and agents, which earlier phases have compared with the chain. */
export const bands: Phase = {
  name: 'bands',
  first: () => 0n,
  async step({ client }) {
    const differences: Difference[] = []
    let compared = 0
    for (const { stored, counted } of COUNTS) {
      const rows = await bandsIn(client, stored)
      const expected = await bandsIn(client, counted)
      const subjects = [...new Set([...expected.keys(), ...rows.keys()])].sort()
      for (const subject of subjects)
        differences.push(...differencesOf(subject, expected.get(subject), rows.get(subject)))
      compared += subjects.length
    }
    return { differences, compared, next: undefined, share: 1 }
  },
}

/** The bands by their subject, without those that count nothing: a band that became empty may have a row or none. */
async function bandsIn(client: Audited['client'], statement: string) {
  const { rows } = await client.query<Band>(statement)
  const counts = rows.map(({ subject, sort, party, lowest, day, ...fields }) => {
    const asText = Object.entries(fields).map(([name, value]) => [name, String(value)] as const)
    return [subject, asText] as const
  })
  const counting = counts.filter(([, fields]) => fields.some(([, value]) => value !== '0'))
  return new Map(counting.map(([subject, fields]) => [subject, Object.fromEntries(fields)]))
}
