import type { Address } from 'viem'
import { BURN, ESTABLISHED_AFTER } from '../../core/market/constants.ts'
import type { Audited, Step } from './audited.ts'
import { addRows, compareRows } from './chainTables.ts'

/** How many runs or agents a step reads. */
const SIZE = 100n

/**
 * The fields of a run that no view returns, by its timeline. Those of a claim are null once it is slashed or abandoned.
 * `later_changes` is how many claims began or ended in this way after the event: none for events of the current claim.
 */
const ADD_HISTORY = `
  UPDATE chain_run SET
    ipfs_hash = past.ipfs_hash, created_at = past.created_at, opened_at = past.opened_at, claimed_at = past.claimed_at,
    deliverable_hash = past.deliverable_hash, submitted_at = past.submitted_at, feedback_hash = past.feedback_hash,
    ended_at = past.ended_at, payer = past.payer
  FROM (
    SELECT bounty_id,
      max(hash) FILTER (WHERE name = 'BountyCreated') AS ipfs_hash,
      max(timestamp) FILTER (WHERE name = 'BountyCreated') AS created_at,
      max(timestamp) FILTER (WHERE name IN ('BountyFunded', 'ClaimSlashed', 'ClaimAbandoned')) AS opened_at,
      max(timestamp) FILTER (WHERE name = 'BountyClaimed' AND later_changes = 0) AS claimed_at,
      max(timestamp) FILTER (WHERE name = 'WorkSubmitted' AND later_changes = 0) AS submitted_at,
      (array_agg(hash ORDER BY id DESC) FILTER (WHERE name = 'WorkSubmitted' AND later_changes = 0))[1] AS deliverable_hash,
      (array_agg(hash ORDER BY id DESC) FILTER (WHERE name = 'RevisionRequested' AND later_changes = 0))[1] AS feedback_hash,
      max(timestamp) FILTER (WHERE name IN ('BountyApproved', 'BountyRejected')) AS ended_at,
      (array_agg(by ORDER BY id DESC) FILTER (WHERE name = 'BountyFunded'))[1] AS payer
    FROM (
      SELECT *, count(*) FILTER (WHERE name IN ('BountyClaimed', 'ClaimSlashed', 'ClaimAbandoned')) OVER (
        PARTITION BY bounty_id ORDER BY id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
      ) AS later_changes
      FROM chain_run_event WHERE name <> 'ClaimRefused'
    ) AS event
    GROUP BY bounty_id
  ) AS past
  WHERE chain_run.bounty_id = past.bounty_id`

/** Compares the runs with `getBounty`, and the fields that no view returns with the logs. */
export async function compareRuns({ client, state }: Audited, from: bigint): Promise<Step> {
  const count = await state.bountyCount()
  const last = from + SIZE < count ? from + SIZE : count
  const ids = Array.from({ length: Number(last - from) }, (_, index) => from + BigInt(index) + 1n)
  await addRows(client, 'chain_run', await state.runs(ids))
  if (last < count) return { compared: ids.length, next: last, share: Number(last) / Number(count) }
  await client.query(ADD_HISTORY)
  await compareRows(client, { chain: 'chain_run', table: 'run', key: 'bounty_id', subject: `'run ' || bounty_id` })
  return { compared: ids.length, next: undefined, share: 1 }
}

/** The fields of an agent that no view returns. */
const ADD_FACTS = `
  UPDATE chain_agent SET
    agent_uri = fact.agent_uri, agent_uri_truncated = coalesce(fact.agent_uri_truncated, false),
    registered_at = fact.registered_at, registration_log = fact.registration_log, updated_block = fact.updated_block,
    volume = coalesce((
      SELECT sum(amount) FROM chain_run_event WHERE name = 'BountyApproved' AND agent_id = chain_agent.id
    ), 0),
    fees_paid = coalesce((
      SELECT sum(fee) FROM chain_run JOIN chain_run_event AS event USING (bounty_id)
      WHERE event.name = 'BountyApproved' AND event.by IS NOT NULL AND event.agent_id = chain_agent.id
    ), 0)
  FROM (
    SELECT id, substring(max(place) FROM 27 FOR 16)::int8 AS updated_block,
      (array_agg(agent_uri ORDER BY place DESC) FILTER (WHERE agent_uri IS NOT NULL))[1] AS agent_uri,
      (array_agg(agent_uri_truncated ORDER BY place DESC) FILTER (WHERE agent_uri IS NOT NULL))[1] AS agent_uri_truncated,
      (array_agg(registered_at ORDER BY place DESC) FILTER (WHERE registered_at IS NOT NULL))[1] AS registered_at,
      (array_agg(registration_log ORDER BY place DESC) FILTER (WHERE registration_log IS NOT NULL))[1] AS registration_log
    FROM agent_fact GROUP BY id
  ) AS fact
  WHERE chain_agent.id = fact.id`

