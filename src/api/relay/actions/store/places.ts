import type { Address } from 'viem'
import { actionTables } from '../../store/actionTables.ts'
import { type Database, query } from '../../store/database.ts'

/**
 * What an action is, where its signer has few places for unmined transactions left.
 * - `work`: a delivery, a review, and what else the parties of a run do with it. Claims are work, too.
 * - `free`: a registration, a stake, a withdrawal, a post or a close, which can be repeated at no cost.
 * - `open`: a call that anyone may ask for.
 */
export type Places = 'work' | 'free' | 'open'

/** The part of a signer's unmined transactions that each of the others may be, so that work always finds a place. */
const PART = 0.25

/** The most unmined transactions of a signer that are `places`. */
export const mostPlaces = (places: Places, maxUnmined: number): number =>
  places === 'work' ? maxUnmined : Math.max(1, Math.floor(maxUnmined * PART))

const condition = {
  free: `(kind = 'account action'
    OR EXISTS (SELECT FROM ${actionTables['run action']} AS action WHERE action.tx = tx.id AND action.name = 'close'))`,
  open: "kind = 'open call'",
}

/** How many unmined transactions of the signer are `places`. */
export async function takenPlaces(database: Database, signer: Address, places: 'free' | 'open'): Promise<number> {
  const text = `
    SELECT count(*)::int AS taken FROM relay.tx
    WHERE signer = $1 AND state IN ('signed', 'accepted') AND ${condition[places]}`
  const [row] = await query<{ taken: number }>(database, text, [signer])
  if (!row) throw new Error(`The unmined transactions of ${signer} were not counted`)
  return row.taken
}
