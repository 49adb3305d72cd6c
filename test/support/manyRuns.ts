import { type SQL, sql } from 'drizzle-orm'
import { poster, seedTime } from './rows.ts'

/** The poster of half of all runs, evaluator of every twentieth and claimant of every fiftieth, and the agent that claimed every seventh. */
export const whale = poster
export const busyAgent = 7n

/** Runs are created evenly over this time, so that a larger market has more of them a day. */
const MARKET_AGE_SECONDS = 60 * 86_400

/**
 * Inserts `count` runs, from the id `first`, of a market at the time `now`, in seconds. Deadlines are one to thirty days after creation. Of
 * the runs whose deadline is ahead, most are open or in work. The others have ended, but for a few that are still open.
 * Rewards run from 0.01 to 1,000 USDC, evenly by magnitude. Posters have from one run to half of all, and agents
 * likewise. The same rows each time. The caller fills the counts.
 */
export function manyRuns(count: number, now = seedTime, first = 1): SQL {
  const last = first + count - 1
  /** From 0 to 1, evenly spread. Shares with different salts are independent. */
  const share = (salt: number) => sql`((hashint8extended(id, ${salt}::int8) & 1073741823)::float8 / 1073741824)`
  /** Numbers from 1 to `count`, evenly by magnitude. */
  const byMagnitude = (count: number, salt: number) => sql`(${count}::float8 ^ ${share(salt)})::int8`
  return sql`
    INSERT INTO run (bounty_id, poster_address, ipfs_hash, reward, fee, deadline, state, claimed_by, claimed_by_wallet,
      stake, deliverable_hash, claimed_at, submitted_at, ended_at, created_at, round,
      work_period, stake_required, evaluator, claimant)
    SELECT id, poster, 'ipfs://Qm' || md5(id::text) || 'abcdefghijkl', reward, reward / 20, deadline, state,
      CASE WHEN claimed THEN agent END, CASE WHEN claimed THEN '0x' || md5(agent::text) || 'aabbccdd' END,
      CASE WHEN claimed THEN least(reward / 10, 20000000) END,
      CASE WHEN claimed THEN 'ipfs://Qm' || md5('d' || id) || 'abcdefghijkl' END,
      CASE WHEN claimed THEN created + 100 END, CASE WHEN claimed THEN created + 200 END,
      CASE WHEN state IN ('APPROVED', 'REJECTED') THEN created + 300 END, created, claimed::int,
      604800, least(reward / 10, 20000000), CASE WHEN id % 20 = 0 THEN ${whale} END,
      CASE WHEN id % 50 = 0 THEN ${whale} END
    FROM (
      SELECT *, state NOT IN ('DRAFT', 'OPEN') AS claimed
      FROM (
        SELECT *,
          CASE
            WHEN deadline >= ${now}::int8 THEN CASE
              WHEN ${share(2)} < 0.6 THEN 'OPEN' WHEN ${share(2)} < 0.7 THEN 'CLAIMED'
              WHEN ${share(2)} < 0.8 THEN 'IN_PROGRESS' WHEN ${share(2)} < 0.9 THEN 'SUBMITTED'
              WHEN ${share(2)} < 0.91 THEN 'REVISION_REQUESTED' ELSE 'APPROVED' END
            WHEN ${share(3)} < 0.05 THEN 'DRAFT' WHEN ${share(4)} < 0.02 THEN 'OPEN'
            WHEN ${share(5)} < 0.05 THEN 'REJECTED' ELSE 'APPROVED'
          END AS state
        FROM (
          SELECT id, created, created + 86400 + (${share(6)} * 29 * 86400)::int8 AS deadline,
            (10 ^ (4 + 5 * ${share(1)}))::int8 AS reward,
            CASE WHEN ${share(7)} < 0.5 THEN ${whale}
              ELSE '0x' || md5(${byMagnitude(100_000, 8)}::text) || 'aabbccdd' END AS poster,
            CASE WHEN id % 7 = 0 THEN ${busyAgent}::int8 ELSE ${byMagnitude(10_000, 9)} END AS agent
          FROM generate_series(${first}::int8, ${last}::int8) AS id
            CROSS JOIN LATERAL (
              SELECT ${now}::int8 - (${last}::int8 - id) * ${MARKET_AGE_SECONDS}::int8 / ${count}::int8 AS created
            ) AS born
        ) AS posted
      ) AS dealt
    ) AS run`
}

/**
 * Inserts `count` runs, from the id `first`, that are OPEN, and whose deadlines have passed in the last 15 days. They have
 * the least reward, so that they would come first in two orders of claimable runs. They stay as they are until their
 * posters withdraw the escrow. The caller fills the counts.
 */
export function expiredRuns(count: number, now: bigint, first: number): SQL {
  return sql`
    INSERT INTO run (bounty_id, poster_address, ipfs_hash, reward, fee, deadline, state, created_at, work_period,
      stake_required)
    SELECT id, '0x' || md5((id % 100)::text) || 'aabbccdd', 'ipfs://Qm' || md5(id::text) || 'abcdefghijkl',
      10000, 500, ${now}::int8 - 1 - (id % 30) * 43200, 'OPEN', ${now}::int8 - 16 * 86400, 604800, 1000
    FROM generate_series(${first}::int8, ${first + count - 1}::int8) AS id`
}
