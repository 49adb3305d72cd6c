import type { ChainHead } from '../chain/heads.ts'
import type { ActionOutcome } from '../events.ts'
import type { Examined } from '../kinds/kind.ts'
import { actionPending } from '../kinds/refusal.ts'
import type { ActionRequest, Message, NamedAction } from '../kinds/request.ts'
import { readWaits, refusalOfLimits } from '../ledger/limits.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import type { Asking, PipelineContext } from '../pipeline/context.ts'
import type { Dispatcher } from '../pipeline/dispatch.ts'
import type { Placement } from '../pipeline/entry.ts'
import type { Results } from '../pipeline/results.ts'
import { Refusal, unavailable } from '../refusal.ts'

const UNDECIDED = 'A transaction that is not mined yet decides about this action.'

/** `closing` aborts when the relay stops accepting requests. */
type Rooms = {
  dispatcher: Dispatcher
  results: Results
  closing: AbortSignal
}

/** An action that may be placed. `former`: the transaction that has decided it before. */
type Ready = { head: ChainHead; examined: Examined; former: bigint | undefined }

/** The next step of an action: the outcome that it waits for, or the wait before the next look at it. */
type Step = { outcome: () => Promise<ActionOutcome> } | { wait: () => Promise<unknown> }

/**
 * Takes an action of any kind from its request to its outcome. Stored ones are answered first; the others are authenticated, then
 * simulated, then stored with a signed transaction.
 */
export function createActionFlow(context: PipelineContext, { dispatcher, results, closing }: Rooms) {
  const { pool, kinds, store, heads, signersFor, walletLimits } = context

  /** The outcome of the action if it is stored. Another request may have stored it at any time. */
  async function stored(action: NamedAction, asked: Asking, own: StoredAction): Promise<ActionOutcome> {
    const { message, signature } = action.request
    const kind = kinds.of(message)
    const isSame = own.request.signature === signature
    if (!isSame && !(await kind.isSigned(action.request, asked))) throw kind.invalidSignature(message)
    return results.follow(own, asked.until)
  }

  async function make(request: ActionRequest, asked: Asking): Promise<ActionOutcome> {
    const kind = kinds.of(request.message)
    const actionId = await kind.idOf?.(request.message)
    if (actionId === undefined) throw new Error(`The action ${request.message.action} has no id`)
    const action: NamedAction = { actionId, request }
    try {
      return await send(action, asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // What the chain refuses now may be what a concurrent request of the same message has done, or another sender.
      const [own] = await store.byId(pool, [action.actionId])
      const isMade = kind.madeAlready.has(error.code)
      if (own && (own.state === 'open' || !kind.isRepeatable || isMade)) return stored(action, asked, own)
      if (!isMade || !(await kind.isSigned(request, asked))) throw error
      // An older head may lack the block that the refusal is about.
      const head = await heads.since(performance.now())
      const made = await kind.findMade(request, head, head.number)
      if (!made) throw error
      return { actionId: action.actionId, status: 'done', ...made }
    }
  }

  async function send(action: NamedAction, asked: Asking): Promise<ActionOutcome> {
    const { until, gone } = asked
    const { message } = action.request
    const kind = kinds.of(message)
    let obstacle = unavailable(UNDECIDED)
    // A refusal uses only what was read from the chain after this time.
    let since = performance.now()

    async function waitForBlock(head: ChainHead) {
      await heads.after(head, until)
      since = performance.now()
    }

    /** Waits for another action of the party, which may change what the chain says of this one. */
    async function waitFor(other: StoredAction) {
      await results.decisionOf(other, until)
      heads.expire()
      since = performance.now()
    }

    /** Whether the action may be placed, by what is stored and by what the chain says of its message. */
    async function check(): Promise<Ready | Step> {
      if (closing.aborted) throw unavailable('The server is shutting down.')
      if (gone.aborted) throw unavailable('The client has disconnected.')
      const related = await store.related(pool, action.actionId, kind.slotOf(message))
      const own = related.find(({ actionId }) => actionId === action.actionId)
      if (own && (own.state === 'open' || !kind.isRepeatable)) return { outcome: () => stored(action, asked, own) }
      // Read before the run is: if a block changes the run in between, `heads.after` returns at once.
      const head = await heads.latest()
      const examined = await kind.examine(action.request, asked, { since, isFresh: false })
      if ('undecided' in examined) {
        obstacle = examined.undecided
        return { wait: () => waitForBlock(head) }
      }
      if (!('runsWalletCode' in examined)) throw new Error(`The action ${message.action} has no simulation`)
      const limit = await refusalOfParty(message)
      if (limit) throw limit
      const other = related.find((one) => one !== own)
      if (other) {
        obstacle = actionPending(other.actionId, other.request.message.action, kind.slotOf(message))
        return { wait: () => waitFor(other) }
      }
      // If another request has made it since, the simulation is outdated.
      return { head, examined, former: own?.tx.id }
    }

    async function place({ head, examined, former }: Ready): Promise<Step> {
      await context.whenReady()
      const signers = await signersFor(action.request)
      if (signers.length === 0) throw unavailable('The store of the relayer’s keys does not answer.')
      const placement = await dispatcher.place({ ...asked, ...action, examined, former, signers })
      switch (placement.result) {
        case 'placed': {
          const { hash } = placement.transaction.attempt
          return { outcome: () => results.followPlaced(action, hash, until) }
        }
        case 'fails':
          throw placement.refusal
        case 'undecided':
          obstacle = placement.refusal ?? unavailable(UNDECIDED)
          return { wait: () => waitForBlock(head) }
        case 'locked': {
          const [open] = await store.openOf(pool, message.party, null)
          obstacle = unavailable(`Other actions of ${message.party} are not decided yet.`)
          return { wait: () => (open ? waitFor(open) : waitForBlock(head)) }
        }
        case 'left':
          obstacle = withoutPlace(placement)
      }
      return { wait: async () => undefined }
    }

    do {
      const checked = await check()
      const step = 'head' in checked ? await place(checked) : checked
      if ('outcome' in step) return step.outcome()
      await step.wait()
    } while (!until.aborted)
    throw obstacle
  }

  /** Why the party may send no action now. */
  async function refusalOfParty(message: Message): Promise<Refusal | undefined> {
    if (!kinds.of(message).hasParty) return undefined
    return refusalOfLimits(message.party, null, await readWaits(pool, message.party, walletLimits), walletLimits)
  }

  return { act: make }
}

/** The answer to an action for which no signer had a place in time. */
const withoutPlace = ({ blocker }: Extract<Placement, { result: 'left' }>) =>
  unavailable(
    blocker
      ? 'The relayer has as many unmined transactions as it may have.'
      : 'Other actions wait for the relayer’s unmined transactions to be mined.',
  )
