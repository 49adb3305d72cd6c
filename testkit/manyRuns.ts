import { type SQL, sql } from 'drizzle-orm'
import { poster, seedTime } from './rows.ts'

/** The poster of every tenth run and evaluator of every twentieth, and the agent that claimed every seventh. */
export const whale = poster
export const busyAgent = 7n

/**
 * Inserts `count` runs, one per second and the last at `seedTime`: most are approved, the latest are open or claimed, a
 * few of the old ones are open and past their deadline. Rewards run from 0.01 to 1,000 USDC, evenly by magnitude. The
 * same rows each time. The caller fills the bands.
 */
export function manyRuns(count: number): SQL {
  // Knuth's multiplicative hash: evenly spread, and without a generator's state.
  const share = (salt: number) => sql`(((id * 2654435761 + ${salt}::int8) % 1000003)::float8 / 1000003)`
  return sql`
    INSERT INTO run (bounty_id, poster_address, ipfs_hash, reward, fee, deadline, state, claimed_by, claimed_by_wallet,
      stake, deliverable_hash, claimed_at, submitted_at, ended_at, created_at, round,
      work_period, stake_required, evaluator)
    SELECT id, poster, 'ipfs://Qm' || md5(id::text) || 'abcdefghijkl', reward, reward / 20,
      created + 86400 * (1 + id % 30), state,
      CASE WHEN claimed THEN agent END, CASE WHEN claimed THEN '0x' || md5(agent::text) || 'aabbccdd' END,
      CASE WHEN claimed THEN least(reward / 10, 20000000) END,
      CASE WHEN claimed THEN 'ipfs://Qm' || md5('d' || id) || 'abcdefghijkl' END,
      CASE WHEN claimed THEN created + 100 END, CASE WHEN claimed THEN created + 200 END,
      CASE WHEN state IN ('APPROVED', 'REJECTED') THEN created + 300 END, created, claimed::int,
      604800, least(reward / 10, 20000000), CASE WHEN id % 20 = 0 THEN ${whale} END
    FROM (
      SELECT *, state NOT IN ('DRAFT', 'OPEN') AS claimed
      FROM (
        SELECT id, ${seedTime}::int8 - (${count}::int8 - id) AS created,
          (10 ^ (4 + 5 * ${share(1)}))::int8 AS reward,
          CASE WHEN id % 10 = 0 THEN ${whale} ELSE '0x' || md5((id % 5003)::text) || 'aabbccdd' END AS poster,
          CASE WHEN id % 7 = 0 THEN ${busyAgent}::int8 ELSE id % 2003 END AS agent,
          CASE
            WHEN id > 0.7 * ${count}::int8 THEN CASE WHEN ${share(2)} < 0.6 THEN 'OPEN' ELSE 'CLAIMED' END
            WHEN ${share(3)} < 0.05 THEN 'DRAFT' WHEN ${share(4)} < 0.02 THEN 'OPEN'
            WHEN ${share(5)} < 0.05 THEN 'REJECTED' ELSE 'APPROVED'
          END AS state
        FROM generate_series(1, ${count}::int8) AS id
      ) AS dealt
    ) AS run`
}
