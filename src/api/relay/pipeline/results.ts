import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hash, Hex } from 'viem'
import { createVoidBatcher } from '../../../../core/batcher.ts'
import type { Notifications } from '../../../../core/database/notifications.ts'
import type { ActionOutcome } from '../events.ts'
import type { NamedAction } from '../kinds/request.ts'
import { openStateOf, type StoredAction } from '../ledger/storedActions.ts'
import { isUnavailable, Refusal } from '../refusal.ts'
import type { PipelineContext } from './context.ts'

/** How often the states are read, with and without notifications, and after a failed read. A notification may be lost. */
const NOTIFIED_INTERVAL_MS = 1_000
const POLL_INTERVAL_MS = 50
const FAILURE_PAUSE_MS = 500

export type Results = ReturnType<typeof createResults>

/**
 * Waits for the decisions of stored actions, which the keeper of any replica may make. All that wait share each read.
 * @param notifications of `DECISIONS_CHANNEL`.
 */
export function createResults({ pool, store, events, logger }: PipelineContext, notifications: Notifications) {
  const waiting = new Set<Hex>()
  /** An event for each action that is decided, by its id. */
  const decisions = new EventEmitter<Record<Hex, [StoredAction]>>().setMaxListeners(0)
  let polling: AbortController | undefined

  async function look(ids: readonly Hex[]) {
    for (const found of await store.byId(pool, ids)) {
      if (found.state !== 'open') decisions.emit(found.actionId, found)
    }
  }

  function warn(error: unknown) {
    const level = error instanceof Refusal ? 'warn' : 'error'
    logger[level]({ err: error, waiting: waiting.size }, 'cannot look at what requests wait for')
  }

  const glance = createVoidBatcher((ids: readonly Hex[]) => look(ids).catch(warn))

  async function poll({ signal }: AbortController) {
    while (!signal.aborted) {
      const interval = notifications.isLive() ? NOTIFIED_INTERVAL_MS : POLL_INTERVAL_MS
      await sleep(interval, undefined, { signal }).catch(() => undefined)
      try {
        if (!signal.aborted) await look([...waiting])
      } catch (error) {
        warn(error)
        await sleep(FAILURE_PAUSE_MS)
      }
    }
  }

  function hint(id: Hex) {
    if (waiting.has(id)) void glance(id)
  }

  notifications.subscribe((id) => {
    for (const one of id === undefined ? waiting : [id as Hex]) hint(one)
  })
  // This process also receives the notification of its own decision, if it receives any.
  events.on('actionDecided', ({ actionId }) => notifications.isLive() || hint(actionId))

  /** The decided action; undefined if it is not decided until `until` aborts. */
  async function decisionOf({ actionId }: NamedAction, until: AbortSignal): Promise<StoredAction | undefined> {
    if (until.aborted) return undefined
    waiting.add(actionId)
    void glance(actionId)
    if (!polling) {
      polling = new AbortController()
      void poll(polling)
    }
    try {
      const [decided] = await once(decisions, actionId, { signal: until })
      return decided
    } catch {
      // `once` throws only if the signal aborts.
      return undefined
    } finally {
      if (decisions.listenerCount(actionId) === 0) waiting.delete(actionId)
      if (waiting.size === 0) {
        polling?.abort()
        polling = undefined
      }
    }
  }

  return {
    decisionOf,

    /**
     * The outcome once it is decided, or when `until` aborts.
     * @param placedIn the transaction of an action that was just stored: it continues even if the database does not answer.
     */
    async follow(action: NamedAction, until: AbortSignal, placedIn?: Hash): Promise<ActionOutcome> {
      try {
        return outcomeOf((await decisionOf(action, until)) ?? (await store.get(pool, action.actionId)))
      } catch (error) {
        if (placedIn === undefined || !isUnavailable(error)) throw error
        return { ...namesOf(action), status: 'signed', txHash: placedIn }
      }
    },
  }
}

const namesOf = ({ actionId, request: { message } }: NamedAction) => ({
  actionId,
  ...(message.action === 'claim' && message.round !== undefined && { round: message.round }),
})

/** The outcome of a stored action now. @throws Refusal with the reason if it was refused. */
export function outcomeOf(action: StoredAction): ActionOutcome {
  const { actionId, state, tx, txHash, blockNumber, result, problem } = action
  if (state === 'refused') {
    if (!problem) throw new Error(`Action ${actionId} is refused without a reason`)
    throw new Refusal(problem.code, problem.detail, problem)
  }
  const names = namesOf(action)
  if (state === 'open') return { ...names, status: openStateOf(tx), txHash: tx.hash }
  if (blockNumber === null) throw new Error(`Action ${actionId} is done in no block`)
  return { ...names, status: 'done', blockNumber, result, ...(txHash && { txHash }) }
}
