import { sql } from 'drizzle-orm'
import { plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

/** How many of a poster's runs were approved and rejected. */
export type ShortRecord = { approved: number; rejected: number }

const PARTY = 'poster '

const find = plainQuery<{ party: string | null } & ShortRecord>(
  'poster_records',
  sql`${withSnapshot}
    select "snapshot".*, party, approved, rejected
    from "snapshot" left join party_count on party = any(${sql.placeholder('parties')}::text[])`,
)

/** Reads the records of these posters of runs, by their address. */
export function posterRecords(posters: readonly string[]): SnapshotQuery<Map<string, ShortRecord>> {
  const parties = [...new Set(posters)].map((poster) => `${PARTY}${poster}`)
  return find(
    { parties },
    (_, rows) =>
      new Map(
        rows.flatMap(({ party, approved, rejected }) =>
          party === null ? [] : [[party.slice(PARTY.length), { approved, rejected }] as const],
        ),
      ),
  )
}