/** The agents with their status at the time of the copied block. An unregistered one has none. */
const AGENTS_WITH_STATUS = `(
  SELECT *, CASE
    WHEN step <> 'PROVEN' THEN step
    WHEN step = 'PROVEN' AND staked_at <= (SELECT timestamp FROM head) - ${ESTABLISHED_AFTER} THEN 'ESTABLISHED'
    WHEN step = 'PROVEN' THEN 'PROVISIONAL'
  END AS status
  FROM agent
)`

/**
 * Compares the agents with registry and staking, and the fields that no view returns with the logs. No contract lists
 * the agents: their ids are those that a log names.
 */
export async function compareAgents({ client, state }: Audited, from: bigint): Promise<Step> {
  const { rows } = await client.query<{ id: string; greatest: string }>(
    `SELECT DISTINCT id, (SELECT max(id) FROM agent_fact) AS greatest FROM agent_fact
     WHERE id >= $1 ORDER BY id LIMIT ${SIZE}`,
    [from.toString()],
  )
  await addRows(client, 'chain_agent', await state.agents(rows.map(({ id }) => BigInt(id))))
  const last = rows.at(-1)
  if (last && last.id !== last.greatest) {
    return { compared: rows.length, next: BigInt(last.id) + 1n, share: Number(last.id) / Number(last.greatest) }
  }
  await client.query(ADD_FACTS)
  await compareRows(client, { chain: 'chain_agent', table: AGENTS_WITH_STATUS, key: 'id', subject: `'agent ' || id` })
  return { compared: rows.length, next: undefined, share: 1 }
}

/**
 * What was deferred since the payee last collected: a collection pays all, and the treasury's also its fees. The staking
 * contract still holds a part of what was to be burned.
 */
const deferred = (unburned: bigint) => `(
  SELECT address, owed, owed - total AS fees_collected, CASE address WHEN '${BURN}' THEN ${unburned} ELSE 0 END AS unburned
  FROM (
    SELECT address, sum(change) AS total,
      coalesce(sum(change) FILTER (WHERE change > 0 AND place > coalesce(collected, '')), 0) AS owed
    FROM (
      SELECT *, max(place) FILTER (WHERE change < 0) OVER (PARTITION BY address) AS collected FROM debt
    ) AS debt
    GROUP BY address
  ) AS sums
)`

/** The treasury is owed the fee of each run that a party approved. It has no row in `debt` before its first collection. */
const ADD_FEES = `
  INSERT INTO debt (place, address, change) SELECT '', $1, coalesce(sum(fee), 0)
  FROM chain_run JOIN chain_run_event AS event USING (bounty_id) WHERE event.name = 'BountyApproved' AND event.by IS NOT NULL`

/**
 * Compares the payees with what the market's logs say was deferred and not collected, and the sum of the logs and fees
 * with the market's `owed`.
 */
export async function comparePayees({ client, state }: Audited): Promise<Step> {
  const chain = deferred(await state.unburned())
  await compareRows(client, { chain, table: 'payee', key: 'address', subject: `'payee ' || address` })
  await client.query(ADD_FEES, [await state.treasury()])
  const { rows } = await client.query<{ address: Address }>('SELECT DISTINCT address FROM debt')
  await addRows(client, 'chain_payee', await state.payees(rows.map(({ address }) => address)))
  await compareRows(client, {
    chain: 'chain_payee',
    table: '(SELECT address, sum(change) AS owed FROM debt GROUP BY address)',
    key: 'address',
    subject: `'payee ' || address || ' by logs'`,
  })
  return { compared: rows.length, next: undefined, share: 1 }
}
