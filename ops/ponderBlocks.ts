// How Ponder stores blocks while it follows the chain. Its source calls these functions (ponderSource.ts).
import { setImmediate as untilNextTurn } from 'node:timers/promises'
import pg from 'pg'

/** Bounds the time of a transaction, which readers do not see before its end. */
const MOST_BLOCKS = 50
const MOST_EVENTS = 2_000

type BlockEvent = {
  type: 'block'
  events: readonly unknown[]
  /** Of the last block. */
  checkpoint: string
  blockCallback?: ((isAccepted: boolean) => void) | undefined
}

/** What Ponder's source of live events yields: a block, a reorg, or blocks that have become final. */
type LiveEvent = BlockEvent | { type: 'reorg' | 'finalize' }

/**
 * Joins the blocks that Ponder has read and not stored yet, so that one transaction stores them. Ponder has a transaction for
 * each, which costs several times what an empty block does: after a start it stores the blocks of a minute, after a long
 * reorg too. Where no block waits, as when it follows a chain in time, each still has its own.
 *
 * Safe, because Ponder indexes the events of one transaction block by block, in their order, and stores with each row the
 * checkpoint of its block, by which a reorg reverts it.
 */
export async function* joinBlocks<Event extends LiveEvent>(live: AsyncIterator<Event>): AsyncGenerator<Event> {
  let next = live.next()
  for (;;) {
    const { done, value } = await next
    if (done) return
    next = live.next()
    let joined = value
    for (let blocks = 1; blocks < MOST_BLOCKS; blocks++) {
      // One turn of the event loop is enough for an event that waits.
      const waiting = await Promise.race([next, untilNextTurn(undefined)])
      if (waiting === undefined || waiting.done || !isBlock(joined) || !isBlock(waiting.value)) break
      if (joined.events.length + waiting.value.events.length > MOST_EVENTS) break
      joined = join(joined, waiting.value)
      next = live.next()
    }
    yield joined
  }
}

const isBlock = <Event extends LiveEvent>(event: Event): event is Event & BlockEvent => event.type === 'block'

const join = <Event extends BlockEvent>(earlier: Event, later: Event): Event => ({
  ...later,
  events: [...earlier.events, ...later.events],
  blockCallback(isAccepted: boolean) {
    earlier.blockCallback?.(isAccepted)
    later.blockCallback?.(isAccepted)
  },
})

/** Ponder's checkpoint of changes whose block it has not stored. Only the transaction that made them sees it. */
const UNSTORED = '9'.repeat(75)

/**
 * Gives the changes of a block its checkpoint, in the reorg logs of all tables: one text of several statements, because
 * Ponder's own statement for each table takes longer in its process than in PostgreSQL.
 * @param build the schema of the tables. @param checkpoint digits.
 */
export function logStatements(build: string, tables: readonly string[], checkpoint: string): string {
  const value = pg.escapeLiteral(checkpoint)
  const logs = tables.map((table) => `${pg.escapeIdentifier(build)}.${pg.escapeIdentifier(`_reorg__${table}`)}`)
  return logs.map((log) => `UPDATE ${log} SET checkpoint = ${value} WHERE checkpoint = '${UNSTORED}'`).join('; ')
}
