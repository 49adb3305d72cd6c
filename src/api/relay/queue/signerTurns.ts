import type { Blocker } from '../submission/allocation.ts'
import type { Signer } from '../submission/signing.ts'

/** Why a signer takes no claims. */
export type SignerBlocker = Blocker | 'unreachable'

/** The blockers that last longer than a request, and the detail of the client's answer. */
const LASTING = new Map<SignerBlocker, string>([
  ['unfunded', 'The relayer is out of funds.'],
  ['spent', 'The relayer has spent its daily budget for gas.'],
  ['resting', 'The chain’s node gives implausible nonces of the relayer.'],
  ['unreachable', 'The chain’s node or the relay’s database does not answer.'],
])

/**
 * Chooses the signer of the next batch. The signers take turns, a signer has one batch at a time, and a blocked signer
 * is checked again after an interval.
 * @param interval in milliseconds.
 * @param onReady is called when a blocked signer can be checked again.
 */
export function createSignerTurns(signers: readonly Signer[], interval: number, onReady: () => void) {
  const busy = new Set<Signer>()
  const blockers = new Map<Signer, SignerBlocker>()
  const resting = new Set<Signer>()
  let turn = 0

  return {
    /** Takes the next free signer for which `hasWork` is true, until `finish`; undefined if there is none. */
    start(hasWork: (signer: Signer) => boolean): Signer | undefined {
      const first = turn % signers.length
      const inTurn = signers.slice(first).concat(signers.slice(0, first))
      const signer = inTurn.find((one) => !resting.has(one) && !busy.has(one) && hasWork(one))
      if (!signer) return undefined
      turn = signers.indexOf(signer) + 1
      busy.add(signer)
      return signer
    },

    finish: (signer: Signer) => busy.delete(signer),

    block(signer: Signer, blocker: SignerBlocker) {
      blockers.set(signer, blocker)
      resting.add(signer)
      setTimeout(() => {
        resting.delete(signer)
        onReady()
      }, interval)
    },

    unblock: (signer: Signer) => blockers.delete(signer),

    isBlocked: (signer: Signer) => blockers.has(signer),

    /** The number of signers that take claims; at least 1. */
    able: () => Math.max(1, signers.length - blockers.size),

    /** What blocks the first of these signers that is blocked. */
    blockerAmong: (some: readonly Signer[]) => some.map((signer) => blockers.get(signer)).find(Boolean),

    /** The answer to a claim if all its signers are blocked for long; undefined if one may take it soon. */
    hopelessDetail(some: readonly Signer[]): string | undefined {
      const details = some.map((signer) => LASTING.get(blockers.get(signer) ?? 'full'))
      return details.every((detail) => detail !== undefined) ? details.at(-1) : undefined
    },
  }
}
