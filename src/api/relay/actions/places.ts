import type { Address } from 'viem'
import type { Places } from '../kinds/kind.ts'
import { type Database, query } from '../store/database.ts'

/** The part of a signer's unmined transactions that each of the others may be, so that work always finds a place. */
const PART = 0.25

/** The most unmined transactions of a signer that are `places`. */
export const mostPlaces = (places: Places, maxUnmined: number): number =>
  places === 'work' ? maxUnmined : Math.max(1, Math.floor(maxUnmined * PART))

/** How many unmined transactions of the signer are for actions of these names. */
export async function takenPlaces(database: Database, signer: Address, names: readonly string[]): Promise<number> {
  const text = `
    SELECT count(*)::int AS taken FROM relay.tx
    WHERE signer = $1 AND state IN ('signed', 'accepted') AND kind = ANY($2)`
  const [row] = await query<{ taken: number }>(database, text, [signer, names])
  if (!row) throw new Error(`The unmined transactions of ${signer} were not counted`)
  return row.taken
}
