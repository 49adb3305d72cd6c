import type pg from 'pg'
import { inTransaction } from '../database/inTransaction.ts'
import { isUnlocked } from './buildLock.ts'
import { siblingOf } from './builds.ts'
import { isLockConflict, type Position, positionOf } from './views.ts'

/** How long no process may run the sibling. A process that lost its connection takes its lock again sooner. */
const STOPPED_LIMIT_MS = 200

/** How long the sibling may be behind or rewinding. Readers wait a second for it before they get an error. */
const FAILING_LIMIT_MS = 1_000

/**
 * How long the standby takes over from no sibling that is only behind, after its start or a switch. Otherwise two indexers
 * that are slow in turn would alternate. The readers of one that is behind get answers.
 */
const SWITCH_INTERVAL_MS = 10_000

/** How long the look at the sibling's tables waits for a lock. A host lost in mid-transaction keeps its locks for hours. */
const LOCK_TIMEOUT_MS = 100

/** What a standby knows of the indexer that serves readers. */
export type SiblingState = {
  /** Why the standby should serve instead; undefined while it should not. */
  failure: 'stopped' | 'behind' | 'rewinding' | 'locked' | undefined
  /** The last block that readers can have seen. A restarted sibling rewinds, and then no longer has it. */
  seen: number
  /** Whether a transaction locks the sibling's tables, so that neither readers nor the standby can read them. */
  isLocked: boolean
}

/**
 * Watches the indexer of the same build that serves readers.
 * @param schema The schema of the standby's tables.
 * @param clock Returns milliseconds.
 * @returns a function that looks at both, to be called several times a second. Each switch needs a new one.
 */
export function watchSibling(schema: string, clock: () => number = () => performance.now()) {
  const sibling = siblingOf(schema)
  let seen = -1
  let stoppedAt: number | undefined
  let fineAt = clock()
  const watchedFrom = clock()

  return async function look(client: pg.ClientBase): Promise<SiblingState> {
    stoppedAt = (await isUnlocked(client, sibling)) ? (stoppedAt ?? clock()) : undefined
    // Not later: a look may take longer than the limit.
    const isStopped = stoppedAt !== undefined && clock() - stoppedAt >= STOPPED_LIMIT_MS
    // This one first: the sibling, read later, is not behind for blocks that both just indexed.
    const own = await positionOf(client, schema)
    const { served, isLocked } = await positionUnlessLocked(client, sibling)
    if (isFine(served, own)) fineAt = clock()
    if (served?.isConsistent) seen = Math.max(seen, served.block)
    return { failure: isStopped ? 'stopped' : failureOf(served, isLocked), seen, isLocked }
  }

  /** An indexer that replays blocks which readers have seen makes no progress. */
  function isFine(served: Position | undefined, own: Position | undefined): boolean {
    if (!served?.isConsistent) return false
    const isAhead = own?.isConsistent !== true || served.block >= own.block
    // A reorg may shorten the chain.
    if (isAhead && own?.isConsistent) seen = Math.min(seen, served.block)
    return isAhead || served.block > seen
  }

  function failureOf(served: Position | undefined, isLocked: boolean): SiblingState['failure'] {
    const now = clock()
    if (now - fineAt < FAILING_LIMIT_MS) return undefined
    if (isLocked) return 'locked'
    if (!served?.isConsistent || served.block < seen) return 'rewinding'
    return now - watchedFrom < SWITCH_INTERVAL_MS ? undefined : 'behind'
  }
}

/** Where a build is, unless another session's transaction locks its tables. */
async function positionUnlessLocked(client: pg.ClientBase, build: string) {
  const begin = `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`
  try {
    return { served: await inTransaction(client, () => positionOf(client, build), begin), isLocked: false }
  } catch (error) {
    if (!isLockConflict(error)) throw error
    return { served: undefined, isLocked: true }
  }
}
