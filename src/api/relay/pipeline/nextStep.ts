import type { Hash } from 'viem'
import type { Examined, MadeClaim, Unready } from '../kinds/kind.ts'
import { type Message, type NamedAction, nounOf } from '../kinds/request.ts'
import type { Bound } from '../ledger/boundKeys.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import { Refusal, unavailable } from '../refusal.ts'
import type { Placement } from './queue.ts'

/**
 * The stored actions that concern a request.
 * - `own`: that of its message, unless it is decided and may be made again; of a claim, the open one of the same agent and wallet.
 * - `isRepeat`: the own one has the signature of the request.
 * - `other`: the open one that has its slot; of a claim, the one that the chain decides first.
 * - `isContested`: parties compete for its slot, so that it waits for the other before it is examined.
 */
export type Related = {
  own: StoredAction | undefined
  isRepeat: boolean
  other: StoredAction | undefined
  isContested: boolean
}

/** Why an action is not placed. It is the answer if the time of the request is over. */
export type Unplaced = Exclude<Placement, { result: 'placed' }>

/**
 * - `follow`: the outcome of this action is the answer. `isSigned`: the request has its signature. `txHash`: the transaction in
 *   which it was just placed.
 * - `answer`: the chain shows the claim as the current one of its run.
 * - `examine`: ask the chain, then decide again.
 * - `place`: enter the queue, for a signed transaction.
 * - `wait`, then look again.
 */
export type Step =
  | { do: 'follow'; action: NamedAction; isSigned: boolean; txHash?: Hash }
  | { do: 'answer'; made: MadeClaim }
  | { do: 'examine' }
  | { do: 'place'; examined: Examined }
  | { do: 'refuse'; refusal: Refusal }
  | Wait

/**
 * - `decision`: until the action `of` is decided.
 * - `placing`: until the action of the slot that is likely to win has left the queue.
 * - `block`: until the chain has another latest block.
 * - `party`: until an open action of the party, or of a claim’s agent, is decided, which changes what it may use.
 * - `reread`: not at all, but the chain is read anew.
 * - `binding`: not at all, but the idempotency key is looked up anew.
 * - `nothing`: not at all.
 */
export type Wait =
  | { do: 'wait'; for: 'decision'; of: StoredAction; obstacle?: undefined }
  | { do: 'wait'; for: 'placing' | 'block' | 'party' | 'reread' | 'binding' | 'nothing'; obstacle: Unplaced }

/**
 * The next step of an action. The cheapest facts decide first: what is stored of the request, then of its slot, then the chain
 * and the signature. Only an authenticated action is placed.
 * @param bound what the idempotency key of a claim is bound to. @param examined undefined before the chain is asked.
 */
export function nextStep(
  bound: Bound | undefined,
  { own, isRepeat, other, isContested }: Related,
  examined?: Examined | Unready,
): Step {
  if (bound instanceof Refusal) return { do: 'refuse', refusal: bound }
  if (bound) return { do: 'follow', action: bound, isSigned: true }
  if (own && (isRepeat || !isContested)) return { do: 'follow', action: own, isSigned: isRepeat }
  if (other && !own && isContested) return { do: 'wait', for: 'decision', of: other }
  if (!examined) return { do: 'examine' }
  if ('overtaken' in examined) return { do: 'wait', for: 'placing', obstacle: { result: 'left', blocker: undefined } }
  if ('made' in examined) return { do: 'answer', made: examined.made }
  if ('undecided' in examined) {
    return { do: 'wait', for: 'block', obstacle: { result: 'undecided', refusal: examined.undecided } }
  }
  if (own) return { do: 'wait', for: 'decision', of: own }
  if (other) return { do: 'wait', for: 'decision', of: other }
  return { do: 'place', examined }
}

/** The step after the queue. A claim that fails because of its run looks again, because another claim may have taken it. */
export function stepAfter(placement: Placement): Step {
  switch (placement.result) {
    case 'placed': {
      const { action, transaction } = placement
      return { do: 'follow', action, isSigned: true, txHash: transaction.attempt.hash }
    }
    case 'fails': {
      const { refusal, looksAgain } = placement
      return looksAgain ? { do: 'wait', for: 'reread', obstacle: placement } : { do: 'refuse', refusal }
    }
    case 'undecided':
      return { do: 'wait', for: 'block', obstacle: placement }
    case 'locked':
      return { do: 'wait', for: 'party', obstacle: placement }
    case 'rival':
      return { do: 'wait', for: 'binding', obstacle: placement }
    default:
      return { do: 'wait', for: 'nothing', obstacle: placement }
  }
}

/** The answer if the time of the request is over. @param obstacle why the action was not placed. */
export function refusalOf(obstacle: Unplaced | undefined, message: Message): Refusal {
  const noun = nounOf(message)
  if (obstacle && 'refusal' in obstacle && obstacle.refusal) return obstacle.refusal
  if (obstacle?.result === 'locked') {
    const who = message.action === 'claim' ? `agent ${message.agentId}` : message.party
    return unavailable(`Other ${noun}s of ${who} are not decided yet.`)
  }
  if (obstacle?.result === 'left') {
    if (obstacle.blocker === 'stuck') return unavailable('The chain’s node does not take transactions.')
    if (obstacle.blocker) return unavailable('The relayer has as many unmined transactions as it may have.')
    return unavailable(`The ${noun} queue is too long.`)
  }
  return unavailable(`A transaction that is not mined yet decides about this ${noun}.`)
}
