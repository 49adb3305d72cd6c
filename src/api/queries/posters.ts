import { eq, inArray } from 'drizzle-orm'
import type { Address } from 'viem'
import { poster, recordOf, runStates } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'

const noDecisions = { paid: 0n, burned: 0n, expired: 0, reviews: 0, reviewSeconds: 0n, longestReview: 0n }
const noRecord = { ...recordOf(runStates, () => 0), paidByOthers: 0, ...noDecisions }

/** Reads how many of the runs that the poster paid are in each state, and what their decisions were. All zeros without any. */
export async function posterByAddress(tx: Tx, address: Address) {
  const [row] = await tx.select().from(poster).where(eq(poster.address, address))
  return posterOf(row)
}

/** The record of a poster. @param row undefined or null if it has paid no run. */
export function posterOf(row: typeof poster.$inferSelect | null | undefined) {
  const record = row ?? noRecord
  const { paidByOthers, paid, burned, expired, reviews, reviewSeconds, longestReview } = record
  const runs = recordOf(runStates, (state) => record[state])
  return { runs, paidByOthers, paid, burned, expired, reviews, reviewSeconds, longestReview }
}

export type PosterRow = ReturnType<typeof posterOf>

/** How many of the runs that a poster paid were approved and rejected. */
export type ShortRecord = { approved: number; rejected: number }

/** Reads the records of these posters of runs, by their address. */
export async function posterRecords(tx: Tx, addresses: readonly Address[]): Promise<Map<string, ShortRecord>> {
  if (addresses.length === 0) return new Map()
  const rows = await tx
    .select({ address: poster.address, approved: poster.APPROVED, rejected: poster.REJECTED })
    .from(poster)
    .where(inArray(poster.address, [...addresses]))
  return new Map(rows.map(({ address, ...record }) => [address, record]))
}
