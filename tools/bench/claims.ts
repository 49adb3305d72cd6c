/**
 * Claims through the API, each leg in a market of its own. `live` measures what one claim takes beside a raw transaction.
 * PostgreSQL syncs to disk, so that a commit costs as much as in production.
 */
import { startPostgres } from '../devnet/postgres.ts'
import { batches } from './claimsBatches.ts'
import { besideJunk, besideRegistrations } from './claimsBeside.ts'
import { hotRun } from './claimsHotRun.ts'
import type { Measurement } from './figure.ts'

const legs = [batches, hotRun, besideJunk, besideRegistrations]

export async function measure() {
  const postgres = await startPostgres({ settings: { fsync: 'on', full_page_writes: 'on' } })
  try {
    const measurements: Measurement[] = []
    for (const leg of legs) measurements.push(await leg(postgres))
    return { measurements, notes: ['PostgreSQL runs with fsync=on and full_page_writes=on.'] }
  } finally {
    await postgres.stop()
  }
}
