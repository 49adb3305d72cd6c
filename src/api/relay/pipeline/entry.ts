import type { Hash, Hex } from 'viem'
import type { Candidate, Examined, Simulated } from '../kinds/kind.ts'
import type { NamedAction } from '../kinds/request.ts'
import type { PlacedTx } from '../sender/placement.ts'
import type { SignerBlocker } from '../sender/signerTurns.ts'
import type { Asking } from './context.ts'
import type { Entry, Queue } from './queue.ts'

/**
 * The result of an action in the queue.
 * - `placed`: it is stored with a signed transaction.
 * - `fails`, `undecided`: see `Simulated`.
 * - `rival`, `locked`: see `Obstacle` of `reserve`.
 * - `stale`: it must be examined again, because its run or its signature’s validity has changed.
 * - `left`: the request timed out while `blocker` kept the action in the queue.
 */
export type Placement =
  | { result: 'placed'; action: NamedAction; transaction: PlacedTx }
  | Exclude<Simulated, { result: 'passes' }>
  | { result: 'rival' | 'locked' | 'stale' }
  | { result: 'left'; blocker: SignerBlocker | undefined }

/** An action as it is put into the queue. `actionId`: a claim has one once it is simulated. */
export type Asked = Pick<Entry<Placement>, 'request' | 'signers'> &
  Asking & { actionId?: Hex | undefined; examined: Examined; former?: bigint | undefined }

/** `ready`: the result of its simulation, the head that it was made at, and when, by `performance.now()`. */
export type Waiting = Entry<Placement> & Asked & { ready?: { head: Hash; at: number; candidate: Candidate } }

export type ActionQueue = Queue<Placement, Waiting>

export function candidateOf({ ready }: Pick<Waiting, 'ready'>): Candidate {
  if (!ready) throw new Error('The action was not simulated')
  return ready.candidate
}
