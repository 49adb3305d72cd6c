import { type SQL, sql } from 'drizzle-orm'
import { seedTime, wallet } from './rows.ts'

/**
 * Inserts `count` agents, registered one by one until `seedTime`, as a market may have after two years. Most
 * have a stake, every tenth of those since the last 60 days; about a third have the completions that ESTABLISHED needs;
 * few are frozen or banned. The same rows each time. The caller fills steps and counts.
 */
export function manyAgents(count: number): SQL {
  // Knuth's multiplicative hash: evenly spread, and without a generator's state.
  const share = (salt: number) => sql`(((id * 2654435761 + ${salt}::int8) % 1000003)::float8 / 1000003)`
  const owner = wallet.toLowerCase()
  return sql`
    INSERT INTO agent (id, owner, agent_wallet, agent_uri, registered_at, staked_amount, staked_at, completions, slashes,
      locked_amount, volume, frozen, banned)
    SELECT id, ${owner}, ${owner}, 'ipfs://Qm' || md5(id::text) || 'abcdefghijkl', registered_at,
      CASE WHEN is_staked THEN 20000000 + id ELSE 0 END,
      CASE
        WHEN NOT is_staked OR frozen THEN 0
        WHEN ${share(1)} < 0.1 THEN ${seedTime}::int8 - (60 * 86400 * ${share(2)})::int8
        ELSE registered_at
      END,
      CASE WHEN is_staked THEN id % 15 / 2 ELSE 0 END, frozen::int, 0, 0, frozen, ${share(3)} < 0.001
    FROM (
      SELECT id, ${seedTime}::int8 - (730 * 86400 * (1 - id / ${count}::float8))::int8 AS registered_at,
        ${share(4)} < 0.85 AS is_staked, ${share(5)} < 0.01 AS frozen
      FROM generate_series(1, ${count}::int8) AS id
    ) AS agent`
}
