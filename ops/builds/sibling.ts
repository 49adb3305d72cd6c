import type pg from 'pg'
import { isUnlocked } from './buildLock.ts'
import { siblingOf } from './builds.ts'
import { type Position, positionOf } from './views.ts'

/** How long no process may run the sibling. A process that lost its connection takes its lock again sooner. */
const STOPPED_LIMIT_MS = 200

/** How long the sibling may be behind or rewinding. Readers wait a second for it before they get an error. */
const FAILING_LIMIT_MS = 1_000

/** What a standby knows of the indexer that serves readers. */
export type SiblingState = {
  /** Why the standby should serve instead; undefined while it should not. */
  failure: 'stopped' | 'behind' | 'rewinding' | undefined
  /** The last block that readers can have seen. A restarted sibling rewinds, and then no longer has it. */
  seen: number
}

/**
 * Watches the indexer of the same build that serves readers.
 * @param schema The schema of the standby's tables.
 * @param clock Returns milliseconds.
 * @returns a function that looks at both, to be called several times a second.
 */
export function watchSibling(schema: string, clock: () => number = () => performance.now()) {
  const sibling = siblingOf(schema)
  let seen = -1
  let ranAt = clock()
  let fineAt = clock()

  return async function look(client: pg.ClientBase): Promise<SiblingState> {
    if (!(await isUnlocked(client, sibling))) ranAt = clock()
    // This one first: the sibling, read later, is not behind for blocks that both just indexed.
    const own = await positionOf(client, schema)
    const served = await positionOf(client, sibling)
    if (isFine(served, own)) fineAt = clock()
    if (served?.isConsistent) seen = Math.max(seen, served.block)
    return { failure: failureOf(served), seen }
  }

  /** An indexer that replays blocks which readers have seen makes no progress. */
  function isFine(served: Position | undefined, own: Position | undefined): boolean {
    if (!served?.isConsistent) return false
    const isAhead = own?.isConsistent !== true || served.block >= own.block
    // A reorg may shorten the chain.
    if (isAhead && own?.isConsistent) seen = Math.min(seen, served.block)
    return isAhead || served.block > seen
  }

  function failureOf(served: Position | undefined): SiblingState['failure'] {
    if (clock() - ranAt >= STOPPED_LIMIT_MS) return 'stopped'
    if (clock() - fineAt < FAILING_LIMIT_MS) return undefined
    return served?.isConsistent && served.block >= seen ? 'behind' : 'rewinding'
  }
}
