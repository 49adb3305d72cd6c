import type { Hash } from 'viem'
import type { Notifications } from '../../../../core/database/notifications.ts'
import type { ActionOutcome } from '../events.ts'
import type { ClaimMessage, NamedAction } from '../kinds/request.ts'
import { openStateOf, type StoredAction } from '../ledger/storedActions.ts'
import { isUnavailable, Refusal } from '../refusal.ts'
import type { IndexedWin, PipelineContext } from './context.ts'
import { createWatch, watchDecisions } from './watch.ts'

export type Results = ReturnType<typeof createResults>

export const isClaim = (action: NamedAction): action is NamedAction<ClaimMessage> =>
  action.request.message.action === 'claim'

/** Waits for the decisions of stored actions, which the keeper of any replica may make. */
export function createResults(
  { pool, store, indexedClaims, events, logger }: PipelineContext,
  notifications: Notifications,
) {
  const decisions = watchDecisions<NamedAction, StoredAction>({
    notifications,
    idOf: ({ actionId }) => actionId,
    read: (ids) => store.byId(pool, ids),
    logger,
  })
  events.on('actionDecided', ({ actionId }) => decisions.hint(actionId))
  const wins =
    indexedClaims &&
    createWatch<NamedAction<ClaimMessage>, IndexedWin>({ ...indexedClaims, idOf: ({ actionId }) => actionId, logger })

  /** Resolves at the first refusal, or when it is made; of a claim, once the index, if there is one, shows it. */
  async function follow(action: NamedAction, until: AbortSignal): Promise<ActionOutcome> {
    const done = new AbortController()
    const either = AbortSignal.any([until, done.signal])
    const indexed =
      wins && isClaim(action) ? wins.until(action, either).then((win) => win && wonBy(action, win)) : undefined
    try {
      const decided = decisions.of(action, either).then((found) => found && outcomeOf(found))
      const outcome = await Promise.race(indexed ? [decided, indexed] : [decided])
      if (outcome && outcome.status !== 'done') return outcome
      const made = indexed ? await indexed : outcome
      if (made) return made
    } finally {
      done.abort()
    }
    return outcomeOf(await store.get(pool, action.actionId))
  }

  return {
    /** The decided action; undefined if it is not decided until `until` aborts. */
    decisionOf: decisions.of,

    follow,

    /** As `follow`, for an action that was just stored. It continues even if this fails. */
    followPlaced: (action: NamedAction, txHash: Hash, until: AbortSignal) =>
      follow(action, until).catch((error): ActionOutcome => {
        if (!isUnavailable(error)) throw error
        return { ...namesOf(action), status: 'signed', txHash }
      }),
  }
}

const wonBy = (claim: NamedAction<ClaimMessage>, win: IndexedWin): ActionOutcome => ({
  ...namesOf(claim),
  status: 'done',
  result: null,
  ...win,
})

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
