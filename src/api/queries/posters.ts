import { eq, inArray } from 'drizzle-orm'
import type { Address } from 'viem'
import { partyCount, posterRecord, recordOf, runStates } from '../../../ponder.schema.ts'
import type { Tx } from '../index/reader.ts'

const ofPoster = (address: Address) => `poster ${address}`

const noRuns = recordOf(runStates, () => 0)
const noDecisions = { paid: 0n, burned: 0n, expired: 0, reviews: 0, reviewSeconds: 0n, longestReview: 0n }

/** Reads how many of the poster's runs are in each state, and what their decisions were. All zeros if it posted nothing. */
export async function posterByAddress(tx: Tx, address: Address) {
  const [runs = noRuns] = await tx
    .select()
    .from(partyCount)
    .where(eq(partyCount.party, ofPoster(address)))
  const [decisions = noDecisions] = await tx.select().from(posterRecord).where(eq(posterRecord.address, address))
  return { runs: recordOf(runStates, (state) => runs[state]), ...decisions }
}

export type PosterRow = Awaited<ReturnType<typeof posterByAddress>>

/** How many of a poster's runs were approved and rejected. */
export type ShortRecord = { approved: number; rejected: number }

/** Reads the records of these posters of runs, by their address. */
export async function posterRecords(tx: Tx, posters: readonly Address[]): Promise<Map<string, ShortRecord>> {
  const byParty = new Map(posters.map((poster) => [ofPoster(poster), poster]))
  if (byParty.size === 0) return new Map()
  const rows = await tx
    .select({ party: partyCount.party, approved: partyCount.APPROVED, rejected: partyCount.REJECTED })
    .from(partyCount)
    .where(inArray(partyCount.party, [...byParty.keys()]))
  return new Map(rows.map(({ party, ...record }) => [byParty.get(party) ?? party, record]))
}
