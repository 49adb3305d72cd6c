import type { RunStep } from '../events.ts'
import { nameOf } from '../kinds/request.ts'
import { isUnavailable, Refusal } from '../refusal.ts'
import type { Send } from '../sender/broadcast.ts'
import type { Signer } from '../sender/keys/signing.ts'
import type { Blocker, PlacedTx, Placer, Quote } from '../sender/placement.ts'
import { isConflict } from '../store/database.ts'
import type { BudgetCheck } from './budget.ts'
import type { PipelineContext } from './context.ts'
import { type Placed, placeActions } from './placing.ts'
import { type ActionQueue, candidateOf, type Waiting } from './queue.ts'

type Steps = { queue: ActionQueue; budget: BudgetCheck; placer: Placer; send: Send; runStep: RunStep }

/** Creates a function that stores the actions of a batch with signed transactions, broadcasts these, and ends the actions’ wait. */
export function createPlaceBatch(context: PipelineContext, { queue, budget, placer, send, runStep }: Steps) {
  const { events, logger } = context

  /** Broadcasts a transaction of these actions. */
  async function sendActions(placed: PlacedTx, sent: readonly Waiting[]) {
    const { signer, nonce, attempt } = placed
    const name = { signer, nonce, txHash: attempt.hash }
    const actions = sent.map((entry) => nameOf(candidateOf(entry).action))
    for (const action of actions) events.emit('actionPlaced', { ...action, ...name })
    const requests = sent.map(({ request }) => request)
    const result = await runStep('broadcast', requests, () => send(placed), attempt.hash)
    for (const action of actions) events.emit('actionSent', { ...action, ...name, result })
  }

  /** @param placed of each entry. */
  function settle(entries: readonly Waiting[], placed: readonly Placed[]) {
    const sent = new Map<PlacedTx, Waiting[]>()
    for (const [place, entry] of entries.entries()) {
      const one = placed[place] ?? 'full'
      if (one === 'full') queue.putBack([entry])
      else if (typeof one === 'string') queue.end(entry, { result: one })
      else if (one instanceof Refusal) {
        budget.note(entry, candidateOf(entry).gas)
        queue.fail(entry, one)
      } else sent.set(one, [...(sent.get(one) ?? []), entry])
    }
    for (const [transaction, own] of sent) {
      sendActions(transaction, own).catch((err) =>
        logger.error({ err, txHash: transaction.attempt.hash }, 'cannot broadcast a transaction: the keeper will'),
      )
      for (const entry of own) queue.end(entry, { result: 'placed', action: candidateOf(entry).action, transaction })
    }
    const slots = new Set([...sent.values()].flatMap((own) => own.map(({ slot }) => slot)))
    for (const rival of queue.takeAll(({ slot }) => slots.has(slot))) rival.resolve({ result: 'rival' })
  }

  /** @returns what blocks the signer; undefined if nothing does. */
  return async function placeBatch(
    signer: Signer,
    quote: Promise<Quote>,
    entries: readonly Waiting[],
  ): Promise<Blocker | undefined> {
    let isLocked = false
    const requests = entries.map(({ request }) => request)
    const onLocked = () => {
      isLocked = true
    }
    try {
      const placed = await runStep('sign and store', requests, () =>
        placeActions(context, placer, signer, quote, entries.map(candidateOf), onLocked),
      )
      if (typeof placed === 'string') {
        queue.putBack(entries)
        return placed
      }
      settle(entries, placed)
      return entries.some(({ places }, place) => places === 'work' && placed[place] === 'full') ? 'full' : undefined
    } catch (error) {
      if (!isLocked && isUnavailable(error)) {
        queue.putBack(entries)
        return 'unreachable'
      }
      if (error instanceof Refusal || entries.length === 1) {
        for (const entry of entries) {
          if (isConflict(error)) queue.end(entry, { result: 'rival' })
          else queue.fail(entry, error)
        }
        return undefined
      }
      // If PostgreSQL refuses what one action stores, the others of its batch must not fail.
      logger.warn({ err: error, actions: entries.length }, 'cannot place a batch of actions: each is placed alone')
      let blocker: Blocker | undefined
      for (const entry of entries) blocker = (await placeBatch(signer, quote, [entry])) ?? blocker
      return blocker
    }
  }
}
