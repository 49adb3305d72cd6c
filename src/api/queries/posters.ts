import { type SQL, sql } from 'drizzle-orm'
import type { Address } from 'viem'
import { partiesOf, posterRecord, recordOf, runStates } from '../../../ponder.schema.ts'
import { plainQuery, type SnapshotQuery, withSnapshot } from './snapshot.ts'

type State = (typeof runStates)[number]

/** How many of the poster's runs are in each state, and what their decisions were. Amounts are USDC base units. */
export type PosterRow = {
  runs: Record<State, number>
  paid: bigint
  burned: bigint
  expired: number
  reviews: number
  reviewSeconds: bigint
  longestReview: bigint
}

type Row = Record<State, number> & {
  paid: string
  burned: string
  expired: number
  reviews: number
  review_seconds: bigint
  longest_review: bigint
}

const counts: SQL = sql.join(
  runStates.map((state) => sql`coalesce(${sql.identifier(state.toLowerCase())}, 0) as ${sql.identifier(state)}`),
  sql`, `,
)

const findPoster = plainQuery<Row>(
  'poster',
  sql`${withSnapshot}
    select "snapshot".*, ${counts}, coalesce(paid, 0) as paid, coalesce(burned, 0) as burned, coalesce(expired, 0) as expired,
      coalesce(reviews, 0) as reviews, coalesce(review_seconds, 0)::int8 as review_seconds,
      coalesce(longest_review, 0)::int8 as longest_review
    from "snapshot" left join party_count on party = ${sql.placeholder('party')}
    left join ${posterRecord} on ${posterRecord}.address = ${sql.placeholder('address')}`,
)

/** Reads the record of a poster: of zeros if it has posted nothing. */
export function posterByAddress(address: Address): SnapshotQuery<PosterRow> {
  const [party] = partiesOf({ poster: address })
  return findPoster({ party, address }, (row) => ({
    runs: recordOf(runStates, (state) => row[state]),
    paid: BigInt(row.paid),
    burned: BigInt(row.burned),
    expired: row.expired,
    reviews: row.reviews,
    reviewSeconds: row.review_seconds,
    longestReview: row.longest_review,
  }))
}

/** How many of a poster's runs were approved and rejected. */
export type ShortRecord = { approved: number; rejected: number }

const findRecords = plainQuery<{ party: string | null } & ShortRecord>(
  'poster_records',
  sql`${withSnapshot}
    select "snapshot".*, party, approved, rejected
    from "snapshot" left join party_count on party = any(${sql.placeholder('parties')}::text[])`,
)

/** Reads the records of these posters of runs, by their address. */
export function posterRecords(posters: readonly Address[]): SnapshotQuery<Map<string, ShortRecord>> {
  const byParty = new Map(posters.map((poster) => [partiesOf({ poster })[0], poster]))
  return findRecords({ parties: [...byParty.keys()] }, (_, rows) => {
    const records = new Map<string, ShortRecord>()
    for (const { party, approved, rejected } of rows) {
      const poster = party === null ? undefined : byParty.get(party)
      if (poster !== undefined) records.set(poster, { approved, rejected })
    }
    return records
  })
}

/** The short form of a poster's record, for its runs. */
export type PosterRecordJson = Record<'approved' | 'rejected' | 'expired' | 'meanReviewSeconds', unknown>

/** A subquery: the text of the JSON of the record's short form. A poster of a run has a row that counts it. */
export const posterRecordJson = (address: SQL): SQL => sql`(
  select json_build_object('approved', party_count.approved, 'rejected', party_count.rejected,
    'expired', coalesce(expired, 0), 'meanReviewSeconds', round(review_seconds::numeric / nullif(reviews, 0)))::text
  from party_count left join ${posterRecord} on ${posterRecord}.address = ${address}
  where party = 'poster ' || ${address})`
