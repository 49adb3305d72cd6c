import type { Hex } from 'viem'
import { keyConflict } from '../kinds/claims/refusal.ts'
import type { Examined, Unready } from '../kinds/kind.ts'
import type { NamedAction } from '../kinds/request.ts'
import type { StoredAction } from '../ledger/storedActions.ts'
import type { Placement } from '../pipeline/entry.ts'
import type { Refusal } from '../refusal.ts'

/**
 * A claim of which the outcome is the answer.
 * @property wonAt the block at which the chain shows it as won.
 * @property txHash the transaction in which it was just placed.
 */
export type Followed = {
  claim: { actionId: Hex; round: bigint }
  wonAt?: bigint
  txHash?: Hex
}

/** What is stored about the request itself. */
export type StoredRequest = {
  /** Its idempotency key; undefined if it has none. */
  key: string | undefined
  /** The claim to which the key is bound, or that it is bound to a request with another body. */
  bound: Followed | 'other body' | undefined
  /** Why the wallet or the agent may send no claim now. */
  limit: Refusal | undefined
}

/**
 * The open claims of the run: that of the same agent and wallet, and the one that the chain decides first.
 * `isRepeat`: the own one has the signature of the request.
 */
export type Open = { own: StoredAction | undefined; isRepeat: boolean; rival: StoredAction | undefined }

/** Why a claim is not placed. It is the answer if the time of the request is over. */
export type Unplaced = Exclude<Placement, { result: 'placed' }>

/**
 * - `follow`: the outcome of this claim is the answer.
 * - `examine`: ask the chain, then decide again.
 * - `place`: enter the queue, for a signed transaction.
 * - `wait`, then look again.
 */
export type Step =
  | ({ do: 'follow' } & Followed)
  | { do: 'examine' }
  | { do: 'place'; examined: Examined }
  | { do: 'refuse'; refusal: Refusal }
  | Wait

/**
 * - `decision`: until the claim `of` is decided.
 * - `placing`: until the claim of the run that is likely to win has left the queue.
 * - `block`: until the chain has another latest block.
 * - `agent`: until a pending claim of the agent is decided, which changes its unlocked stake.
 * - `reread`: not at all, but the chain is read anew.
 * - `binding`: not at all, but the idempotency key is looked up anew.
 * - `nothing`: not at all.
 */
export type Wait =
  | { do: 'wait'; for: 'decision'; of: StoredAction }
  | { do: 'wait'; for: 'placing' | 'block' | 'agent' | 'reread' | 'binding' | 'nothing'; obstacle: Unplaced }

/**
 * The next step of a claim. The cheapest facts decide first: what is stored of the request, then the run's open claims,
 * then the chain and the signature. Only an authenticated claim is placed.
 * @param examined undefined before the chain is asked.
 */
export function nextStep(
  { key, bound, limit }: StoredRequest,
  { own, isRepeat, rival }: Open,
  examined?: Examined | Unready,
): Step {
  if (bound === 'other body') return { do: 'refuse', refusal: keyConflict(key ?? '') }
  if (bound) return { do: 'follow', ...bound }
  if (own && isRepeat) return { do: 'follow', claim: { actionId: own.actionId, round: roundOf(own) } }
  if (rival && !own) return { do: 'wait', for: 'decision', of: rival }
  if (!examined) return { do: 'examine' }
  if ('overtaken' in examined) return { do: 'wait', for: 'placing', obstacle: { result: 'left', blocker: undefined } }
  if ('made' in examined) {
    const { blockNumber, ...claim } = examined.made
    return { do: 'follow', claim, wonAt: blockNumber }
  }
  if ('undecided' in examined) {
    return { do: 'wait', for: 'block', obstacle: { result: 'undecided', refusal: examined.undecided } }
  }
  if (own) return { do: 'wait', for: 'decision', of: own }
  if (limit) return { do: 'refuse', refusal: limit }
  return { do: 'place', examined }
}

/** The step after the queue. A claim that fails because of its run looks again, because another claim may have taken it. */
export function stepAfter(placement: Placement): Step {
  switch (placement.result) {
    case 'placed': {
      const { action: claim, transaction } = placement
      return {
        do: 'follow',
        claim: { actionId: claim.actionId, round: roundOf(claim) },
        txHash: transaction.attempt.hash,
      }
    }
    case 'fails': {
      const { refusal, looksAgain } = placement
      return looksAgain ? { do: 'wait', for: 'reread', obstacle: placement } : { do: 'refuse', refusal }
    }
    case 'undecided':
      return { do: 'wait', for: 'block', obstacle: placement }
    case 'locked':
      return { do: 'wait', for: 'agent', obstacle: placement }
    case 'rival':
      return { do: 'wait', for: 'binding', obstacle: placement }
    default:
      return { do: 'wait', for: 'nothing', obstacle: placement }
  }
}

function roundOf({ actionId, request: { message } }: NamedAction): bigint {
  if (message.action !== 'claim' || message.round === undefined) throw new Error(`${actionId} is of no round`)
  return message.round
}
